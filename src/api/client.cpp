#include "ws/client.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <future>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "transport/check_options.hpp"
#include "transport/client_session.hpp"
#include "transport/log.hpp"
#include "ws/detail/protocol/close_frame.hpp"
#include "ws/detail/protocol/message_frames.hpp"
#include "ws/detail/protocol/names.hpp"

#if WS_HAS_TLS
#include <boost/asio/ssl/context.hpp>
#endif

namespace ws {

namespace asio = boost::asio;
using transport::ClientSession;
using transport::ClientSettings;

namespace {

constexpr std::chrono::milliseconds stop_budget{1000};
constexpr std::chrono::milliseconds close_budget{700};  // of a connection, so that Stop keeps its own

protocol::UpgradeOffer MakeOffer(const ClientOptions& options) {
  auto url = protocol::ParseUrl(options.url);
  if (!url) throw std::logic_error("ws::ClientOptions::url must be like ws://host:port/path, not " + options.url);
  for (const auto& [name, value] : options.headers) {
    if (!protocol::IsOfferable(name, value))
      throw std::logic_error("ws::ClientOptions::headers: " + name + " is the handshake's own, or no header line");
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
  settings.offer = MakeOffer(options);
  settings.options = options.connection;
  settings.options.hub.reset();
  transport::CheckOptions(settings.options);
  for (auto* time : {&settings.options.close_timeout, &settings.options.flush_timeout}) {
    if (protocol::IsNever(*time) || *time > close_budget) *time = close_budget;
  }
  if (options.backoff_base <= options.backoff_base.zero() || options.backoff_cap <= options.backoff_cap.zero() ||
      options.stable_after < options.stable_after.zero())
    throw std::logic_error("ws::ClientOptions: a client may not try again without a pause");
  settings.backoff = protocol::Backoff(options.backoff_base, options.backoff_cap, options.stable_after);
#if WS_HAS_TLS
  if (settings.offer.url.secure) settings.trust = MakeTrust(options);
#else
  if (settings.offer.url.secure) throw std::logic_error("ws::Client: this library was built without TLS");
#endif
  return settings;
}

// Whether the caller is on a thread of this executor, as far as its type tells.
bool RunsHere(const asio::any_io_executor& executor) {
  if (const auto* context = executor.target<asio::io_context::executor_type>())
    return context->running_in_this_thread();
  if (const auto* pool = executor.target<asio::thread_pool::executor_type>()) return pool->running_in_this_thread();
  return false;
}

// The threads of a client that was given none.
class Threads final {
 public:
  ~Threads() {
    context.stop();
    if (running_.joinable()) running_.join();
    pool.join();
  }
  // Once all is over: sees both off, which may be in what let go of the last connection. I/O that goes on regardless is
  // left to the last owner.
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
          transport::WriteLog({}, {LogLevel::Severe, "an I/O handler threw", fields});
        }
      }
    });
  }
  bool RunHere() const {
    return context.get_executor().running_in_this_thread() || pool.get_executor().running_in_this_thread();
  }

  mutable asio::io_context context{1};
  mutable asio::thread_pool pool{1};

 private:
  std::thread running_;
  std::promise<void> idle_;  // out of work
};

// The last one to let go may be on one of the threads, which cannot wait for itself.
std::shared_ptr<Threads> MakeThreads() {
  return {new Threads(), [](Threads* threads) {
            if (!threads->RunHere()) {
              delete threads;
            } else {
              std::thread([threads] { delete threads; }).detach();
            }
          }};
}

}  // namespace

// What belongs to a Client: its session, and the threads where it has its own.
class Client::Runtime {
 public:
  explicit Runtime(ClientOptions options)
      : threads_(options.io && options.connection.executor ? nullptr : MakeThreads()), own_io_(!options.io) {
    ClientSettings settings = MakeSettings(options);
    settings.keep = threads_;
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
    // Else they would still end while main returns, and what is destroyed behind main is theirs too.
    if (threads_ && session_->WaitUntilOver(std::chrono::steady_clock::now()) && !threads_->RunHere()) threads_->Join();
  }

