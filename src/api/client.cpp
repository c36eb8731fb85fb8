#include "ws/client.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <future>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "api/check_options.hpp"
#include "client/client_session.hpp"
#include "connection/log.hpp"
#include "ws/detail/protocol/close_frame.hpp"
#include "ws/detail/protocol/message_frames.hpp"
#include "ws/detail/protocol/names.hpp"

#if WS_HAS_TLS
#include <boost/asio/ssl/context.hpp>
#endif

namespace ws {

namespace asio = boost::asio;
using client::ClientSession;
using client::ClientSettings;

namespace {

constexpr std::chrono::milliseconds stop_budget{1000};
// For one connection. Less than stop_budget, so that Stop returns in time.
constexpr std::chrono::milliseconds close_budget{700};

protocol::HandshakeOptions MakeHandshakeOptions(const ClientOptions& options) {
  auto url = protocol::ParseUrl(options.url);
  if (!url) throw std::logic_error("ws::ClientOptions::url must be like ws://host:port/path, not " + options.url);
  for (const auto& [name, value] : options.headers) {
    if (!protocol::IsAllowedRequestHeader(name, value))
      throw std::logic_error("ws::ClientOptions::headers: " + name +
                             " is set by the handshake itself, or is not a valid header");
  }
  return {std::move(*url), options.headers, options.connection.subprotocols, options.connection.deflate};
}

#if WS_HAS_TLS
std::shared_ptr<asio::ssl::context> MakeTrust(const ClientOptions& options) {
  auto trust = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
  trust->set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1);
  Error error;
  if (options.ca_file.empty()) {
    trust->set_default_verify_paths(error);
  } else {
    trust->load_verify_file(options.ca_file, error);
  }
  if (error) throw std::logic_error("ws::ClientOptions::ca_file cannot be read: " + error.message());
  return trust;
}
#endif

ClientSettings MakeSettings(const ClientOptions& options) {
  ClientSettings settings;
  settings.handshake = MakeHandshakeOptions(options);
  settings.options = options.connection;
  settings.options.hub.reset();
  api::CheckOptions(settings.options);
  for (auto* time : {&settings.options.close_timeout, &settings.options.flush_timeout}) {
    if (protocol::IsNever(*time) || *time > close_budget) *time = close_budget;
  }
  if (options.backoff_base <= options.backoff_base.zero() || options.backoff_cap <= options.backoff_cap.zero() ||
      options.stable_after < options.stable_after.zero())
    throw std::logic_error(
        "ws::ClientOptions: backoff_base and backoff_cap must be more than zero, stable_after not negative");
  settings.backoff = protocol::Backoff(options.backoff_base, options.backoff_cap, options.stable_after);
#if WS_HAS_TLS
  if (settings.handshake.url.secure) settings.trust = MakeTrust(options);
#else
  if (settings.handshake.url.secure)
    throw std::logic_error("ws::Client: wss:// needs a library built with WS_WITH_TLS");
#endif
  return settings;
}

// True if the caller is on a thread of this executor. Returns false for types of executors that have no such query.
bool RunningInThisThread(const asio::any_io_executor& executor) {
  if (const auto* context = executor.target<asio::io_context::executor_type>())
    return context->running_in_this_thread();
  if (const auto* pool = executor.target<asio::thread_pool::executor_type>()) return pool->running_in_this_thread();
  return false;
}

// The I/O thread and the callback thread of a client whose options name no executor.
class Threads final {
 public:
  ~Threads() {
    context.stop();
    if (running_.joinable()) running_.join();
    pool.join();
  }
  // Waits for both threads, after the client has finished: they may still be releasing the last connection. If the I/O
  // thread does not run out of work in time, the destructor joins it.
  void Join() {
    if (running_.joinable()) {
      if (idle_.get_future().wait_for(stop_budget) != std::future_status::ready) return;
      running_.join();
    }
    pool.join();
  }
  void Start() {
    running_ = std::thread([this] {
      for (;;) {
        try {
          context.run();
          return idle_.set_value();
        } catch (const std::exception& failure) {
          const LogField fields[] = {{"detail", failure.what()}};
          connection::WriteLog({}, {LogLevel::Severe, "an I/O handler threw", fields});
        }
      }
    });
  }
  bool RunningInThisThread() const {
    return context.get_executor().running_in_this_thread() || pool.get_executor().running_in_this_thread();
  }

  mutable asio::io_context context{1};
  mutable asio::thread_pool pool{1};

 private:
  std::thread running_;
  std::promise<void> idle_;  // set when the I/O thread has no more work
};

// The last owner may run on one of these threads, and a thread cannot join itself.
std::shared_ptr<Threads> MakeThreads() {
  return {new Threads(), [](Threads* threads) {
            if (!threads->RunningInThisThread()) {
              delete threads;
            } else {
              std::thread([threads] { delete threads; }).detach();
            }
          }};
}

}  // namespace

