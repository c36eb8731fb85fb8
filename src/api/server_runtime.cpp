#include "api/server_runtime.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>

#include "api/check_options.hpp"
#include "connection/log.hpp"
#include "http/http_session.hpp"
#include "ws/detail/protocol/deadline.hpp"

namespace ws {

namespace asio = boost::asio;
using http::Listener;
using http::ServerContext;

namespace {

void CheckOptions(const ServerOptions& options) {
  api::CheckOptions(options.connection);
  for (const auto time : {options.answer_timeout, options.drain_timeout}) {
    if (time < time.zero()) throw std::logic_error("ws::ServerOptions: a duration must not be negative");
  }
}

}  // namespace

Server::Runtime::Runtime(ServerOptions options) : options_((CheckOptions(options), std::move(options))) {}

void Server::Runtime::Add(std::string path, Options options, std::function<void(Handler)> opened) {
  if (IsRunning()) throw std::logic_error("ws::Server::Route must be called before Start");
  if (path != "*" && (!path.starts_with('/') || path.find_first_of("?#") != path.npos)) {
    throw std::logic_error("ws::Server::Route: the path is not like /ws, nor \"*\": " + path);
  }
  if (routes_.contains(path)) throw std::logic_error("ws::Server::Route: the path has a route already: " + path);
  if (!options.hub) options.hub = registry_;
  auto callback = [opened = std::move(opened)](std::shared_ptr<connection::Connection> connection) {
    if (opened) opened(Handler(std::move(connection)));
  };
  routes_[std::move(path)] = {api::Checked(std::move(options)), std::move(callback)};
}

Error Server::Runtime::Start() {
  constexpr const char* running_text = "ws::Server: the server is running already";
  // Checked before the lock too: a callback that calls Start while FinishStop holds the lock would wait for itself.
  if (IsRunning()) throw std::logic_error(running_text);
  const std::lock_guard one_at_a_time(stop_mutex_);
  if (IsRunning()) throw std::logic_error(running_text);
  const unsigned workers = options_.workers != 0 ? options_.workers : std::max(std::thread::hardware_concurrency(), 1U);
  const auto running = std::make_shared<Running>(workers);
  if (const Error error = LoadTls(*running)) return error;
  if (const Error error = Listen(*running)) return error;
  MakeContext(*running);
  auto on_accept = [this, &target = *running](http::StreamSocket socket) { OnAccept(target, std::move(socket)); };
  running->listener->Accept(std::move(on_accept));
  {
    const std::lock_guard lock(mutex_);
    running_ = running;
    stopping_ = false;
  }
  for (const auto& batcher : running->batchers)
    running->threads.emplace_back([this, &batcher = *batcher] { RunContext(batcher); });
  port_ = running->listener->Port();
  return {};
}

Error Server::Runtime::ReloadTls() {
  if (!options_.tls) throw std::logic_error("ws::Server: ServerOptions::tls names no files");
  const auto running = GetRunning();
  return running ? LoadTls(*running) : make_error_code(Errc::Closed);
}

Error Server::Runtime::LoadTls(Running& running) {
  if (!options_.tls) return {};
#if WS_HAS_TLS
  Error error;
  auto tls = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  tls->set_options(
      asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1 | asio::ssl::context::default_workarounds, error);
  ::SSL_CTX_set_mode(tls->native_handle(), SSL_MODE_RELEASE_BUFFERS);  // saves 34 kB for each idle connection
  const auto& [chain, key] = *options_.tls;
  const auto has_failed = [&](const char* text, const std::string& file) {
    if (error) Log(LogLevel::Severe, text, file + ": " + error.message());
    return error.failed();
  };
  if (!error) tls->use_certificate_chain_file(chain, error);
  if (has_failed("the certificate chain cannot be loaded", chain)) return error;
  tls->use_private_key_file(key, asio::ssl::context::pem, error);
  if (has_failed("the private key cannot be loaded", key)) return error;
  const std::lock_guard lock(mutex_);
  running.tls = std::move(tls);
  return {};
#else
  static_cast<void>(running);
  Log(LogLevel::Severe, "the library was built without TLS", "WS_WITH_TLS");
  return make_error_code(boost::system::errc::operation_not_supported);
#endif
}

Error Server::Runtime::Listen(Running& running) {
  std::vector<asio::any_io_executor> executors;
  for (unsigned index = 0; index < std::max(options_.io_threads, 1U); ++index) {
    running.contexts.push_back(std::make_unique<asio::io_context>(1));
    running.batchers.push_back(
        std::make_shared<transport::IoBatcher>(*running.contexts.back(), running.pool.get_executor(), running.workers));
    executors.push_back(running.contexts.back()->get_executor());
  }
  running.listener = std::make_shared<Listener>(executors.front(), executors, options_.log);
  return running.listener->Open(options_.address, options_.port);
}

void Server::Runtime::MakeContext(Running& running) {
  auto context = std::make_shared<ServerContext>();
  context->routes = routes_;
  for (auto& [path, route] : context->routes) {
    Options options = *route.options;
    if (!options.executor) options.executor = running.pool.get_executor();
    if (!options.log) options.log = options_.log;
    route.options = std::make_shared<const Options>(std::move(options));
  }
  context->on_request = on_request_;
  context->max_body_bytes = options_.max_body_bytes;
  context->keep_alive = options_.keep_alive;
  context->handshake_timeout = options_.connection.handshake_timeout;
  context->answer_timeout = options_.answer_timeout;
  context->pool = running.pool.get_executor();
  context->log = options_.log;
  running.context = std::move(context);
}

void Server::Runtime::RunContext(transport::IoBatcher& batcher) const {
  for (;;) {
    try {
      return batcher.RunContext();
    } catch (const std::exception& failure) {
      Log(LogLevel::Severe, "an I/O handler threw", failure.what());
    }
  }
}

void Server::Runtime::OnAccept(Running& running, http::StreamSocket socket) {
  const asio::any_io_executor executor = socket.get_executor();
  const std::size_t count = running.context->sessions->Count();
  auto ticket = running.context->sessions->Add();
  if (count >= options_.max_connections) {
    // Up to 64 excess sockets at a time get a 503. All others are closed without a response, and so are all excess
    // sockets of a TLS server, because the response would need a TLS handshake.
    constexpr std::size_t max_rejections = 64;
    if (count >= options_.max_connections + max_rejections || options_.tls) return;
    return Spawn(executor, http::RejectOverCapacity(std::move(socket), std::move(ticket)));
  }
#if WS_HAS_TLS
  std::shared_ptr<asio::ssl::context> tls;
  {
    const std::lock_guard lock(mutex_);
    tls = running.tls;
  }
  if (tls) return Spawn(executor, http::ServeTls(running.context, std::move(socket), *tls, std::move(ticket)));
#endif
  Spawn(executor, http::ServePlain(running.context, std::move(socket), std::move(ticket)));
}

void Server::Runtime::Spawn(const asio::any_io_executor& executor, asio::awaitable<void> session) const {
  asio::co_spawn(executor, std::move(session), [this](std::exception_ptr failure) {
    if (!failure) return;
    try {
      std::rethrow_exception(failure);
    } catch (const std::exception& what) {
      Log(LogLevel::Severe, "an HTTP session failed", what.what());
    } catch (...) {
      Log(LogLevel::Severe, "an HTTP session failed", {});
    }
  });
}

bool Server::Runtime::RunningInThisThread() const {
  const auto running = GetRunning();
  if (!running) return false;
  if (running->pool.get_executor().running_in_this_thread()) return true;
  const auto is_here = [](const auto& context) { return context->get_executor().running_in_this_thread(); };
  return std::any_of(running->contexts.begin(), running->contexts.end(), is_here) ||
         running->context->sessions->RunningInThisThread();
}

void Server::Runtime::BeginStop() {
  std::shared_ptr<Running> running;
  {
    const std::lock_guard lock(mutex_);
    if (!running_ || std::exchange(stopping_, true)) return;
    running = running_;
  }
  asio::post(*running->contexts.front(), [listener = running->listener] { listener->Close(); });
  running->context->sessions->DrainAll();
  stop_requested_.notify_all();
}

void Server::Runtime::FinishStop() {
  const std::lock_guard one_at_a_time(stop_mutex_);
  const auto running = GetRunning();
  if (!running) return;
  // Closes the listener here too, because the thread that called BeginStop may not have posted its Close yet. After
  // this no session starts.
  asio::post(*running->contexts.front(), asio::use_future([&] { running->listener->Close(); })).wait();
  auto& sessions = *running->context->sessions;
  if (!sessions.WaitUntilEmpty(protocol::DeadlineAfter(std::chrono::steady_clock::now(), options_.drain_timeout))) {
    Log(LogLevel::Warning, "some connections did not end within drain_timeout", std::to_string(sessions.Count()));
    sessions.AbortAll();
    sessions.WaitUntilEmpty(protocol::Time::max());  // until all callbacks have returned
  }
  for (const auto& context : running->contexts) context->stop();
  for (std::thread& thread : running->threads) thread.join();
  for (const auto& batcher : running->batchers) batcher->Close();
  running->pool.join();
  port_ = 0;
  const std::lock_guard lock(mutex_);
  running_.reset();
}

void Server::Runtime::Wait() {
  std::unique_lock lock(mutex_);
  stop_requested_.wait(lock, [this] { return stopping_; });
}

std::size_t Server::Runtime::Connections() const {
  const auto running = GetRunning();
  return running ? running->context->sessions->Count() : 0;
}

void Server::Runtime::Log(LogLevel level, std::string_view text, std::string detail) const {
  const LogField fields[] = {{"detail", std::move(detail)}};
  connection::WriteLog(options_.log, {level, text, fields});
}

}  // namespace ws