  void Start() {
    const std::lock_guard lock(mutex_);
    session_->Start(MakeStrand(io_));
    if (own_io_) threads_->Start();
  }

  void Stop(std::uint16_t code, std::string text) {
    session_->BeginStop(code, std::move(text));
    // Where all is over the caller's executors may be gone.
    if (session_->WaitUntilOver(std::chrono::steady_clock::now())) return;
    if (session_->IsCalling() || (session_->IsRunning() && RunsHere(io_)) || RunsHere(pool_)) return;
    const std::lock_guard lock(mutex_);
    if (session_->WaitUntilOver(std::chrono::steady_clock::now() + stop_budget)) return;
    session_->Abort();
    // Executors of the caller's may not run any more.
    const bool own = own_io_ && own_pool_;
    session_->WaitUntilOver(own ? protocol::Time::max() : std::chrono::steady_clock::now() + stop_budget);
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

CallbackId Client::RegisterAny(dispatch::CallbackPtr callback) {
  return runtime_->Session().Table().AddAny(std::move(callback));
}

CallbackId Client::RegisterRaw(dispatch::CallbackPtr callback) {
  return runtime_->Session().Table().SetRaw(std::move(callback));
}

CallbackId Client::RegisterGate(dispatch::CallbackPtr callback) {
  return runtime_->Session().Table().AddGate(std::move(callback));
}

void Client::RegisterDrain(dispatch::CallbackPtr callback) {
  runtime_->Session().OnDrain(std::move(callback));
}

void Client::OnReconnecting(std::function<void(const Reconnecting&)> callback) {
  if (!callback) return runtime_->Session().OnReconnecting({});
  runtime_->Session().OnReconnecting([callback = std::move(callback)](const transport::Attempt& attempt) {
    callback({attempt.number, attempt.delay, attempt.error, attempt.status});
  });
}

void Client::Off(std::string_view event) {
  runtime_->Session().Table().Remove(event);
}

void Client::Off(CallbackId token) {
  runtime_->Session().Table().Remove(token);
}

Handler Client::Now() const {
  return Handler(runtime_->Session().Current());
}

Error Client::Emit(std::string_view event, const Json& data) {
  if (!protocol::IsEmittable(event)) return Errc::InvalidEvent;
  return runtime_->Session().Emit(protocol::EventFrame(event, data));
}

Error Client::EmitVolatile(std::string_view event, const Json& data) {
  return Now().EmitVolatile(event, data);
}

Error Client::EmitBinary(std::string_view event, const Json& data, std::string_view bytes) {
  if (!protocol::IsEmittable(event)) return Errc::InvalidEvent;
  return runtime_->Session().Emit(protocol::BinaryEventFrame(event, data, bytes));
}

asio::awaitable<Error> Client::EmitAsync(std::string_view event, const Json& data) {
  if (!protocol::IsEmittable(event)) return Now().EmitAsync(event);  // which says so
  return ClientSession::EmitWhenRoom(runtime_->Shared(), protocol::EventFrame(event, data));
}

Error Client::Send(std::string_view bytes, MessageType type) {
  return runtime_->Session().Emit(protocol::RawFrame(bytes, type));
}

asio::awaitable<Error> Client::SendAsync(std::string_view bytes, MessageType type) {
  return ClientSession::EmitWhenRoom(runtime_->Shared(), protocol::RawFrame(bytes, type));
}

asio::awaitable<Reply> Client::RequestAsync(std::string_view event, const Json& data,
                                            std::chrono::milliseconds timeout) {
  return Now().RequestAsync(event, data, timeout);
}

void Client::Start() {
  runtime_->Start();
}

void Client::Stop(std::uint16_t code, std::string_view text) {
  if (!protocol::IsSendableCode(code)) code = 1000;
  runtime_->Stop(code, protocol::MakeClosePayload(code, text).substr(2));  // as it will stand in the frame
}

bool Client::IsConnected() const noexcept {
  return runtime_->Session().IsOpen();
}

ConnectionStats Client::Stats() const {
  return Now().Stats();
}

std::string Client::Subprotocol() const {
  return runtime_->Session().Current()->Subprotocol();
}

}  // namespace ws
