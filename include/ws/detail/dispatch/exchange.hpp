// One message on its way through its callbacks.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "ws/detail/dispatch/callback.hpp"
#include "ws/detail/dispatch/mailbox_owner.hpp"
#include "ws/detail/dispatch/typed.hpp"

namespace ws::dispatch {

// Where callbacks run that do not wait for their turn.
class Spawner {
 public:
  virtual void Post(std::function<void()> work) = 0;
  virtual void Spawn(boost::asio::awaitable<void> work, Delivery what) = 0;
  // A coroutine callback begins in place of one that has ended: it is cancelled too, where all are.
  virtual void Renew() = 0;

 protected:
  ~Spawner() = default;
};

// Runs the ordered callbacks one after the other and the unordered ones beside them; tells the owner once all
// have returned. Everyone who still runs one of its callbacks shares it.
class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  template <class... Arguments>
  explicit Exchange(Delivery delivery, Arguments&&... message)
      : delivery_(delivery), message_(std::forward<Arguments>(message)...) {}

  // Runs this registration only: a `connect` that was registered late.
  void Only(std::shared_ptr<Registration> registration) {
    only_ = std::make_shared<Registrations>(Registrations{std::move(registration)});
  }
  // On the mailbox's strand, once. Nothing: the ordered callbacks have returned. Else what remains of them.
  // The spawner lives as long as the owner.
  std::optional<boost::asio::awaitable<void>> Start(std::shared_ptr<MailboxOwner> owner, Spawner& spawner);

  // Of Only: whether the callback is a coroutine.
  bool Awaits() const noexcept { return only_ && only_->front()->callback->Awaits(); }
  Delivery What() const noexcept { return delivery_; }
  Message& Content() noexcept { return message_; }
  std::size_t Size() const noexcept { return message_.Size(); }

 private:
  std::optional<boost::asio::awaitable<void>> Continue(std::size_t index);
  std::optional<boost::asio::awaitable<Result>> Invoke(std::size_t index);
  void InvokeBeside(std::size_t index);
  // Awaits a callback's result, then runs those behind it.
  static boost::asio::awaitable<void> Resume(std::shared_ptr<Exchange> self, std::size_t index,
                                             boost::asio::awaitable<Result> awaited);
  static boost::asio::awaitable<void> Settle(std::shared_ptr<Exchange> self, std::size_t index,
                                             boost::asio::awaitable<Result> awaited);
  static boost::asio::awaitable<void> SettleBeside(std::shared_ptr<Exchange> self, std::size_t index,
                                                   boost::asio::awaitable<Result> awaited);
  bool IsGate(std::size_t index) const noexcept { return index < listeners_.Gates(); }
  void Record(std::size_t index, Result result);
  // To be called in a catch block.
  void RecordException(std::size_t index);
  void RecordError(Failure failure, std::string path = {});
  void Leave();

  const Delivery delivery_;
  Message message_;
  std::shared_ptr<Registrations> only_;

  std::shared_ptr<MailboxOwner> owner_;
  Spawner* spawner_ = nullptr;
  Listeners listeners_;
  bool refused_ = false;                  // by a gate; on the mailbox's strand
  std::atomic<std::size_t> running_ = 1;  // the ordered callbacks as one, and each unordered one

  std::mutex mutex_;
  Answer answer_;
  bool failed_ = false;
  std::size_t answered_by_ = std::numeric_limits<std::size_t>::max();
};

inline std::optional<boost::asio::awaitable<void>> Exchange::Start(std::shared_ptr<MailboxOwner> owner,
                                                                   Spawner& spawner) {
  owner_ = std::move(owner);
  spawner_ = &spawner;
  if (only_) {
    listeners_.Add(only_);
  } else {
    listeners_ = owner_->Find(delivery_, message_);
  }
  answer_.heard = listeners_.Size() != listeners_.Gates();
  return Continue(0);
}

inline std::optional<boost::asio::awaitable<void>> Exchange::Continue(std::size_t index) {
  for (; index < listeners_.Size() && !refused_; ++index) {
    Registration& registration = *listeners_.At(index);
    const bool only_once = registration.once || (delivery_ == Delivery::Connect && !registration.common);
    if (only_once && registration.fired.exchange(true)) continue;
    if (registration.once) owner_->Forget(registration);
    if (registration.order == Order::Concurrent) {
      InvokeBeside(index);
    } else if (auto awaited = Invoke(index)) {
      return Resume(shared_from_this(), index, std::move(*awaited));
    }
  }
  Leave();
  return std::nullopt;
}

