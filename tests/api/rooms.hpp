#pragma once

#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/patience.hpp"
#include "support/test_server.hpp"
#include "ws/ws.hpp"

namespace ws::test {

// A server whose connections join the rooms that their path's query names, and clients in them.
class Rooms {
 public:
  explicit Rooms(const std::vector<std::string>& queries)
      : server_([this](Handler socket) {
          for (const char letter : socket.Handshake().Query()) CHECK_FALSE(socket.Join(std::string(1, letter)));
          socket.On("connect", [this] { opened_.Add("one"); });
          const std::lock_guard lock(mutex_);
          sockets_.push_back(socket);
        }) {
    for (const std::string& query : queries) {
      clients.push_back(server_.Connect("/ws?" + query));
      opened_.WaitFor(clients.size());
    }
  }

  Hub hub() { return server_->Hub(); }
  Handler socket(std::size_t index) const {
    const std::lock_guard lock(mutex_);
    return sockets_.at(index);
  }
  // Which clients have this as the next message they get.
  std::set<std::size_t> WhoGets(const Json& data) {
    std::set<std::size_t> who;
    hub().Broadcast("end");
    for (std::size_t index = 0; index < clients.size(); ++index) {
      const Json message = clients[index].Receive();
      if (message["event"] == "end") continue;
      CHECK(message == Json{{"event", "news"}, {"data", data}});
      CHECK(clients[index].Receive()["event"] == "end");
      who.insert(index);
    }
    return who;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Handler> sockets_;
  Journal opened_;
  TestServer server_;

 public:
  std::vector<TestClient> clients;  // hang up before the server ends, which would wait for them
};

}  // namespace ws::test
