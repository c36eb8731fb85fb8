#pragma once

#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/synchronization.hpp"
#include "support/test_server.hpp"
#include "ws/ws.hpp"

namespace ws::test {

// A server with clients in rooms. Each query is the names of the rooms that its client joins, one letter a room.
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

  Hub ServerHub() { return server_->Hub(); }
  Server& Owner() { return *server_; }
  Handler Socket(std::size_t index) const {
    const std::lock_guard lock(mutex_);
    return sockets_.at(index);
  }
  // Returns the indices of the clients whose next message is `news` with this data.
  std::set<std::size_t> RecipientsOf(const Json& data) {
    std::set<std::size_t> recipients;
    ServerHub().Broadcast("end");
    for (std::size_t index = 0; index < clients.size(); ++index) {
      const Json message = clients[index].Receive();
      if (message["event"] == "end") continue;
      CHECK(message == Json{{"event", "news"}, {"data", data}});
      CHECK(clients[index].Receive()["event"] == "end");
      recipients.insert(index);
    }
    return recipients;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Handler> sockets_;
  Recorder opened_;
  TestServer server_;

 public:
  std::vector<TestClient> clients;  // declared last: they disconnect before the server stops, which waits for them
};

}  // namespace ws::test
