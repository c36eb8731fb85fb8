// A server on a free port, for the time of a scope.
#pragma once

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>

#include "support/test_client.hpp"
#include "ws/server.hpp"

namespace ws::test {

// Of the route "/ws" on loopback.
inline std::string UrlOf(std::uint16_t port) {
  return "ws://127.0.0.1:" + std::to_string(port) + "/ws";
}

class TestServer {
 public:
  // With one route, "/ws".
  explicit TestServer(std::function<void(Handler)> opened, Options options = {}, ServerOptions server = {});
  // `prepare` adds what is needed before it starts.
  TestServer(ServerOptions server, const std::function<void(Server&)>& prepare);

  Server* operator->() noexcept { return &server_; }
  Server& operator*() noexcept { return server_; }
  TestClient Dial() const { return TestClient(DialTcp(server_.Port())); }
  // An open connection.
  TestClient Connect(const std::string& target = "/ws", const std::string& headers = {}) const;

 private:
  Server server_;
};

}  // namespace ws::test
