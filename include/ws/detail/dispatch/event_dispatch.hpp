// One message and the callbacks that it runs.
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

// Interface: runs callbacks that are not sequential.
class ConcurrentRunner {
 public:
  virtual void Post(std::function<void()> work) = 0;
  virtual void Spawn(boost::asio::awaitable<void> work, EventKind kind) = 0;
  // Called when a coroutine callback starts: cancels it too if the mailbox has been cancelled.
  virtual void PropagateCancellation() = 0;

 protected:
  ~ConcurrentRunner() = default;
};

// Runs the sequential callbacks of a message one after the other and the concurrent ones in parallel, and notifies the
// owner when all have returned. Each running callback shares ownership of this object.
class EventDispatch : public std::enable_shared_from_this<EventDispatch> {
 public:
  template <class... Arguments>
  explicit EventDispatch(EventKind kind, Arguments&&... message)
      : kind_(kind), message_(std::forward<Arguments>(message)...) {}

  // Runs this registration instead of the owner's callbacks.
  void RunOnly(std::shared_ptr<Registration> registration) {
    only_ = std::make_shared<Registrations>(Registrations{std::move(registration)});
  }
  // Called once, on the mailbox's strand. Returns nothing if all sequential callbacks have returned, else a coroutine
  // that runs the remaining ones. The runner must live as long as the owner.
  std::optional<boost::asio::awaitable<void>> Start(std::shared_ptr<MailboxOwner> owner, ConcurrentRunner& runner);

  // True if the registration of RunOnly is a coroutine.
  bool IsCoroutine() const noexcept { return only_ && only_->front()->callback->IsCoroutine(); }
  EventKind Kind() const noexcept { return kind_; }
  Message& Content() noexcept { return message_; }
  std::size_t Size() const noexcept { return message_.Size(); }

 private:
  std::optional<boost::asio::awaitable<void>> RunFrom(std::size_t index);
  // Returns the coroutine if the callback is one.
  std::optional<boost::asio::awaitable<Result>> Invoke(std::size_t index);
  void InvokeConcurrently(std::size_t index);
  // Awaits a callback's result, then runs the callbacks behind it.
  static boost::asio::awaitable<void> AwaitThenContinue(std::shared_ptr<EventDispatch> self, std::size_t index,
                                                        boost::asio::awaitable<Result> callback);
  static boost::asio::awaitable<void> AwaitConcurrently(std::shared_ptr<EventDispatch> self, std::size_t index,
                                                        boost::asio::awaitable<Result> callback);
  static boost::asio::awaitable<void> AwaitResult(std::shared_ptr<EventDispatch> self, std::size_t index,
                                                  boost::asio::awaitable<Result> callback);
  void SetResult(std::size_t index, Result result);
  // Called in a catch block.
  void SetException(std::size_t index);
  void SetError(Failure failure, std::string path = {});
  void OnReturned();

  const EventKind kind_;
  Message message_;
  std::shared_ptr<Registrations> only_;

  std::shared_ptr<MailboxOwner> owner_;
  ConcurrentRunner* runner_ = nullptr;
  CallbackList callbacks_;
  bool rejected_ = false;                 // by middleware; used on the mailbox's strand
  std::atomic<std::size_t> running_ = 1;  // all sequential callbacks count as one, each concurrent one as one

  std::mutex mutex_;
  DispatchResult result_;
  bool has_error_ = false;
  std::size_t result_index_ = std::numeric_limits<std::size_t>::max();  // of the callback that gave result_
};

inline std::optional<boost::asio::awaitable<void>> EventDispatch::Start(std::shared_ptr<MailboxOwner> owner,
                                                                        ConcurrentRunner& runner) {
  owner_ = std::move(owner);
  runner_ = &runner;
  if (only_) {
    callbacks_.Add(only_);
  } else {
    callbacks_ = owner_->FindCallbacks(kind_, message_);
  }
  result_.has_callback = callbacks_.HasCallback();
  return RunFrom(0);
}

inline std::optional<boost::asio::awaitable<void>> EventDispatch::RunFrom(std::size_t index) {
  for (; index < callbacks_.Size() && !rejected_; ++index) {
    Registration& registration = *callbacks_.At(index);
    const bool only_once = registration.once || (kind_ == EventKind::Connect && !registration.shared);
    if (only_once && registration.fired.exchange(true)) continue;
    if (registration.once) owner_->RemoveOnce(registration);
    // Outside of the callback's try block: if memory runs out for the tree, the connection ends.
    if (registration.callback->UsesData()) static_cast<void>(message_.Data());
    if (registration.order == Order::Concurrent) {
      InvokeConcurrently(index);
    } else if (auto callback = Invoke(index)) {
      return AwaitThenContinue(shared_from_this(), index, std::move(*callback));
    }
  }
  OnReturned();
  return std::nullopt;
}

