#include "ws/server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/thread_pool.hpp>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <thread>
#include <vector>

#include "transport/check_options.hpp"
#include "transport/http_session.hpp"
#include "transport/listener.hpp"
#include "transport/log.hpp"
#include "transport/site.hpp"
#include "ws/protocol/deadline.hpp"

#if WS_HAS_TLS
#include <boost/asio/ssl/context.hpp>
#endif

namespace ws {

namespace asio = boost::asio;
using asio::ip::tcp;
using transport::Listener;
using transport::Site;

// What exists between Start and Stop. Each context is run by one thread, so it is the strand of its connections.
class Server::Runtime {
 public:
  explicit Runtime(ServerOptions options) : options_(std::move(options)) {}

  void Add(std::string path, Options options, std::function<void(Handler)> opened) {
    if (!contexts_.empty()) throw std::logic_error("ws::Server: routes are added before Start");
    transport::CheckOptions(options);
    auto callback = [opened = std::move(opened)](std::shared_ptr<transport::Connection> connection) {
      opened(Handler(std::move(connection)));
    };
    routes_[std::move(path)] = {std::move(options), std::move(callback)};
  }
  void OnRequest(std::function<HttpResponse(const HttpRequest&)> answer) { answer_ = std::move(answer); }
  const Options& Defaults() const noexcept { return options_.connection; }

  Error Start();
  void BeginStop();
  void FinishStop();
  // Until BeginStop, or a signal.
  void Wait();
  bool IsInside() const;
  bool IsRunning() const noexcept { return !contexts_.empty(); }

  std::uint16_t Port() const noexcept { return port_; }
  std::size_t Connections() const noexcept {
    const std::lock_guard lock(mutex_);
    return site_ ? site_->sessions->Count() : 0;
  }
  std::mutex& StopMutex() noexcept { return stop_mutex_; }

 private:
  std::shared_ptr<Site> MakeSite();
  Error LoadTls();
  void Accepted(const std::shared_ptr<const Site>& site, tcp::socket socket);
  void Log(LogLevel level, std::string_view text, std::string detail) const {
    const LogField fields[] = {{"detail", std::move(detail)}};
    transport::WriteLog(options_.log, {level, text, fields});
  }

  const ServerOptions options_;
  std::map<std::string, transport::SiteRoute, std::less<>> routes_;
  std::function<HttpResponse(const HttpRequest&)> answer_;

  mutable std::mutex mutex_;
  std::condition_variable stop_wanted_;
  bool stopping_ = false;
  std::shared_ptr<Site> site_;
  std::atomic<std::uint16_t> port_ = 0;

