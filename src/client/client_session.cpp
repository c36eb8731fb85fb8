#include "client/client_session.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <random>

#include "connection/asio_compat.hpp"
#include "connection/async_verbs.hpp"
#include "transport/link.hpp"
#include "ws/detail/protocol/close_frame.hpp"

namespace ws::client {

namespace asio = boost::asio;

namespace {

ClientClock WithDefaults(ClientClock clock) {
  if (!clock.now) clock.now = &std::chrono::steady_clock::now;
  if (!clock.random) {
    clock.random = [random = std::mt19937(std::random_device()())]() mutable {
      return std::uniform_real_distribution<>(0, 1)(random);
    };
  }
  return clock;
}

}  // namespace

// Finishes the session when RunAsync ends, or when its context is destroyed.
struct ClientSession::FinishGuard {
  std::shared_ptr<ClientSession> session;
  ~FinishGuard() { session->Finish(); }
};

// Counts a connection until it has finished.
struct ClientSession::LiveCount {
  const std::shared_ptr<ClientSession> session;

  explicit LiveCount(std::shared_ptr<ClientSession> of) : session(std::move(of)) {}
  ~LiveCount() {
    const std::lock_guard lock(session->mutex_);
    --session->live_connections_;
    session->changed_.notify_all();
  }
};

ClientSession::ClientSession(ClientSettings settings)
    : retained_(std::exchange(settings.retained, nullptr)), settings_(std::move(settings)) {
  settings_.clock = WithDefaults(std::move(settings_.clock));
}

std::shared_ptr<connection::Connection> ClientSession::MakeConnection() {
  Options options = settings_.options;
  options.hub = shared_from_this();
  auto made = std::make_shared<connection::Connection>(std::make_shared<const Options>(std::move(options)));
  if (on_drain_) made->OnDrain(on_drain_);
  made->RetainUntilFinished(std::make_shared<LiveCount>(shared_from_this()));
  ++live_connections_;
  return made;
}

// No connection is destroyed under the lock: the application's objects that it owns may call the client.
std::shared_ptr<connection::Connection> ClientSession::Current() {
  std::shared_ptr<connection::Connection> earlier;
  const std::lock_guard lock(mutex_);
  if (!current_ || (current_->IsClosing() && !stopping_)) {
    earlier = std::exchange(current_, MakeConnection());
    if (earlier) current_->TakeOverDrained(*earlier);
  }
  return current_;
}

void ClientSession::OnDrain(dispatch::CallbackPtr callback) {
  {
    dispatch::CallbackPtr shared = callback;
    const std::lock_guard lock(mutex_);
    on_drain_.swap(shared);
  }
  Current()->OnDrain(std::move(callback));
}

CallbackId ClientSession::On(std::string_view event, dispatch::CallbackPtr callback, Order order, bool once) {
  return Current()->OnShared(callbacks_, event, std::move(callback), order, once);
}

Error ClientSession::Emit(protocol::FramePtr frame) {
  for (;;) {
    const Error error = Current()->Emit(frame);
    if (error != Errc::Closed || IsStopping()) return error;  // otherwise the connection ended meanwhile
  }
}

asio::awaitable<Error> ClientSession::EmitAsync(std::shared_ptr<ClientSession> self, protocol::FramePtr frame) {
  for (;;) {
    if (self->IsStopping()) co_return Errc::Closed;  // its awaitable may outlive the client
    const std::shared_ptr<connection::Connection> current = self->Current();
    const Error error = co_await connection::EmitAsync(current, frame);
    if (error != Errc::Closed || self->IsStopping()) co_return error;
  }
}

void ClientSession::Start(asio::any_io_executor strand) {
  auto dial = std::make_shared<Dial>(std::move(strand));
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(started_, true)) throw std::logic_error("ws::Client: Start was called before");
    if (stopping_) return;
    dial_ = dial;
  }
  const asio::any_io_executor executor = dial->strand;
  asio::co_spawn(executor, RunAsync(shared_from_this(), std::move(dial)), asio::detached);
}

asio::awaitable<void> ClientSession::RunAsync(std::shared_ptr<ClientSession> self, DialPtr dial) {
  const FinishGuard finish{self};
  protocol::Backoff& backoff = self->settings_.backoff;
  while (!self->IsStopping()) {
    const std::shared_ptr<connection::Connection> connection = self->Current();
    {
      std::shared_ptr<connection::Connection> earlier = connection;  // destroyed without the lock
      const std::lock_guard lock(self->mutex_);
      self->running_.swap(earlier);
    }
    const Error error = co_await self->TryOpenAsync(connection, dial);
    if (!error) {
      const protocol::Time begin = self->settings_.clock.now();
      co_await connection::DisconnectedAsync(connection);
      backoff.OnConnectionEnded(self->settings_.clock.now() - begin);
      // The callbacks of the next connection come after its last callback.
      co_await connection::FinishedAsync(connection);
      if (protocol::IsFinalCode(connection->EndCode())) break;
    }
    if (self->IsStopping()) break;
    const auto delay = backoff.Next(self->settings_.clock.random());
    self->NotifyReconnecting({backoff.Attempt(), delay, error, dial->status});
    co_await self->PauseAsync(delay, dial);
  }
}

