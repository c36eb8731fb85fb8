// A server for thousands of connections. Uses a UNIX socket, because closed TCP connections would use up the ports.
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

#include "support/synchronization.hpp"
#include "support/temporary_folder.hpp"
#include "support/test_client.hpp"
#include "ws/server.hpp"

namespace ws::torture {

// Hands over the server's end of each connection. The request target identifies the connection.
class Arrivals {
 public:
  void Add(const Handler& socket) {
    const std::lock_guard lock(mutex_);
    waiting_.insert_or_assign(socket.Handshake().target, socket);
    arrived_.notify_all();
  }
  // Waits for the connection with this target. Throws if it does not arrive in time.
  Handler WaitFor(const std::string& target) {
    std::unique_lock lock(mutex_);
    if (!arrived_.wait_for(lock, test::wait_timeout, [&] { return waiting_.contains(target); })) {
      throw std::runtime_error("no connection arrived with the target " + target);
    }
    return std::move(waiting_.extract(target).mapped());
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::map<std::string, Handler> waiting_;
};

// Waits until the condition is true. Throws if it does not become true in time.
template <class Condition>
void WaitUntil(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + test::wait_timeout;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline)
      throw std::runtime_error("the condition did not become true in time");
    std::this_thread::yield();
  }
}

inline void Silence(const LogRecord&) {}

class Stage {
 public:
  // Calls `opened`, which may be empty, for each connection. Connections with a target other than "/ws" are kept for
  // Pair.
  explicit Stage(std::function<void(Handler&)> opened = {}, Options options = {}, unsigned workers = 2)
      : server_({.address = Address(), .workers = workers, .log = Silence}) {
    server_.Route("/ws", std::move(options), [this, opened = std::move(opened)](Handler socket) {
      if (opened) opened(socket);
      if (socket.Handshake().target != "/ws") arrivals_.Add(socket);
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
  // Opens a connection and returns both ends. `name` must be unique.
  std::pair<Handler, test::TestClient> Pair(const std::string& name) {
    const std::string target = "/ws?" + name;
    test::TestClient peer = Connect(target);
    return {arrivals_.WaitFor(target), std::move(peer)};
  }
  void WaitUntilEmpty() {
    WaitUntil([this] { return server_.Connections() == 0; });
  }

 private:
  std::string Path() const { return folder_.Path() / "s"; }
  std::string Address() const { return "unix:" + Path(); }

  const test::TemporaryFolder folder_;
  Arrivals arrivals_;
  Server server_;
};

}  // namespace ws::torture
