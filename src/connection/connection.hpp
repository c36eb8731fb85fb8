// One connection, whether or not it has a transport.
#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connection/callback_lookup.hpp"
#include "connection/callback_runner.hpp"
#include "connection/handshake_info.hpp"
#include "connection/inbox.hpp"
#include "connection/lifecycle.hpp"
#include "connection/link_control.hpp"
#include "connection/outbox.hpp"
#include "connection/pending_completions.hpp"
#include "connection/receive_batch.hpp"
#include "connection/reply_writer.hpp"
#include "connection/requests.hpp"
#include "connection/user_data.hpp"
#include "ws/detail/protocol/envelope.hpp"
#include "ws/options.hpp"

namespace ws::connection {

// Holds the state that outlives a socket: write queue, requests, callbacks, membership. The link does the I/O; verbs
// reach it through LinkControl. Thread-safe, but for the functions of the link, which are called on its strand. No
// application code runs, and none is destroyed, under the lock.
class Connection final : public dispatch::MailboxOwner,
                         private RequestHost,
                         public std::enable_shared_from_this<Connection> {
 public:
  using Waiter = Completion<Error>;

  // The options have been checked. The connections of a route share them.
  explicit Connection(std::shared_ptr<const Options> options);
  ~Connection() override;

  // Registers a callback. A callback of `connect` that comes late is called at once.
  CallbackId On(std::string_view event, dispatch::CallbackPtr callback, Order order, bool once);
  // Registers a callback in a table that this connection shares with others.
  CallbackId OnShared(dispatch::EventTable& table, std::string_view event, dispatch::CallbackPtr callback, Order order,
                      bool once);
  dispatch::EventTable& Callbacks() noexcept { return callbacks_.Own(); }
  void OnDrain(dispatch::CallbackPtr callback);
  // Takes over a pending drain notification from the previous connection of a client.
  void TakeOverDrained(Connection& earlier);

  // Queues a message. The caller has checked the event's name.
  Error Emit(protocol::FramePtr frame) { return Push(std::move(frame), &Outbox<Waiter>::Emit); }
  Error EmitVolatile(protocol::FramePtr frame);
  // Returns nullopt if the caller must wait for room. See EmitAsync in async_verbs.hpp.
  std::optional<Error> EmitIfRoom(const protocol::FramePtr& frame);
  // Completes the waiter when the message has been queued.
  void EmitWhenRoom(protocol::FramePtr frame, Waiter waiter);
  // The waiter gets a reply in every case, also if the request cannot be sent. A timeout of zero is
  // Options::request_timeout.
  void SendRequest(PreparedRequest request, std::chrono::milliseconds timeout, ReplyWaiter waiter);
  // Completes the request with Cancelled, if it still waits.
  void CancelRequest(std::uint64_t id) { requests_.Cancel(id); }

  // Starts to close. If it is called again, the first reason counts.
  void Close(CloseReason reason);
  // Ends the transport at once, and cancels the coroutine callbacks that run.
  void Abort();
  // Keeps an object alive until the connection has finished. Called before Attach.
  void RetainUntilFinished(std::shared_ptr<void> object) { retained_ = std::move(object); }
  // True if the caller is one of this connection's callbacks.
  bool RunningInThisThread() const;

  std::uint64_t Id() const noexcept { return id_; }
  const Options& Settings() const noexcept { return *options_; }
  const HandshakeInfo& Handshake() const noexcept { return handshake_; }
  Lifecycle<Waiter>& Life() noexcept { return lifecycle_; }
  UserData& Data() noexcept { return user_data_; }
  bool IsOpen() const noexcept { return lifecycle_.Current() == State::Open; }
  bool IsClosing() const noexcept { return lifecycle_.Current() >= State::Closing; }
  bool IsDisconnected() const noexcept { return lifecycle_.Current() >= State::Disconnected; }
  // The close code with which it ended.
  std::uint16_t EndCode() const noexcept { return end_code_; }
  ConnectionStats Stats() const;
  void Log(LogLevel level, std::string_view text, std::string_view detail = {}) const;

  // For the link, on its strand.

  // Returns false if the connection was closed before. Throws std::logic_error if it has or had a link.
  bool Attach(LinkControl& link, boost::asio::any_io_executor strand, HttpRequest request);
  void SetHandshakeResult(Json identity, std::string subprotocol) {
    handshake_.SetResult(std::move(identity), std::move(subprotocol));
  }
  void OnOpened();
  void DeliverConnect();
  // Handles a message. Returns false if too many malformed messages came in a row.
  bool Receive(std::string text, MessageType type);
  // Hands the messages of Receive to the callbacks.
  void Deliver();
  // Returns true if reading must pause until the link is woken.
  bool ShouldPauseReading();
  // Sends an `error` event, at most one a second.
  void SendError(const Failure& failure) { Send(reply_writer_.Error({}, {}, failure), {}); }
  // Moves queued messages into the batch. If there are none, the writer is woken when a message is queued.
  void PopBatch(std::vector<protocol::Outgoing>& batch, std::size_t max_messages, std::size_t max_bytes);
  // The batch has been sent, or was lost with the transport. May be called on any thread.
  void CompleteBatch(std::vector<protocol::Outgoing>& batch, bool was_sent);
  // No message is accepted any more.
  void BeginClosing();
  void DropQueue();
  void SetRoundTrip(std::chrono::microseconds time) noexcept { round_trip_ = time.count(); }
  // Fails the requests whose deadline has passed. Returns `next` or the next deadline, whichever is earlier.
  Requests::Time ExpireRequests(Requests::Time now, Requests::Time next) { return requests_.Expire(now, next); }
  void OnDisconnected(const CloseReason& reason);
  // The link's context is destroyed under an open connection: callbacks are not called any more.
  void OnAbandoned();

 private:
  using Queued = Outbox<Waiter>::Queued;

  // dispatch::MailboxOwner
  bool CanStart() override;
  dispatch::ConnectionPtr Self() override { return shared_from_this(); }
  dispatch::CallbackList FindCallbacks(dispatch::EventKind kind, const Message& message) override;
  void RemoveOnce(const dispatch::Registration& registration) override { callbacks_.RemoveOnce(registration); }
  void OnHandled(dispatch::EventKind kind, const Message& message, dispatch::DispatchResult result) override;
  void OnCallbackException(const Message& message, std::string_view what) override;
  void OnFailure() override;
  void OnDiscarded(const Message& message) override { Release(message.Size()); }

  // RequestHost
  Error QueueRequest(protocol::FramePtr frame) override;
  void RemoveQueuedRequest(const protocol::FramePtr& frame) override;
  void WatchDeadline(Requests::Time deadline) override;
  void CompleteRequest(ReplyWaiter waiter, MakeReply make) override;
  void RejectRequest(ReplyWaiter waiter, Error error) override;

  Error Push(protocol::FramePtr frame, Queued (Outbox<Waiter>::*queue)(protocol::Outgoing));
  Error ToError(const Queued& queued);
  void Send(const Answer& answer, std::string_view event);
  void CancelEmit(std::uint64_t id);
  // Called when the queue has room for another reason than a sent batch. Admits waiters like CompleteBatch.
  void OnRoomAvailable();
  void RejectEmitWaiters(const PendingCompletions& completions);
  void ResolveRequest(const protocol::Envelope& ack);
  void CallBack(const std::function<void(Reply)>& callback, const MakeReply& make) const;
  void Release(std::size_t bytes);
  // True if `disconnect` has callbacks, or the table holds others, which are destroyed on the pool.
  bool NeedsMailboxToFinish() const;
  // Ends everything that needs the transport. Returns false if that was done before.
  bool Disconnect(std::uint16_t code, const boost::asio::execution_context* ending);
  void Finish(const boost::asio::execution_context* ending);

  // With mutex_ held.
  void RunRequestCallback(std::function<void(Reply)> callback, MakeReply make, bool delays_disconnect);
  protocol::Outgoing MakeOutgoing(protocol::FramePtr frame) const;
  void OnQueued(const Queued& queued);
  void WakeReaderIfRoom();

  inline static thread_local const Connection* calling_ = nullptr;  // runs a request's callback in this thread

  const std::shared_ptr<const Options> options_;
  const std::uint64_t id_;
  const ReplyWriter reply_writer_;
  CallbackLookup callbacks_;
  HandshakeInfo handshake_;
  Lifecycle<Waiter> lifecycle_;  // states are reached with mutex_ held
  UserData user_data_;
  Requests requests_;
  std::atomic<std::uint16_t> end_code_ = 0;
  std::atomic<bool> discards_ = false;         // we closed deliberately: waiting messages are discarded
  std::atomic<std::int64_t> round_trip_ = -1;  // microseconds

  mutable std::mutex mutex_;
  LinkControl* link_ = nullptr;  // valid while the lock is held
  CallbackRunner runner_;
  Outbox<Waiter> outbox_;
  Inbox inbox_;
  std::uint64_t last_waiter_ = 0;
  RequestTimer unopened_timer_;  // for requests before the connection is open
  dispatch::CallbackPtr on_drain_;
  std::shared_ptr<void> retained_;

  ReceiveBatch received_;  // used on the link's strand
};

}  // namespace ws::connection
