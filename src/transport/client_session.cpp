#include "transport/client_session.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <random>

#include "transport/link.hpp"
#include "ws/protocol/close_frame.hpp"

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

ClientSession::ClientSession(asio::any_io_executor strand, ClientSettings settings)
    : strand_(std::move(strand)), settings_(std::move(settings)), pause_(strand_) {
  settings_.clock = Complete(std::move(settings_.clock));
}

std::shared_ptr<Connection> ClientSession::Make() {
  Options options = settings_.options;
  options.hub = shared_from_this();
  auto made = std::make_shared<Connection>(std::move(options));
  if (on_drain_) made->OnDrain(on_drain_);
  return made;
}

std::shared_ptr<Connection> ClientSession::Current() {
  const std::lock_guard lock(mutex_);
  if (!current_ || (current_->IsClosing() && !stopping_)) current_ = Make();
  return current_;
}

void ClientSession::OnDrain(dispatch::CallbackPtr callback) {
  const auto current = Current();
  current->OnDrain(callback);
  const std::lock_guard lock(mutex_);
  on_drain_.swap(callback);
}

void ClientSession::Start() {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(started_, true)) throw std::logic_error("ws::Client: it was started before");
    if (stopping_) return;
  }
  asio::co_spawn(strand_, Run(shared_from_this()), asio::detached);
}

asio::awaitable<void> ClientSession::Run(std::shared_ptr<ClientSession> self) {
  protocol::Backoff& backoff = self->settings_.backoff;
  while (!self->IsStopping()) {
    const std::shared_ptr<Connection> connection = self->Current();
    {
      const std::lock_guard lock(self->mutex_);
      self->running_ = connection;
    }
    const Error error = co_await self->Open(connection);
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
    self->Tell({backoff.Attempt(), delay, error});
    co_await self->Pause(delay);
  }
  self->Finish();
}

// Until the delay is over, or Stop.
asio::awaitable<void> ClientSession::Pause(std::chrono::milliseconds delay) {
  if (settings_.clock.wait) {
    pause_.expires_at(protocol::Time::max());
    settings_.clock.wait(delay, [self = shared_from_this()] {
      asio::post(self->strand_, [self] { self->pause_.cancel(); });
    });
  } else {
    pause_.expires_after(delay);
  }
  co_await pause_.async_wait(asio::as_tuple(asio::use_awaitable));
}

asio::awaitable<Error> ClientSession::Open(const std::shared_ptr<Connection>& connection) {
  const protocol::Time deadline = protocol::Later(std::chrono::steady_clock::now(), settings_.options.handshake_timeout);
  dialer_ = std::make_shared<Dialer>(strand_);
#if WS_HAS_TLS
  dialer_->Trust(settings_.trust);
#endif
  Dialer::Dialled dialled = co_await Dialer::Dial(dialer_, settings_.offer.url, deadline);
  dialer_.reset();
  if (dialled.error) co_return dialled.error;
  if (IsStopping()) co_return Errc::Closed;
  const auto link = std::make_shared<Link>(connection, std::move(dialled.stream), strand_, Role::Client);
  link_ = link;
  const Error error = co_await Link::Greet(link, settings_.offer, deadline);
  link_.reset();
  if (error) co_return error;
  if (!link->Attach(protocol::MakeUpgradeRequest(settings_.offer, {}))) co_return Errc::Closed;
  connection->Admit(nullptr, link->Granted());
  link->Begin(link->Leftover());
  link->Start();
  co_return Error();
}

void ClientSession::Tell(const Attempt& attempt) {
  if (!settings_.reconnecting) return;
  const auto mark = [this](std::thread::id thread) {
    const std::lock_guard lock(mutex_);
    telling_ = thread;
  };
  mark(std::this_thread::get_id());
  try {
    settings_.reconnecting(attempt);
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
  bool never_started = false;
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(stopping_, true)) return;
    never_started = !started_;
    current = current_;
  }
  if (current) current->Close({EndReason::LocalClose, code, std::move(text), false, {}});
  if (never_started) return Finish();
  asio::post(strand_, [self = shared_from_this()] {
    self->pause_.cancel();
    if (self->dialer_) self->dialer_->Cancel();
    if (self->link_) self->link_->Abort();
  });
}

// The last: what waits for a connection fails.
void ClientSession::Finish() {
  std::shared_ptr<Connection> current;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    current = current_;
    running_.reset();
  }
  if (current) current->Close({EndReason::LocalClose, 1000, {}, false, {}});
  table_.Close();
  const std::lock_guard lock(mutex_);
  over_ = true;
  ended_.notify_all();
}

bool ClientSession::WaitUntilOver(protocol::Time deadline) {
  std::unique_lock lock(mutex_);
  return ended_.wait_until(lock, deadline, [this] { return over_; });
}

void ClientSession::Abort() {
  std::shared_ptr<Connection> running;
  {
    const std::lock_guard lock(mutex_);
    running = running_;
  }
  if (running) running->Abort();
}

bool ClientSession::IsStopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

}  // namespace ws::transport
