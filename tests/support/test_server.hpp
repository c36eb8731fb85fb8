// A server on a free port. It stops at the end of the scope.
#pragma once

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>

#include "support/test_client.hpp"
#include "ws/server.hpp"

namespace ws::test {

// The URL of the route "/ws" on loopback.
inline std::string UrlOf(std::uint16_t port) {
  return "ws://127.0.0.1:" + std::to_string(port) + "/ws";
}

class TestServer {
 public:
  // Starts a server with one route, "/ws".
  explicit TestServer(std::function<void(Handler)> opened, Options options = {}, ServerOptions server = {});
  // Calls `prepare` to add routes and callbacks, then starts the server.
  TestServer(ServerOptions server, const std::function<void(Server&)>& prepare);

  Server* operator->() noexcept { return &server_; }
  Server& operator*() noexcept { return server_; }
  // Opens a TCP connection without the WebSocket handshake.
  TestClient Dial() const { return TestClient(DialTcp(server_.Port())); }
  // Opens a WebSocket connection.
  TestClient Connect(const std::string& target = "/ws", const std::string& headers = {}) const;

 private:
  Server server_;
};

}  // namespace ws::test
