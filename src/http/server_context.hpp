// The configuration that the HTTP sessions of a server share.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "connection/connection.hpp"
#include "http/session_registry.hpp"
#include "ws/http.hpp"
#include "ws/options.hpp"

namespace ws::http {

struct Route {
  std::shared_ptr<const Options> options;
  std::function<void(std::shared_ptr<connection::Connection>)> on_connection;  // called before the 101
};

// The configuration of a running server. Does not change while sessions run.
struct ServerContext {
  std::map<std::string, Route, std::less<>> routes;
  std::function<HttpResponse(const HttpRequest&)> on_request;  // answers plain HTTP on the pool; may be empty
  std::size_t max_body_bytes = 0;
  bool keep_alive = false;
  std::chrono::milliseconds handshake_timeout{};
  std::chrono::milliseconds answer_timeout{};  // for writing a response
  boost::asio::any_io_executor pool;
  LogSink log;
  std::shared_ptr<SessionRegistry> sessions = std::make_shared<SessionRegistry>();

  // Returns the route of a path, else the route "*", else null.
  const Route* FindRoute(std::string_view path) const {
    auto found = routes.find(path);
    if (found == routes.end()) found = routes.find("*");
    return found == routes.end() ? nullptr : &found->second;
  }
};

}  // namespace ws::http
