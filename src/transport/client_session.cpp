#include "transport/client_session.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <random>

#include "transport/as_tuple.hpp"
#include "transport/link.hpp"
#include "ws/detail/protocol/close_frame.hpp"

namespace ws::transport {

namespace asio = boost::asio;

namespace {

ClientClock Complete(ClientClock clock) {
  if (!clock.now) clock.now = &std::chrono::steady_clock::now;
  if (!clock.chance) {
    clock.chance = [random = std::mt19937(std::random_device()())]() mutable {
      return std::uniform_real_distribution<>(0, 1)(random);
    };
  }
  return clock;
}

}  // namespace

// Where Run ends, or its context does.
struct ClientSession::Sentinel {
  std::shared_ptr<ClientSession> session;
  ~Sentinel() { session->Finish(); }
};

// Counts a connection until all is over.
struct ClientSession::Living {
  const std::shared_ptr<ClientSession> session;

  explicit Living(std::shared_ptr<ClientSession> of) : session(std::move(of)) {}
  ~Living() {
    const std::lock_guard lock(session->mutex_);
    --session->living_;
    session->ended_.notify_all();
  }
};

ClientSession::ClientSession(ClientSettings settings)
    : keep_(std::exchange(settings.keep, nullptr)), settings_(std::move(settings)) {
  settings_.clock = Complete(std::move(settings_.clock));
}

std::shared_ptr<Connection> ClientSession::Make() {
  Options options = settings_.options;
  options.hub = shared_from_this();
  auto made = std::make_shared<Connection>(std::make_shared<const Options>(std::move(options)));
  if (on_drain_) made->OnDrain(on_drain_);
  made->Keep(std::make_shared<Living>(shared_from_this()));
  ++living_;
  return made;
}

// No connection is let go of under the lock: what it holds of the application's may call us.
std::shared_ptr<Connection> ClientSession::Current() {
  std::shared_ptr<Connection> earlier;
  const std::lock_guard lock(mutex_);
  if (!current_ || (current_->IsClosing() && !stopping_)) {
    earlier = std::exchange(current_, Make());
    if (earlier) current_->InheritDrain(*earlier);
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
  return Current()->OnShared(table_, event, std::move(callback), order, once);
}

Error ClientSession::Emit(protocol::FramePtr frame) {
  for (;;) {
    const Error error = Current()->Emit(frame);
    if (error != Errc::Closed || IsStopping()) return error;  // else it was lost in between
  }
}

asio::awaitable<Error> ClientSession::EmitWhenRoom(std::shared_ptr<ClientSession> self, protocol::FramePtr frame) {
  for (;;) {
    if (self->IsStopping()) co_return Errc::Closed;  // its awaitable may outlive the client
    const std::shared_ptr<Connection> current = self->Current();
    const Error error = co_await Connection::EmitWhenRoom(current, frame);
    if (error != Errc::Closed || self->IsStopping()) co_return error;
  }
}

void ClientSession::Start(asio::any_io_executor strand) {
  auto dialling = std::make_shared<Dialling>(std::move(strand));
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(started_, true)) throw std::logic_error("ws::Client: it was started before");
    if (stopping_) return;
    dialling_ = dialling;
  }
  const asio::any_io_executor executor = dialling->strand;
  asio::co_spawn(executor, Run(shared_from_this(), std::move(dialling)), asio::detached);
}

asio::awaitable<void> ClientSession::Run(std::shared_ptr<ClientSession> self, DiallingPtr dialling) {
  const Sentinel sentinel{self};
  protocol::Backoff& backoff = self->settings_.backoff;
  while (!self->IsStopping()) {
    const std::shared_ptr<Connection> connection = self->Current();
    {
      std::shared_ptr<Connection> earlier = connection;  // see Current
      const std::lock_guard lock(self->mutex_);
      self->running_.swap(earlier);
    }
    const Error error = co_await self->TryOpen(connection, dialling);
    if (!error) {
      const protocol::Time begin = self->settings_.clock.now();
      co_await Connection::UntilEnded(connection);
      backoff.Ended(self->settings_.clock.now() - begin);
      // Its callbacks come before those of the next.
      co_await Connection::UntilOver(connection);
      if (protocol::IsFinalCode(connection->EndCode())) break;
    }
    if (self->IsStopping()) break;
    const auto delay = backoff.Next(self->settings_.clock.chance());
    self->Tell({backoff.Attempt(), delay, error, dialling->status});
    co_await self->Pause(delay, dialling);
  }
}

// Until the delay is over, or Stop.
asio::awaitable<void> ClientSession::Pause(std::chrono::milliseconds delay, DiallingPtr dialling) {
  if (settings_.clock.wait) {
    dialling->pause.expires_at(protocol::Time::max());
    settings_.clock.wait(delay, [dialling] { asio::post(dialling->strand, [dialling] { dialling->pause.cancel(); }); });
  } else {
    const protocol::Time now = std::chrono::steady_clock::now();
    dialling->pause.expires_at(delay > delay.zero() ? protocol::Later(now, delay) : now);  // none is not never
  }
  co_await dialling->pause.async_wait(as_tuple);
}

