#include "ws/client.hpp"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "transport/check_options.hpp"
#include "transport/client_session.hpp"
#include "ws/protocol/close_frame.hpp"
#include "ws/protocol/utf8.hpp"

#if WS_HAS_TLS
#include <boost/asio/ssl/context.hpp>
#endif

namespace ws {

namespace asio = boost::asio;
using transport::ClientSession;
using transport::ClientSettings;

namespace {

constexpr std::chrono::seconds stop_budget{1};

protocol::UpgradeOffer MakeOffer(const ClientOptions& options) {
  auto url = protocol::ParseUrl(options.url);
  if (!url) throw std::logic_error("ws::ClientOptions::url must be like ws://host:port/path");
  for (const auto& [name, value] : options.headers) {
    if (!protocol::IsOfferable(name, value))
      throw std::logic_error("ws::ClientOptions::headers: a header of the client's own is no such header");
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
    if (protocol::IsNever(*time) || *time > stop_budget) *time = stop_budget;
  }
  settings.backoff = protocol::Backoff(options.backoff_base, options.backoff_cap, options.stable_after);
#if WS_HAS_TLS
  if (settings.offer.url.secure) settings.trust = MakeTrust(options);
#else
  if (settings.offer.url.secure) throw std::logic_error("ws::Client: this library was built without TLS");
#endif
  return settings;
}

}  // namespace

// What belongs to a Client: its threads, where it has its own, and its session.
class Client::Runtime {
 public:
  explicit Runtime(ClientOptions options) {
    ClientSettings settings = MakeSettings(options);
    if (!settings.options.executor) {
      pool_ = std::make_unique<asio::thread_pool>(1);
      settings.options.executor = pool_->get_executor();
    }
    if (!options.io) {
      context_ = std::make_unique<asio::io_context>(1);
      options.io = context_->get_executor();
    }
    settings.reconnecting = [this](const transport::Attempt& attempt) {
      if (reconnecting_) reconnecting_({attempt.number, attempt.delay, attempt.error});
    };
    session_ = std::make_shared<ClientSession>(MakeStrand(options.io), std::move(settings));
    session_->Current();
  }

  void Start() {
    session_->Start();
    if (!context_) return;
    thread_ = std::thread([this] { context_->run(); });
  }

  void Stop(std::uint16_t code, std::string text) {
    const bool inside = session_->IsCalling();
    session_->BeginStop(code, std::move(text));
    if (inside) return;
    const std::lock_guard lock(stop_mutex_);
    if (!session_->WaitUntilOver(std::chrono::steady_clock::now() + stop_budget)) {
      session_->Abort();
      // A context of the caller's may not run any more.
      session_->WaitUntilOver(context_ ? protocol::Time::max() : std::chrono::steady_clock::now() + stop_budget);
    }
    if (context_) context_->stop();
    if (thread_.joinable()) thread_.join();
    if (pool_) pool_->join();
  }

  ClientSession& Session() noexcept { return *session_; }
  void OnReconnecting(std::function<void(const Reconnecting&)> callback) { reconnecting_ = std::move(callback); }

 private:
  std::unique_ptr<asio::thread_pool> pool_;
  std::unique_ptr<asio::io_context> context_;
  std::function<void(const Reconnecting&)> reconnecting_;
  std::shared_ptr<ClientSession> session_;
  std::thread thread_;
  std::mutex stop_mutex_;
};

Client::Client(ClientOptions options) : runtime_(std::make_unique<Runtime>(std::move(options))) {}

Client::~Client() {
  Stop();
}

Token Client::Register(std::string_view event, dispatch::CallbackPtr callback, Order order, bool once) {
  const auto registration = runtime_->Session().Table().Add(event, std::move(callback), order, once);
  return registration ? registration->token : Token::None;
}

Token Client::RegisterAny(dispatch::CallbackPtr callback) {
  return runtime_->Session().Table().AddAny(std::move(callback));
}

Token Client::RegisterRaw(dispatch::CallbackPtr callback) {
  return runtime_->Session().Table().SetRaw(std::move(callback));
}

void Client::RegisterDrain(dispatch::CallbackPtr callback) {
  runtime_->Session().OnDrain(std::move(callback));
}

void Client::OnReconnecting(std::function<void(const Reconnecting&)> callback) {
  runtime_->OnReconnecting(std::move(callback));
}

void Client::Off(std::string_view event) {
  runtime_->Session().Table().Remove(event);
}

void Client::Off(Token token) {
  runtime_->Session().Table().Remove(token);
}

Handler Client::Now() const {
  return Handler(runtime_->Session().Current());
}

Error Client::Emit(std::string_view event, const Json& data) {
  return Now().Emit(event, data);
}

Error Client::EmitVolatile(std::string_view event, const Json& data) {
  return Now().EmitVolatile(event, data);
}

Error Client::EmitBinary(std::string_view event, const Json& data, std::string_view bytes) {
  return Now().EmitBinary(event, data, bytes);
}

asio::awaitable<Error> Client::EmitAsync(std::string_view event, const Json& data) {
  return Now().EmitAsync(event, data);
}

Error Client::Send(std::string_view bytes, Kind kind) {
  return Now().Send(bytes, kind);
}

asio::awaitable<Error> Client::SendAsync(std::string_view bytes, Kind kind) {
  return Now().SendAsync(bytes, kind);
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
  runtime_->Stop(code, protocol::ReplaceInvalidUtf8(text));
}

bool Client::IsConnected() const noexcept {
  return runtime_->Session().Current()->IsOpen();
}

ConnectionStats Client::Stats() const {
  return Now().Stats();
}

const std::string& Client::Subprotocol() const {
  return runtime_->Session().Current()->Subprotocol();
}

}  // namespace ws
