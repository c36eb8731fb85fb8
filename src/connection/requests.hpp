// The requests of a connection to its peer.
#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "connection/completion.hpp"
#include "ws/detail/protocol/frame.hpp"
#include "ws/detail/protocol/pending_requests.hpp"
#include "ws/json.hpp"
#include "ws/reply.hpp"

namespace ws::connection {

// A request that is serialised and not sent yet.
struct PreparedRequest {
  std::uint64_t id = 0;
  protocol::FramePtr frame = {};
  Error error = {};  // InvalidEvent
};

// Ids are unique in the process, so that one request can be sent to several connections.
PreparedRequest PrepareRequest(std::string_view event, const Json& data);

// Gets the reply of a request: a coroutine or a callback.
using ReplyWaiter = std::variant<Completion<Reply>, std::function<void(Reply)>>;
// Makes the reply on the thread that gets it, because parsing a large one takes time.
using MakeReply = std::function<Reply()>;

// A reply as it was received: JSON texts. `error` is empty on success.
struct ReceivedReply {
  std::string data, error;

  std::size_t Size() const noexcept { return data.size() + error.size(); }
  Reply Parse() const;
};

// Interface of the connection that sends the requests.
class RequestHost {
 public:
  // Queues a request. Errors: Closed, QueueFull, TooLarge.
  virtual Error QueueRequest(protocol::FramePtr frame) = 0;
  // Removes a request from the queue if it has not been sent.
  virtual void RemoveQueuedRequest(const protocol::FramePtr& frame) = 0;
  // Calls Requests::Expire at this time or earlier.
  virtual void WatchDeadline(std::chrono::steady_clock::time_point deadline) = 0;
  // Gives the waiter of an open request its reply, on the executor of the waiter.
  virtual void CompleteRequest(ReplyWaiter waiter, MakeReply make) = 0;
  // Like CompleteRequest, with an error.
  virtual void RejectRequest(ReplyWaiter waiter, Error error) = 0;

 protected:
  ~RequestHost() = default;
};

// Sends requests and gives each waiter its reply, once: the peer's, or an error. Thread-safe. Its lock is held while a
// failed request is completed, so that the connection cannot finish in between; it is taken before the connection's.
class Requests {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // The host outlives this object.
  Requests(RequestHost& host, std::size_t max_open) : host_(host), table_(max_open) {}

  // Errors are given to the waiter: InvalidEvent, TooManyRequests, Closed, QueueFull, TooLarge.
  void Send(PreparedRequest request, Time deadline, ReplyWaiter waiter);
  // Removes the request with this id and returns its waiter. Returns nullopt if it is not open any more.
  std::optional<ReplyWaiter> Resolve(std::uint64_t id);
  void Cancel(std::uint64_t id);
  // Fails the requests whose deadline has passed. Returns `next` or the next deadline, whichever is earlier: the time
  // at which the caller calls again.
  Time Expire(Time now, Time next);
  // Fails all present and future requests with Closed. Drops the waiters for which `should_drop` returns true.
  void FailAll(const std::function<bool(const ReplyWaiter&)>& should_drop);

  bool AnyOpen() const noexcept { return open_ != 0; }

 private:
  struct Pending {
    ReplyWaiter waiter;
    std::weak_ptr<const protocol::Frame> frame;  // to remove it from the write queue
  };

  // With mutex_ held.
  std::optional<Pending> Counted(std::optional<Pending> removed) noexcept;
  // Completes the request that `remove` returns, and removes it from the queue. Returns false if there is none.
  template <class RemovePending>
  bool Fail(RemovePending remove, Error error);

  RequestHost& host_;
  std::mutex mutex_;
  protocol::PendingRequests<Pending> table_;
  std::atomic<std::size_t> open_ = 0;
  Time watched_until_ = Time::max();  // Expire will be called at this time
  bool ended_ = false;
};

// Calls back at a deadline before a connection is open. Afterwards the link's timer does this. Not thread-safe.
class RequestTimer {
 public:
  using Time = Requests::Time;

  using Timer = std::shared_ptr<boost::asio::steady_timer>;

  // Replaces a later deadline. An earlier one stays. The callback must call Disarm first.
  void Arm(const boost::asio::any_io_executor& executor, Time deadline,
           std::function<void(const Timer& expired)> on_expired);
  // This timer has expired, so a later Arm starts a new one.
  void Disarm(const Timer& expired) noexcept {
    if (timer_.lock() == expired) timer_.reset();
  }
  void Cancel();

 private:
  // The timer is owned by its own wait, so that this object touches no executor that has ended.
  std::weak_ptr<boost::asio::steady_timer> timer_;
};

}  // namespace ws::connection
