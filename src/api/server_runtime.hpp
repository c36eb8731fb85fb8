// The implementation of Server.
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

#include "http/listener.hpp"
#include "http/server_context.hpp"
#include "hub/registry.hpp"
#include "transport/io_batcher.hpp"
#include "ws/server.hpp"

#if WS_HAS_TLS
#include <boost/asio/ssl/context.hpp>
#endif

namespace ws {

// Thread-safe, except Add and OnRequest, which are called before Start.
class Server::Runtime {
 public:
  explicit Runtime(ServerOptions options);
  ~Runtime() { registry_->Callbacks().Close(); }

  void Add(std::string path, Options options, std::function<void(Handler)> opened);
  void OnRequest(std::function<HttpResponse(const HttpRequest&)> answer) { on_request_ = std::move(answer); }
  const Options& Defaults() const noexcept { return options_.connection; }
  ws::Hub Hub() const { return ws::Hub(registry_); }

  Error Start();
  // Stops accepting, and starts to close all connections. Returns at once.
  void BeginStop();
  // Waits for the connections and joins all threads. When it returns, no callback is running.
  void FinishStop();
  // Waits until BeginStop is called.
  void Wait();
  // True if the caller is a thread or a callback of this server, so that FinishStop would wait for itself.
  bool RunningInThisThread() const;
  Error ReloadTls();
  bool IsRunning() const noexcept { return GetRunning() != nullptr; }

  std::uint16_t Port() const noexcept { return port_; }
  std::size_t Connections() const;

 private:
  // The objects that exist between Start and Stop. One thread runs each context, so the context's executor serves as
  // the strand of its connections.
  struct Running {
    explicit Running(unsigned pool_threads) : workers(pool_threads), pool(pool_threads) {}

    const unsigned workers;
    boost::asio::thread_pool pool;
    std::vector<std::unique_ptr<boost::asio::io_context>> contexts;
    std::vector<std::shared_ptr<transport::IoBatcher>> batchers;  // one for each context
    std::shared_ptr<http::Listener> listener;
    std::shared_ptr<http::ServerContext> context;
    std::vector<std::thread> threads;
#if WS_HAS_TLS
    std::shared_ptr<boost::asio::ssl::context> tls;  // guarded by mutex_
#endif
  };

  // Null if the server is not running.
  std::shared_ptr<Running> GetRunning() const {
    const std::lock_guard lock(mutex_);
    return running_;
  }
  Error Listen(Running& running);
  Error LoadTls(Running& running);
  void MakeContext(Running& running);
  void RunContext(transport::IoBatcher& batcher) const;
  void OnAccept(Running& running, http::StreamSocket socket);
  void Spawn(const boost::asio::any_io_executor& executor, boost::asio::awaitable<void> session) const;
  void Log(LogLevel level, std::string_view text, std::string detail) const;

  const ServerOptions options_;
  const std::shared_ptr<hub::Registry> registry_ = std::make_shared<hub::Registry>();
  std::map<std::string, http::Route, std::less<>> routes_;
  std::function<HttpResponse(const HttpRequest&)> on_request_;
  std::atomic<std::uint16_t> port_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable stop_requested_;
  bool stopping_ = false;
  std::shared_ptr<Running> running_;  // may outlive FinishStop in other threads, without its own threads

  std::mutex stop_mutex_;  // held during Start and FinishStop
};

}  // namespace ws