// Waits until the delay is over, or Stop is called.
asio::awaitable<void> ClientSession::PauseAsync(std::chrono::milliseconds delay, DialPtr dial) {
  if (settings_.clock.wait) {
    dial->pause.expires_at(protocol::Time::max());
    settings_.clock.wait(delay, [dial] { asio::post(dial->strand, [dial] { dial->pause.cancel(); }); });
  } else {
    const protocol::Time now = std::chrono::steady_clock::now();
    dial->pause.expires_at(delay > delay.zero() ? protocol::DeadlineAfter(now, delay)
                                                : now);  // a delay of zero is not "never"
  }
  co_await dial->pause.async_wait(connection::as_tuple);
}

// An exception (no memory, no thread) counts as a failed attempt.
asio::awaitable<Error> ClientSession::TryOpenAsync(std::shared_ptr<connection::Connection> connection, DialPtr dial) {
  try {
    co_return co_await OpenAsync(connection, dial);
  } catch (const std::exception& failure) {
    connection->Log(LogLevel::Severe, "an attempt to connect failed", failure.what());
  }
  dial->dialer.reset();
  dial->link.reset();
  co_return make_error_code(boost::system::errc::resource_unavailable_try_again);
}

asio::awaitable<Error> ClientSession::OpenAsync(std::shared_ptr<connection::Connection> connection, DialPtr dial) {
  const protocol::Time deadline =
      protocol::DeadlineAfter(std::chrono::steady_clock::now(), settings_.options.handshake_timeout);
  dial->status = 0;
  dial->dialer = std::make_shared<Dialer>(dial->strand);
#if WS_HAS_TLS
  dial->dialer->Trust(settings_.trust);
#endif
  Dialer::Result dialed = co_await Dialer::DialAsync(dial->dialer, settings_.handshake.url, deadline);
  dial->dialer.reset();
  if (dialed.error) co_return dialed.error;
  if (IsStopping()) co_return Errc::Closed;
  const auto link =
      std::make_shared<transport::Link>(connection, std::move(dialed.stream), dial->strand, transport::Role::Client);
  dial->link = link;
  const transport::ClientHandshakeResult result =
      co_await transport::Link::ConnectAsync(link, settings_.handshake, deadline);
  dial->link.reset();
  dial->status = result.status;
  if (result.error) co_return result.error;
  if (!link->Attach(protocol::MakeUpgradeRequest(settings_.handshake, {}))) co_return Errc::Closed;
  connection->SetHandshakeResult(nullptr, result.subprotocol);
  link->Open(result.leftover);
  link->Start();
  co_return Error();
}

void ClientSession::NotifyReconnecting(const Attempt& attempt) {
  if (!on_reconnecting_) return;
  const auto mark = [this](std::thread::id thread) {
    const std::lock_guard lock(mutex_);
    notifying_ = thread;
  };
  mark(std::this_thread::get_id());
  try {
    on_reconnecting_(attempt);
  } catch (const std::exception& failure) {
    Current()->Log(LogLevel::Severe, "OnReconnecting's callback threw", failure.what());
  } catch (...) {
    Current()->Log(LogLevel::Severe, "OnReconnecting's callback threw");
  }
  mark({});
}

bool ClientSession::RunningInThisThread() const {
  const std::lock_guard lock(mutex_);
  return notifying_ == std::this_thread::get_id() || (current_ && current_->RunningInThisThread()) ||
         (running_ && running_->RunningInThisThread());
}

void ClientSession::BeginStop(std::uint16_t code, std::string text) {
  std::shared_ptr<connection::Connection> current;
  DialPtr dial;
  bool never_started = false;
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(stopping_, true)) return;
    never_started = !started_;
    current = current_;
    dial = dial_.lock();
  }
  if (current) current->Close({EndReason::LocalClose, code, std::move(text), false, {}});
  if (never_started) return Finish();
  if (!dial) return;
  asio::post(dial->strand, [dial] {
    dial->pause.cancel();
    if (dial->dialer) dial->dialer->Cancel();
    if (dial->link) dial->link->Abort();
  });
}

// Called at the end. Everything that waits for a connection fails.
void ClientSession::Finish() {
  std::shared_ptr<connection::Connection> current, running;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    current = current_;
    running.swap(running_);
  }
  if (current) current->Close({EndReason::LocalClose, protocol::close_code::normal_closure, {}, false, {}});
  callbacks_.Close();
  const std::lock_guard lock(mutex_);
  finished_ = true;
  changed_.notify_all();
}

bool ClientSession::WaitUntilFinished(protocol::Time deadline) {
  std::unique_lock lock(mutex_);
  return changed_.wait_until(lock, deadline, [this] { return finished_ && live_connections_ == 0; });
}

void ClientSession::Abort() {
  std::shared_ptr<connection::Connection> running;
  {
    const std::lock_guard lock(mutex_);
    running = running_;
  }
  if (running) running->Abort();
}

bool ClientSession::IsRunning() const {
  const std::lock_guard lock(mutex_);
  return !dial_.expired();
}

void ClientSession::Release() {
  std::shared_ptr<connection::Connection> current, running;
  const std::lock_guard lock(mutex_);
  current.swap(current_);
  running.swap(running_);
}

bool ClientSession::IsOpen() const {
  std::shared_ptr<connection::Connection> current;
  const std::lock_guard lock(mutex_);
  current = current_;
  return current && current->IsOpen();
}

bool ClientSession::IsStopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

}  // namespace ws::client