// What fails in a way of its own (no memory, no thread) is tried again like the rest.
asio::awaitable<Error> ClientSession::TryOpen(std::shared_ptr<Connection> connection, DiallingPtr dialling) {
  try {
    co_return co_await Open(connection, dialling);
  } catch (const std::exception& failure) {
    connection->Log(LogLevel::Severe, "an attempt to connect failed", failure.what());
  }
  dialling->dialer.reset();
  dialling->link.reset();
  co_return make_error_code(boost::system::errc::resource_unavailable_try_again);
}

asio::awaitable<Error> ClientSession::Open(std::shared_ptr<Connection> connection, DiallingPtr dialling) {
  const protocol::Time deadline =
      protocol::Later(std::chrono::steady_clock::now(), settings_.options.handshake_timeout);
  dialling->status = 0;
  dialling->dialer = std::make_shared<Dialer>(dialling->strand);
#if WS_HAS_TLS
  dialling->dialer->Trust(settings_.trust);
#endif
  Dialer::Dialled dialled = co_await Dialer::Dial(dialling->dialer, settings_.offer.url, deadline);
  dialling->dialer.reset();
  if (dialled.error) co_return dialled.error;
  if (IsStopping()) co_return Errc::Closed;
  const auto link = std::make_shared<Link>(connection, std::move(dialled.stream), dialling->strand, Role::Client);
  dialling->link = link;
  const Error error = co_await Link::Greet(link, settings_.offer, deadline);
  dialling->link.reset();
  dialling->status = link->RefusedWith();
  if (error) co_return error;
  if (!link->Attach(protocol::MakeUpgradeRequest(settings_.offer, {}))) co_return Errc::Closed;
  connection->Admit(nullptr, link->Granted());
  link->Begin(link->Leftover());
  link->Start();
  co_return Error();
}

void ClientSession::Tell(const Attempt& attempt) {
  if (!reconnecting_) return;
  const auto mark = [this](std::thread::id thread) {
    const std::lock_guard lock(mutex_);
    telling_ = thread;
  };
  mark(std::this_thread::get_id());
  try {
    reconnecting_(attempt);
  } catch (const std::exception& failure) {
    Current()->Log(LogLevel::Severe, "OnReconnecting's callback threw", failure.what());
  } catch (...) {
    Current()->Log(LogLevel::Severe, "OnReconnecting's callback threw");
  }
  mark({});
}

bool ClientSession::IsCalling() const {
  const std::lock_guard lock(mutex_);
  return telling_ == std::this_thread::get_id() || (current_ && current_->IsCalling()) ||
         (running_ && running_->IsCalling());
}

void ClientSession::BeginStop(std::uint16_t code, std::string text) {
  std::shared_ptr<Connection> current;
  DiallingPtr dialling;
  bool never_started = false;
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(stopping_, true)) return;
    never_started = !started_;
    current = current_;
    dialling = dialling_.lock();
  }
  if (current) current->Close({EndReason::LocalClose, code, std::move(text), false, {}});
  if (never_started) return Finish();
  if (!dialling) return;
  asio::post(dialling->strand, [dialling] {
    dialling->pause.cancel();
    if (dialling->dialer) dialling->dialer->Cancel();
    if (dialling->link) dialling->link->Abort();
  });
}

// The last: what waits for a connection fails.
void ClientSession::Finish() {
  std::shared_ptr<Connection> current, running;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    current = current_;
    running.swap(running_);
  }
  if (current) current->Close({EndReason::LocalClose, 1000, {}, false, {}});
  table_.Close();
  const std::lock_guard lock(mutex_);
  over_ = true;
  ended_.notify_all();
}

bool ClientSession::WaitUntilOver(protocol::Time deadline) {
  std::unique_lock lock(mutex_);
  return ended_.wait_until(lock, deadline, [this] { return over_ && living_ == 0; });
}

void ClientSession::Abort() {
  std::shared_ptr<Connection> running;
  {
    const std::lock_guard lock(mutex_);
    running = running_;
  }
  if (running) running->Abort();
}

bool ClientSession::IsRunning() const {
  const std::lock_guard lock(mutex_);
  return !dialling_.expired();
}

void ClientSession::Release() {
  std::shared_ptr<Connection> current, running;
  const std::lock_guard lock(mutex_);
  current.swap(current_);
  running.swap(running_);
}

bool ClientSession::IsOpen() const {
  std::shared_ptr<Connection> current;
  const std::lock_guard lock(mutex_);
  current = current_;
  return current && current->IsOpen();
}

bool ClientSession::IsStopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

}  // namespace ws::transport