inline std::optional<boost::asio::awaitable<Result>> Exchange::Invoke(std::size_t index) {
  try {
    const CallbackPtr& callback = listeners_.At(index)->callback;
    Outcome outcome = callback->Invoke(callback, owner_->Self(), MessagePtr(shared_from_this(), &message_));
    if (auto* awaited = std::get_if<1>(&outcome)) return std::move(*awaited);
    Record(index, std::move(std::get<0>(outcome)));
  } catch (...) {
    RecordException(index);
  }
  return std::nullopt;
}

inline void Exchange::InvokeBeside(std::size_t index) {
  // The data is parsed on its first use, which two threads must not do at once.
  if (listeners_.Size() > 1) static_cast<void>(message_.Data());
  ++running_;
  if (listeners_.At(index)->callback->Awaits()) {
    if (auto awaited = Invoke(index)) {
      spawner_->Spawn(SettleBeside(shared_from_this(), index, std::move(*awaited)), delivery_);
    } else {
      Leave();
    }
  } else {
    spawner_->Post([self = shared_from_this(), index] {
      self->Invoke(index);
      self->Leave();
    });
  }
}

inline boost::asio::awaitable<void> Exchange::Resume(std::shared_ptr<Exchange> self, std::size_t index,
                                                     boost::asio::awaitable<Result> awaited) {
  co_await Settle(self, index, std::move(awaited));
  // A cancelled coroutine would otherwise throw at its next await, and the rest would never be told.
  if (auto rest = self->Continue(index + 1)) co_await std::move(*rest);
}

inline boost::asio::awaitable<void> Exchange::Settle(std::shared_ptr<Exchange> self, std::size_t index,
                                                     boost::asio::awaitable<Result> awaited) {
  co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::enable_terminal_cancellation());
  co_await boost::asio::this_coro::throw_if_cancelled(true);
  self->spawner_->Renew();
  try {
    self->Record(index, co_await std::move(awaited));
  } catch (...) {
    self->RecordException(index);
  }
  co_await boost::asio::this_coro::throw_if_cancelled(false);
}

inline boost::asio::awaitable<void> Exchange::SettleBeside(std::shared_ptr<Exchange> self, std::size_t index,
                                                           boost::asio::awaitable<Result> awaited) {
  co_await Settle(self, index, std::move(awaited));
  self->Leave();
}

inline void Exchange::Record(std::size_t index, Result result) {
  if (auto* failure = std::get_if<Failure>(&result)) {
    if (failure->code.empty()) failure->code = IsGate(index) ? "unauthorized" : "internal";
    if (IsGate(index)) refused_ = true;
  }
  if (std::holds_alternative<std::monostate>(result)) return;
  const std::lock_guard lock(mutex_);
  if (failed_ || index > answered_by_) return;
  answered_by_ = index;
  answer_.result = std::move(result);
}

inline void Exchange::RecordException(std::size_t index) {
  if (IsGate(index)) refused_ = true;
  try {
    throw;
  } catch (InvalidPayload& mismatch) {
    RecordError({"invalid_payload", mismatch.expected}, std::move(mismatch.path));
  } catch (const boost::system::system_error& error) {
    if (error.code() != boost::system::errc::operation_canceled) owner_->Threw(message_, error.what());
    RecordError({"internal", "the handler failed"});
  } catch (const std::exception& error) {
    owner_->Threw(message_, error.what());
    RecordError({"internal", "the handler failed"});
  } catch (...) {
    owner_->Threw(message_, "something that is no std::exception");
    RecordError({"internal", "the handler failed"});
  }
}

inline void Exchange::RecordError(Failure failure, std::string path) {
  const std::lock_guard lock(mutex_);
  if (failed_) return;
  failed_ = true;
  answer_.result = std::move(failure);
  answer_.path = std::move(path);
}

inline void Exchange::Leave() {
  if (--running_ != 0) return;
  owner_->Answered(delivery_, message_, std::move(answer_));
}

}  // namespace ws::dispatch
