// A server that sends the bytes that the test chooses, and keeps each connection open.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "ws/error.hpp"

namespace ws::test {

class ScriptedServer {
 public:
  // Returns the bytes to send for a request. Runs on the server's thread.
  using Answer = std::function<std::string(std::string_view request)>;

  explicit ScriptedServer(Answer answer) : answer_(std::move(answer)) {
    Accept();
    thread_ = std::thread([this] { context_.run(); });
  }
  ~ScriptedServer() {
    context_.stop();
    thread_.join();
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::uint16_t Port() const { return acceptor_.local_endpoint().port(); }

 private:
  void Accept() {
    acceptor_.async_accept([this](Error error, boost::asio::ip::tcp::socket socket) {
      if (error) return;
      std::string request(4096, '\0');
      Error ignored;
      request.resize(socket.read_some(boost::asio::buffer(request), ignored));
      boost::asio::write(socket, boost::asio::buffer(answer_(request)), ignored);
      open_.push_back(std::move(socket));
      Accept();
    });
  }

  const Answer answer_;
  boost::asio::io_context context_;
  boost::asio::ip::tcp::acceptor acceptor_{context_, {boost::asio::ip::address_v4::loopback(), 0}};
  std::vector<boost::asio::ip::tcp::socket> open_;
  std::thread thread_;
};

}  // namespace ws::test