inline std::optional<boost::asio::awaitable<Result>> EventDispatch::Invoke(std::size_t index) {
  try {
    const CallbackPtr& callback = callbacks_.At(index)->callback;
    Outcome outcome = callback->Invoke(callback, owner_->Self(), MessagePtr(shared_from_this(), &message_));
    if (auto* coroutine = std::get_if<1>(&outcome)) return std::move(*coroutine);
    SetResult(index, std::move(std::get<0>(outcome)));
  } catch (...) {
    SetException(index);
  }
  return std::nullopt;
}

inline void EventDispatch::InvokeConcurrently(std::size_t index) {
  // The data is parsed on first use, which two threads must not do at once.
  if (callbacks_.Size() > 1) static_cast<void>(message_.Data());
  ++running_;
  if (callbacks_.At(index)->callback->IsCoroutine()) {
    if (auto callback = Invoke(index)) {
      runner_->Spawn(AwaitConcurrently(shared_from_this(), index, std::move(*callback)), kind_);
    } else {
      OnReturned();
    }
  } else {
    runner_->Post([self = shared_from_this(), index] {
      self->Invoke(index);
      self->OnReturned();
    });
  }
}

inline boost::asio::awaitable<void> EventDispatch::AwaitThenContinue(std::shared_ptr<EventDispatch> self,
                                                                     std::size_t index,
                                                                     boost::asio::awaitable<Result> callback) {
  co_await AwaitResult(self, index, std::move(callback));
  if (auto rest = self->RunFrom(index + 1)) co_await std::move(*rest);
}

inline boost::asio::awaitable<void> EventDispatch::AwaitConcurrently(std::shared_ptr<EventDispatch> self,
                                                                     std::size_t index,
                                                                     boost::asio::awaitable<Result> callback) {
  co_await AwaitResult(self, index, std::move(callback));
  self->OnReturned();
}

inline boost::asio::awaitable<void> EventDispatch::AwaitResult(std::shared_ptr<EventDispatch> self, std::size_t index,
                                                               boost::asio::awaitable<Result> callback) {
  co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::enable_terminal_cancellation());
  co_await boost::asio::this_coro::throw_if_cancelled(true);
  self->runner_->PropagateCancellation();
  try {
    self->SetResult(index, co_await std::move(callback));
  } catch (...) {
    self->SetException(index);
  }
  // Otherwise a cancelled coroutine would throw at its next co_await, and the callbacks behind it would not run.
  co_await boost::asio::this_coro::throw_if_cancelled(false);
}

inline void EventDispatch::SetResult(std::size_t index, Result result) {
  if (Failure* const failure = result.AsFailure()) {
    const bool is_middleware = callbacks_.IsMiddleware(index);
    if (failure->code.empty()) failure->code = is_middleware ? "unauthorized" : "internal";
    if (is_middleware) rejected_ = true;
  }
  if (result.IsEmpty()) return;
  const std::lock_guard lock(mutex_);
  if (has_error_ || index > result_index_) return;
  result_index_ = index;
  result_.result = std::move(result);
}

inline void EventDispatch::SetException(std::size_t index) {
  if (callbacks_.IsMiddleware(index)) rejected_ = true;
  try {
    throw;
  } catch (InvalidPayload& mismatch) {
    SetError({"invalid_payload", mismatch.expected}, std::move(mismatch.path));
  } catch (const boost::system::system_error& error) {
    if (error.code() != boost::system::errc::operation_canceled) owner_->OnCallbackException(message_, error.what());
    SetError({"internal", "the handler failed"});
  } catch (const std::exception& error) {
    owner_->OnCallbackException(message_, error.what());
    SetError({"internal", "the handler failed"});
  } catch (...) {
    owner_->OnCallbackException(message_, "not a std::exception");
    SetError({"internal", "the handler failed"});
  }
}

inline void EventDispatch::SetError(Failure failure, std::string path) {
  const std::lock_guard lock(mutex_);
  if (has_error_) return;
  has_error_ = true;
  result_.result = std::move(failure);
  result_.path = std::move(path);
}

inline void EventDispatch::OnReturned() {
  if (--running_ != 0) return;
  owner_->OnHandled(kind_, message_, std::move(result_));
}

}  // namespace ws::dispatch
