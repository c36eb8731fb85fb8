// What is behind a Server.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "hub/registry.hpp"
#include "transport/listener.hpp"
#include "transport/site.hpp"
#include "transport/turn.hpp"
#include "ws/server.hpp"

#if WS_HAS_TLS
#include <boost/asio/ssl/context.hpp>
#endif

namespace ws {

class Server::Runtime {
 public:
  explicit Runtime(ServerOptions options);
  ~Runtime() { registry_->Table().Close(); }

  void Add(std::string path, Options options, std::function<void(Handler)> opened);
  void OnRequest(std::function<HttpResponse(const HttpRequest&)> answer) { answer_ = std::move(answer); }
  const Options& Defaults() const noexcept { return options_.connection; }
  ws::Hub Hub() const { return ws::Hub(registry_); }

  Error Start();
  // Accepts no more and tells everybody; safe from any thread.
  void BeginStop();
  // The rest of it, once: when it returns no callback runs.
  void FinishStop();
  // Until BeginStop.
  void Wait();
  // Whether the caller is a thread or a callback of this server, which would wait for itself.
  bool IsInside() const;
  Error ReloadTls();
  bool IsRunning() const noexcept { return Now() != nullptr; }

  std::uint16_t Port() const noexcept { return port_; }
  std::size_t Connections() const;

 private:
  // What exists between Start and Stop. Each context is run by one thread, so it is the strand of its connections.
  struct Running {
    explicit Running(unsigned pool_threads) : workers(pool_threads), pool(pool_threads) {}

    const unsigned workers;
    boost::asio::thread_pool pool;
    std::vector<std::unique_ptr<boost::asio::io_context>> contexts;
    std::vector<std::shared_ptr<transport::Turn>> turns;  // of each context
    std::shared_ptr<transport::Listener> listener;
    std::shared_ptr<transport::Site> site;
    std::vector<std::thread> threads;
#if WS_HAS_TLS
    std::shared_ptr<boost::asio::ssl::context> tls;  // replaced as a whole, under mutex_
#endif
  };

  std::shared_ptr<Running> Now() const {
    const std::lock_guard lock(mutex_);
    return running_;
  }
  Error Listen(Running& running);
  Error LoadTls(Running& running);
  void MakeSite(Running& running);
  void RunContext(transport::Turn& turn) const;
  void Accepted(Running& running, transport::StreamSocket socket);
  void Spawn(const boost::asio::any_io_executor& executor, boost::asio::awaitable<void> session) const;
  void Log(LogLevel level, std::string_view text, std::string detail) const;

  const ServerOptions options_;
  const std::shared_ptr<hub::Registry> registry_ = std::make_shared<hub::Registry>();
  std::map<std::string, transport::SiteRoute, std::less<>> routes_;
  std::function<HttpResponse(const HttpRequest&)> answer_;
  std::atomic<std::uint16_t> port_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable stop_wanted_;
  bool stopping_ = false;
  std::shared_ptr<Running> running_;  // others may hold it for a moment; its threads are joined by FinishStop

  std::mutex stop_mutex_;  // one Start or FinishStop at a time
};

}  // namespace ws