// The session of a Client, and its threads if it has its own.
class Client::Runtime {
 public:
  explicit Runtime(ClientOptions options)
      : threads_(options.io && options.connection.executor ? nullptr : MakeThreads()), own_io_(!options.io) {
    ClientSettings settings = MakeSettings(options);
    settings.retained = threads_;
    io_ = own_io_ ? asio::any_io_executor(threads_->context.get_executor()) : options.io;
    pool_ = settings.options.executor;
    if (!pool_) {
      pool_ = settings.options.executor = threads_->pool.get_executor();
      own_pool_ = true;
    }
    session_ = std::make_shared<ClientSession>(std::move(settings));
    session_->Current();
  }
  ~Runtime() {
    session_->Release();
    // Waits here, because a thread that ends while main returns would use objects that main's end destroys.
    if (threads_ && session_->WaitUntilFinished(std::chrono::steady_clock::now()) && !threads_->RunningInThisThread())
      threads_->Join();
  }

  void Start() {
    const std::lock_guard lock(mutex_);
    session_->Start(MakeStrand(io_));
    if (own_io_) threads_->Start();
  }

  void Stop(std::uint16_t code, std::string text) {
    session_->BeginStop(code, std::move(text));
    // If the client has finished already, the caller's executors may be gone.
    if (session_->WaitUntilFinished(std::chrono::steady_clock::now())) return;
    if (session_->RunningInThisThread() || (session_->IsRunning() && RunningInThisThread(io_)) ||
        RunningInThisThread(pool_))
      return;
    const std::lock_guard lock(mutex_);
    if (session_->WaitUntilFinished(std::chrono::steady_clock::now() + stop_budget)) return;
    session_->Abort();
    // The caller's executors may not run any more, so this wait has a limit.
    const bool own = own_io_ && own_pool_;
    session_->WaitUntilFinished(own ? protocol::Time::max() : std::chrono::steady_clock::now() + stop_budget);
  }

  ClientSession& Session() const noexcept { return *session_; }
  const std::shared_ptr<ClientSession>& Shared() const noexcept { return session_; }

 private:
  const std::shared_ptr<Threads> threads_;
  const bool own_io_;
  bool own_pool_ = false;
  asio::any_io_executor io_, pool_;
  std::shared_ptr<ClientSession> session_;
  std::mutex mutex_;  // one Start or Stop at a time
};

Client::Client(ClientOptions options) : runtime_(std::make_unique<Runtime>(std::move(options))) {}

Client::~Client() {
  Stop();
}

CallbackId Client::Register(std::string_view event, dispatch::CallbackPtr callback, Order order, bool once) {
  return runtime_->Session().On(event, std::move(callback), order, once);
}

dispatch::EventTable& Client::Table() noexcept {
  return runtime_->Session().Callbacks();
}

void Client::SetOnDrain(dispatch::CallbackPtr callback) {
  runtime_->Session().OnDrain(std::move(callback));
}

void Client::OnReconnecting(std::function<void(const Reconnecting&)> callback) {
  if (!callback) return runtime_->Session().OnReconnecting({});
  runtime_->Session().OnReconnecting([callback = std::move(callback)](const client::Attempt& attempt) {
    callback({attempt.number, attempt.delay, attempt.error, attempt.status});
  });
}

Handler Client::Current() const {
  return Handler(runtime_->Session().Current());
}

Error Client::Emit(std::string_view event, const Json& data) {
  if (!protocol::IsEmittable(event)) return Errc::InvalidEvent;
  return runtime_->Session().Emit(protocol::EventFrame(event, data));
}

Error Client::EmitVolatile(std::string_view event, const Json& data) {
  return Current().EmitVolatile(event, data);
}

Error Client::EmitBinary(std::string_view event, const Json& data, std::string_view bytes) {
  if (!protocol::IsEmittable(event)) return Errc::InvalidEvent;
  return runtime_->Session().Emit(protocol::BinaryEventFrame(event, data, bytes));
}

asio::awaitable<Error> Client::EmitAsync(std::string_view event, const Json& data) {
  if (!protocol::IsEmittable(event)) return Current().EmitAsync(event);  // fails with InvalidEvent
  return ClientSession::EmitAsync(runtime_->Shared(), protocol::EventFrame(event, data));
}

Error Client::Send(std::string_view bytes, MessageType type) {
  return runtime_->Session().Emit(protocol::RawFrame(bytes, type));
}

asio::awaitable<Error> Client::SendAsync(std::string_view bytes, MessageType type) {
  return ClientSession::EmitAsync(runtime_->Shared(), protocol::RawFrame(bytes, type));
}

asio::awaitable<Reply> Client::RequestAsync(std::string_view event, const Json& data,
                                            std::chrono::milliseconds timeout) {
  return Current().RequestAsync(event, data, timeout);
}

void Client::Start() {
  runtime_->Start();
}

void Client::Stop(std::uint16_t code, std::string_view text) {
  if (!protocol::IsSendableCode(code)) code = protocol::close_code::normal_closure;
  runtime_->Stop(code, protocol::MakeClosePayload(code, text).substr(2));  // cut to fit into a close frame
}

bool Client::IsConnected() const noexcept {
  return runtime_->Session().IsOpen();
}

ConnectionStats Client::Stats() const {
  return Current().Stats();
}

std::string Client::Subprotocol() const {
  return runtime_->Session().Current()->Handshake().Subprotocol();
}

}  // namespace ws
