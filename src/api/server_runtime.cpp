#include "api/server_runtime.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>

#include "transport/check_options.hpp"
#include "transport/http_session.hpp"
#include "transport/log.hpp"
#include "ws/detail/protocol/deadline.hpp"

namespace ws {

namespace asio = boost::asio;
using transport::Listener;
using transport::Site;

namespace {

void CheckOptions(const ServerOptions& options) {
  transport::CheckOptions(options.connection);
  for (const auto time : {options.answer_timeout, options.drain_timeout}) {
    if (time < time.zero()) throw std::logic_error("ws::ServerOptions: a time may not be negative");
  }
}

}  // namespace

Server::Runtime::Runtime(ServerOptions options) : options_((CheckOptions(options), std::move(options))) {}

void Server::Runtime::Add(std::string path, Options options, std::function<void(Handler)> opened) {
  if (IsRunning()) throw std::logic_error("ws::Server: routes are added before Start");
  if (path != "*" && (!path.starts_with('/') || path.find_first_of("?#") != path.npos)) {
    throw std::logic_error("ws::Server::Route: no path like /ws: " + path);
  }
  if (routes_.contains(path)) throw std::logic_error("ws::Server::Route: added before: " + path);
  if (!options.hub) options.hub = registry_;
  auto callback = [opened = std::move(opened)](std::shared_ptr<transport::Connection> connection) {
    if (opened) opened(Handler(std::move(connection)));
  };
  routes_[std::move(path)] = {transport::Checked(std::move(options)), std::move(callback)};
}

Error Server::Runtime::Start() {
  if (IsRunning()) throw std::logic_error("ws::Server: it runs already");  // a callback must not wait for its own Stop
  const std::lock_guard one_at_a_time(stop_mutex_);  // who stops it meanwhile waits until its threads are there
  if (IsRunning()) throw std::logic_error("ws::Server: it runs already");
  const unsigned workers = options_.workers != 0 ? options_.workers : std::max(std::thread::hardware_concurrency(), 1U);
  const auto running = std::make_shared<Running>(workers);
  if (const Error error = LoadTls(*running)) return error;
  if (const Error error = Listen(*running)) return error;
  MakeSite(*running);
  auto accepted = [this, &one = *running](transport::StreamSocket socket) { Accepted(one, std::move(socket)); };
  running->listener->Accept(std::move(accepted));
  {
    const std::lock_guard lock(mutex_);
    running_ = running;
    stopping_ = false;
  }
  for (const auto& turn : running->turns) running->threads.emplace_back([this, &turn = *turn] { RunContext(turn); });
  port_ = running->listener->Port();
  return {};
}

Error Server::Runtime::ReloadTls() {
  if (!options_.tls) throw std::logic_error("ws::Server: ServerOptions::tls names no files");
  const auto running = Now();
  return running ? LoadTls(*running) : make_error_code(Errc::Closed);
}

Error Server::Runtime::LoadTls(Running& running) {
  if (!options_.tls) return {};
#if WS_HAS_TLS
  Error error;
  auto tls = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  tls->set_options(
      asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1 | asio::ssl::context::default_workarounds, error);
  ::SSL_CTX_set_mode(tls->native_handle(), SSL_MODE_RELEASE_BUFFERS);  // 34 kB less for an idle connection
  const auto& [chain, key] = *options_.tls;
  const auto is_used = [&](const char* otherwise, const std::string& file) {
    if (error) Log(LogLevel::Severe, otherwise, file + ": " + error.message());
    return !error;
  };
  if (!error) tls->use_certificate_chain_file(chain, error);
  if (!is_used("the certificate chain cannot be used", chain)) return error;
  tls->use_private_key_file(key, asio::ssl::context::pem, error);
  if (!is_used("the private key cannot be used", key)) return error;
  const std::lock_guard lock(mutex_);
  running.tls = std::move(tls);
  return {};
#else
  static_cast<void>(running);
  Log(LogLevel::Severe, "this library was built without TLS", "WS_WITH_TLS");
  return make_error_code(boost::system::errc::operation_not_supported);
#endif
}

Error Server::Runtime::Listen(Running& running) {
  std::vector<asio::any_io_executor> executors;
  for (unsigned index = 0; index < std::max(options_.io_threads, 1U); ++index) {
    running.contexts.push_back(std::make_unique<asio::io_context>(1));
    running.turns.push_back(
        std::make_shared<transport::Turn>(*running.contexts.back(), running.pool.get_executor(), running.workers));
    executors.push_back(running.contexts.back()->get_executor());
  }
  running.listener = std::make_shared<Listener>(executors.front(), executors, options_.log);
  return running.listener->Open(options_.address, options_.port);
}

void Server::Runtime::MakeSite(Running& running) {
  auto site = std::make_shared<Site>();
  site->routes = routes_;
  for (auto& [path, route] : site->routes) {
    Options options = *route.options;
    if (!options.executor) options.executor = running.pool.get_executor();
    if (!options.log) options.log = options_.log;
    route.options = std::make_shared<const Options>(std::move(options));
  }
  site->answer = answer_;
  site->max_body_bytes = options_.max_body_bytes;
  site->keep_alive = options_.keep_alive;
  site->handshake_timeout = options_.connection.handshake_timeout;
  site->answer_timeout = options_.answer_timeout;
  site->pool = running.pool.get_executor();
  site->log = options_.log;
  running.site = std::move(site);
}

void Server::Runtime::RunContext(transport::Turn& turn) const {
  for (;;) {
    try {
      return turn.RunContext();
    } catch (const std::exception& failure) {
      Log(LogLevel::Severe, "an I/O handler threw", failure.what());
    }
  }
}

void Server::Runtime::Accepted(Running& running, transport::StreamSocket socket) {
  const asio::any_io_executor executor = socket.get_executor();
  const std::size_t count = running.site->sessions->Count();
  auto ticket = running.site->sessions->Enter();
  if (count >= options_.max_connections) {
    // Some are told why; a flood is only cut off, and so is who would have to be told by TLS.
    constexpr std::size_t told_at_once = 64;
    if (count >= options_.max_connections + told_at_once || options_.tls) return;
    return Spawn(executor, transport::TurnAway(std::move(socket), std::move(ticket)));
  }
#if WS_HAS_TLS
  std::shared_ptr<asio::ssl::context> tls;
  {
    const std::lock_guard lock(mutex_);
    tls = running.tls;
  }
  if (tls) return Spawn(executor, transport::ServeTls(running.site, std::move(socket), *tls, std::move(ticket)));
#endif
  Spawn(executor, transport::ServePlain(running.site, std::move(socket), std::move(ticket)));
}

void Server::Runtime::Spawn(const asio::any_io_executor& executor, asio::awaitable<void> session) const {
  asio::co_spawn(executor, std::move(session), [this](std::exception_ptr failure) {
    if (!failure) return;
    try {
      std::rethrow_exception(failure);
    } catch (const std::exception& what) {
      Log(LogLevel::Severe, "a session failed", what.what());
    } catch (...) {
      Log(LogLevel::Severe, "a session failed", {});
    }
  });
}

bool Server::Runtime::IsInside() const {
  const auto running = Now();
  if (!running) return false;
  if (running->pool.get_executor().running_in_this_thread()) return true;
  const auto here = [](const auto& context) { return context->get_executor().running_in_this_thread(); };
  return std::any_of(running->contexts.begin(), running->contexts.end(), here) ||
         running->site->sessions->IsAnyInside();
}

void Server::Runtime::BeginStop() {
  std::shared_ptr<Running> running;
  {
    const std::lock_guard lock(mutex_);
    if (!running_ || std::exchange(stopping_, true)) return;
    running = running_;
  }
  asio::post(*running->contexts.front(), [listener = running->listener] { listener->Close(); });
  running->site->sessions->DrainAll();
  stop_wanted_.notify_all();
}

void Server::Runtime::FinishStop() {
  const std::lock_guard one_at_a_time(stop_mutex_);
  const auto running = Now();
  if (!running) return;
  // Then no session comes any more. Who began the stop may not have posted it yet.
  asio::post(*running->contexts.front(), asio::use_future([&] { running->listener->Close(); })).wait();
  auto& sessions = *running->site->sessions;
  if (!sessions.WaitUntilEmpty(protocol::Later(std::chrono::steady_clock::now(), options_.drain_timeout))) {
    Log(LogLevel::Warning, "some connections did not end in time", std::to_string(sessions.Count()));
    sessions.AbortAll();
    sessions.WaitUntilEmpty(protocol::Time::max());  // for callbacks that still run
  }
  for (const auto& context : running->contexts) context->stop();
  for (std::thread& thread : running->threads) thread.join();
  for (const auto& turn : running->turns) turn->Close();
  running->pool.join();
  port_ = 0;
  const std::lock_guard lock(mutex_);
  running_.reset();
}

void Server::Runtime::Wait() {
  std::unique_lock lock(mutex_);
  stop_wanted_.wait(lock, [this] { return stopping_; });
}

std::size_t Server::Runtime::Connections() const {
  const auto running = Now();
  return running ? running->site->sessions->Count() : 0;
}

void Server::Runtime::Log(LogLevel level, std::string_view text, std::string detail) const {
  const LogField fields[] = {{"detail", std::move(detail)}};
  transport::WriteLog(options_.log, {level, text, fields});
}

}  // namespace ws
