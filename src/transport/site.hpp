// What a server offers, as its HTTP sessions see it.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "transport/connection.hpp"
#include "transport/sessions.hpp"
#include "ws/http.hpp"
#include "ws/options.hpp"

namespace ws::transport {

struct SiteRoute {
  std::shared_ptr<const Options> options;
  std::function<void(std::shared_ptr<Connection>)> opened;
};

// Not changed while sessions run.
struct Site {
  std::map<std::string, SiteRoute, std::less<>> routes;
  std::function<HttpResponse(const HttpRequest&)> answer;
  std::size_t max_body_bytes = 0;
  bool keep_alive = false;
  std::chrono::milliseconds handshake_timeout{};
  std::chrono::milliseconds answer_timeout{};
  boost::asio::any_io_executor pool;
  LogSink log;
  std::shared_ptr<Sessions> sessions = std::make_shared<Sessions>();

  const SiteRoute* Find(std::string_view path) const {
    auto found = routes.find(path);
    if (found == routes.end()) found = routes.find("*");
    return found == routes.end() ? nullptr : &found->second;
  }
};

}  // namespace ws::transport