  std::mutex stop_mutex_;  // one Stop at a time
  std::unique_ptr<asio::thread_pool> pool_;
  std::vector<std::unique_ptr<asio::io_context>> contexts_;
  std::vector<std::thread> threads_;
  std::shared_ptr<Listener> listener_;
#if WS_HAS_TLS
  std::unique_ptr<asio::ssl::context> tls_;
#endif
};

std::shared_ptr<Site> Server::Runtime::MakeSite() {
  auto site = std::make_shared<Site>();
  site->routes = routes_;
  for (auto& [path, route] : site->routes) {
    if (!route.options.executor) route.options.executor = pool_->get_executor();
    if (!route.options.log) route.options.log = options_.log;
  }
  site->answer = answer_;
  site->max_body_bytes = options_.max_body_bytes;
  site->keep_alive = options_.keep_alive;
  site->handshake_timeout = options_.connection.handshake_timeout;
  site->answer_timeout = options_.answer_timeout;
  site->pool = pool_->get_executor();
  site->log = options_.log;
  return site;
}

Error Server::Runtime::LoadTls() {
  if (!options_.tls) return {};
#if WS_HAS_TLS
  Error error;
  tls_ = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
  tls_->set_options(
      asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1 | asio::ssl::context::default_workarounds, error);
  if (!error) tls_->use_certificate_chain_file(options_.tls->certificate_chain, error);
  if (!error) tls_->use_private_key_file(options_.tls->private_key, asio::ssl::context::pem, error);
  return error;
#else
  Log(LogLevel::Severe, "this library was built without TLS", "WS_WITH_TLS");
  return make_error_code(boost::system::errc::operation_not_supported);
#endif
}

Error Server::Runtime::Start() {
  if (IsRunning()) throw std::logic_error("ws::Server: it runs already");
  if (const Error error = LoadTls()) return error;
  std::vector<std::unique_ptr<asio::io_context>> contexts;
  std::vector<asio::any_io_executor> executors;
  for (unsigned index = 0; index < std::max(options_.io_threads, 1U); ++index) {
    contexts.push_back(std::make_unique<asio::io_context>(1));
    executors.push_back(contexts.back()->get_executor());
  }
  auto listener = std::make_shared<Listener>(executors.front(), executors, options_.log);
  if (const Error error = listener->Open(options_.address, options_.port)) return error;
  pool_ = std::make_unique<asio::thread_pool>(
      options_.workers != 0 ? options_.workers : std::max(std::thread::hardware_concurrency(), 1U));
  contexts_ = std::move(contexts);
  listener_ = std::move(listener);
  port_ = listener_->Port();
  const std::shared_ptr<Site> site = MakeSite();
  {
    const std::lock_guard lock(mutex_);
    site_ = site;
    stopping_ = false;
  }
  asio::co_spawn(executors.front(),
                 Listener::Accept(listener_, [this, site](tcp::socket socket) { Accepted(site, std::move(socket)); }),
                 asio::detached);
  for (const auto& context : contexts_) {
    threads_.emplace_back([this, &context = *context] {
      const auto work = asio::make_work_guard(context);
      for (;;) {
        try {
          context.run();
          return;
        } catch (const std::exception& failure) {
          Log(LogLevel::Severe, "an I/O handler threw", failure.what());
        }
      }
    });
  }
  return {};
}

void Server::Runtime::Accepted(const std::shared_ptr<const Site>& site, tcp::socket socket) {
  const asio::any_io_executor executor = socket.get_executor();
  const std::size_t count = site->sessions->Count();
  auto ticket = site->sessions->Enter();
  if (count >= options_.max_connections) {
    // Some are told why; a flood is only cut off.
    constexpr std::size_t told_at_once = 64;
    if (count >= options_.max_connections + told_at_once) return;
    asio::co_spawn(executor, transport::TurnAway(std::move(socket), std::move(ticket)), asio::detached);
    return;
  }
#if WS_HAS_TLS
  if (tls_) {
    asio::co_spawn(executor, transport::ServeTls(site, std::move(socket), *tls_, std::move(ticket)), asio::detached);
    return;
  }
#endif
  asio::co_spawn(executor, transport::ServeTcp(site, std::move(socket), std::move(ticket)), asio::detached);
}

bool Server::Runtime::IsInside() const {
  if (pool_ && pool_->get_executor().running_in_this_thread()) return true;
  return std::any_of(contexts_.begin(), contexts_.end(),
                     [](const auto& context) { return context->get_executor().running_in_this_thread(); });
}

void Server::Runtime::BeginStop() {
  {
    const std::lock_guard lock(mutex_);
    if (!site_ || std::exchange(stopping_, true)) return;
  }
  asio::post(*contexts_.front(), [listener = listener_] { listener->Close(); });
  site_->sessions->DrainAll();
  stop_wanted_.notify_all();
}

void Server::Runtime::FinishStop() {
  const auto deadline = protocol::Later(std::chrono::steady_clock::now(), options_.drain_timeout);
  if (!site_->sessions->WaitUntilEmpty(deadline)) {
    Log(LogLevel::Warning, "some connections did not end in time", std::to_string(site_->sessions->Count()));
    site_->sessions->AbortAll();
    site_->sessions->WaitUntilEmpty(std::chrono::steady_clock::now() + std::chrono::seconds(1));
  }
  for (const auto& context : contexts_) context->stop();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  listener_.reset();
  pool_->join();
  contexts_.clear();
  pool_.reset();
  port_ = 0;
  const std::lock_guard lock(mutex_);
  site_.reset();
}

void Server::Runtime::Wait() {
  std::unique_lock lock(mutex_);
  stop_wanted_.wait(lock, [this] { return stopping_; });
}

Server::Server(ServerOptions options) : runtime_(std::make_unique<Runtime>(std::move(options))) {}

Server::~Server() {
  Stop();
}

void Server::Route(std::string path, std::function<void(Handler)> opened) {
  Route(std::move(path), runtime_->Defaults(), std::move(opened));
}

void Server::Route(std::string path, Options options, std::function<void(Handler)> opened) {
  runtime_->Add(std::move(path), std::move(options), std::move(opened));
}

void Server::OnRequest(std::function<HttpResponse(const HttpRequest&)> answer) {
  runtime_->OnRequest(std::move(answer));
}

Error Server::Start() {
  return runtime_->Start();
}

void Server::Stop() {
  runtime_->BeginStop();
  if (runtime_->IsInside()) return;
  const std::lock_guard lock(runtime_->StopMutex());
  if (runtime_->IsRunning()) runtime_->FinishStop();
}

Error Server::Run() {
  // Its own context: a server that is busy still hears the signal.
  asio::io_context signals(1);
  asio::signal_set wanted(signals, SIGINT, SIGTERM);
  if (!runtime_->IsRunning()) {
    if (const Error error = Start()) return error;
  }
  wanted.async_wait([this, &wanted](Error error, int) {
    if (error) return;
    wanted.clear();  // the next signal does what it does by default: it ends the process
    runtime_->BeginStop();
  });
  std::thread listening([&signals] { signals.run(); });
  runtime_->Wait();
  signals.stop();
  listening.join();
  Stop();
  return {};
}

std::uint16_t Server::Port() const noexcept {
  return runtime_->Port();
}

std::size_t Server::Connections() const noexcept {
  return runtime_->Connections();
}

}  // namespace ws
