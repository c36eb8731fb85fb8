#include "idle_timer.hpp"

#include <boost/asio/dispatch.hpp>

namespace repl {

namespace asio = boost::asio;

void IdleTimer::AddConnection() {
  asio::dispatch(timer_.get_executor(), [self = shared_from_this()] {
    ++self->connections_;
    self->timer_.cancel();
  });
}

void IdleTimer::RemoveConnection() {
  asio::dispatch(timer_.get_executor(), [self = shared_from_this()] {
    --self->connections_;
    self->Arm();
  });
}

void IdleTimer::Start() {
  asio::dispatch(timer_.get_executor(), [self = shared_from_this()] { self->Arm(); });
}

void IdleTimer::Stop() {
  asio::dispatch(timer_.get_executor(), [self = shared_from_this()] {
    self->is_stopped_ = true;
    self->timer_.cancel();
  });
}

void IdleTimer::Arm() {
  if (connections_ != 0 || is_stopped_ || limit_ == limit_.zero()) return;
  timer_.expires_after(limit_);
  timer_.async_wait([weak = weak_from_this()](boost::system::error_code cancelled) {
    const auto self = weak.lock();
    if (cancelled || !self || self->connections_ != 0 || self->is_stopped_) return;
    self->is_stopped_ = true;
    self->on_idle_();
  });
}

}  // namespace repl
