#include "idle_clock.hpp"

#include <boost/asio/dispatch.hpp>

namespace repl {

namespace asio = boost::asio;

void IdleClock::Come() {
  asio::dispatch(timer_.get_executor(), [self = shared_from_this()] {
    ++self->present_;
    self->timer_.cancel();
  });
}

void IdleClock::Leave() {
  asio::dispatch(timer_.get_executor(), [self = shared_from_this()] {
    --self->present_;
    self->Arm();
  });
}

void IdleClock::Start() {
  asio::dispatch(timer_.get_executor(), [self = shared_from_this()] { self->Arm(); });
}

void IdleClock::Stop() {
  asio::dispatch(timer_.get_executor(), [self = shared_from_this()] {
    self->stopped_ = true;
    self->timer_.cancel();
  });
}

void IdleClock::Arm() {
  if (present_ != 0 || stopped_ || limit_ == limit_.zero()) return;
  timer_.expires_after(limit_);
  timer_.async_wait([weak = weak_from_this()](boost::system::error_code cancelled) {
    const auto self = weak.lock();
    if (cancelled || !self || self->present_ != 0 || self->stopped_) return;
    self->stopped_ = true;
    self->on_idle_();
  });
}

}  // namespace repl
