// A server with its peers by the thousand: on a UNIX socket, which leaves no port behind.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "support/patience.hpp"
#include "support/temporary_folder.hpp"
#include "support/test_client.hpp"
#include "ws/server.hpp"

namespace ws::torture {

// The server's end of each connection, found by the target that its peer asked for.
class Lobby {
 public:
  void Enter(const Handler& socket) {
    const std::lock_guard lock(mutex_);
    waiting_.insert_or_assign(socket.Handshake().target, socket);
    entered_.notify_all();
  }
  // Throws where nobody comes.
  Handler Leave(const std::string& target) {
    std::unique_lock lock(mutex_);
    if (!entered_.wait_for(lock, test::patience, [&] { return waiting_.contains(target); })) {
      throw std::runtime_error("nobody came with " + target);
    }
    return std::move(waiting_.extract(target).mapped());
  }

 private:
  std::mutex mutex_;
  std::condition_variable entered_;
  std::map<std::string, Handler> waiting_;
};

// Throws where it does not come true.
template <class Condition>
void WaitUntil(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + test::patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("it did not come true in time");
    std::this_thread::yield();
  }
}

inline void Silence(const LogRecord&) {}

class Stage {
 public:
  // `opened` may be empty; who asked for another target than "/ws" is then found in the lobby.
  explicit Stage(std::function<void(Handler&)> opened = {}, Options options = {}, unsigned workers = 2)
      : server_({.address = Address(), .workers = workers, .log = Silence}) {
    server_.Route("/ws", std::move(options), [this, opened = std::move(opened)](Handler socket) {
      if (opened) opened(socket);
      if (socket.Handshake().target != "/ws") lobby_.Enter(socket);
    });
    if (const Error error = server_.Start()) throw boost::system::system_error(error);
  }

  Server* operator->() noexcept { return &server_; }
  test::TestClient Dial() const { return test::TestClient(test::DialUnix(Path())); }
  test::TestClient Connect(const std::string& target = "/ws") const {
    test::TestClient peer = Dial();
    peer.Upgrade(target);
    return peer;
  }
  // Both ends. The name is the pair's own.
  std::pair<Handler, test::TestClient> Pair(const std::string& name) {
    const std::string target = "/ws?" + name;
    test::TestClient peer = Connect(target);
    return {lobby_.Leave(target), std::move(peer)};
  }
  void WaitUntilEmpty() {
    WaitUntil([this] { return server_.Connections() == 0; });
  }

 private:
  std::string Path() const { return folder_.Path() / "s"; }
  std::string Address() const { return "unix:" + Path(); }

  const test::TemporaryFolder folder_;
  Lobby lobby_;
  Server server_;
};

}  // namespace ws::torture
