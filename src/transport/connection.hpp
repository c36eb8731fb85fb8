// What a Handler refers to: the state of one connection, whether or not it runs.
#pragma once

#include <any>
#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "transport/completion.hpp"
#include "transport/roster.hpp"
#include "transport/wait_list.hpp"
#include "ws/close_reason.hpp"
#include "ws/detail/dispatch/event_table.hpp"
#include "ws/detail/dispatch/mailbox.hpp"
#include "ws/detail/protocol/envelope.hpp"
#include "ws/detail/protocol/inbound_bound.hpp"
#include "ws/detail/protocol/reply_table.hpp"
#include "ws/detail/protocol/send_queue.hpp"
#include "ws/http.hpp"
#include "ws/message.hpp"
#include "ws/options.hpp"
#include "ws/reply.hpp"
#include "ws/stats.hpp"

namespace ws::transport {

class Link;

// Runs `use` on the link's strand, if the link still lives then.
void PostTo(Link& link, const boost::asio::any_io_executor& strand, std::function<void(Link&)> use);
// The same for what is as well done a little later, together with others.
void Wake(Link& link, const boost::asio::any_io_executor& strand, void (Link::*what)());

// Whether it is an end of ours in peace: what is queued still leaves, and what waits for a callback is discarded.
constexpr bool IsGraceful(EndReason reason) noexcept {
  return reason == EndReason::LocalClose || reason == EndReason::Shutdown || reason == EndReason::Unauthorized;
}

// Holds what outlives the sockets: queue, callbacks, requests. The Link does the I/O while there is any; verbs
// reach it by posting to its strand. Every member is safe from any thread, but those that say "strand". No lock is
// held while foreign code runs or is destroyed.
class Connection final : public dispatch::MailboxOwner, public std::enable_shared_from_this<Connection> {
 public:
  // The options were checked, and are shared with others of the route.
  explicit Connection(std::shared_ptr<const Options> options);
  ~Connection() override;

  // Registration.
  CallbackId On(std::string_view event, dispatch::CallbackPtr callback, Order order, bool once);
  dispatch::EventTable& Table() noexcept { return table_; }
  // On a table of several connections; a `connect` whose turn has passed on this one is told of it once more.
  CallbackId OnShared(dispatch::EventTable& table, std::string_view event, dispatch::CallbackPtr callback, Order order,
                      bool once);
  void OnDrain(dispatch::CallbackPtr callback);
  // What OnDrain was still to tell of an earlier connection, this one tells when it can.
  void InheritDrain(Connection& earlier);

  // Sending. Names are checked and data is serialised before.
  Error Emit(protocol::FramePtr frame);
  Error EmitVolatile(protocol::FramePtr frame);
  static boost::asio::awaitable<Error> EmitWhenRoom(std::shared_ptr<Connection> self, protocol::FramePtr frame);
  using ReplyWaiter = std::variant<Completion<ws::Reply>, std::function<void(ws::Reply)>>;
  // A request, serialised.
  struct Question {
    std::uint64_t id = 0;
    protocol::FramePtr frame = {};
    Error error = {};  // InvalidEvent
  };
  // Ids are unique in the process, so that one question may be asked of many.
  static Question Prepare(std::string_view event, const Json& data);
  // The waiter gets a reply in every case.
  void Ask(Question question, std::chrono::milliseconds timeout, ReplyWaiter waiter);
  // Its waiter gets Cancelled, if it still waits.
  void AbandonRequest(std::uint64_t id);
  static boost::asio::awaitable<ws::Reply> AskAndWait(std::shared_ptr<Connection> self, Question question,
                                                      std::chrono::milliseconds timeout);

  // Ending.
  void Close(CloseReason reason);
  static boost::asio::awaitable<Error> UntilEnded(std::shared_ptr<Connection> self);
  static boost::asio::awaitable<Error> UntilOver(std::shared_ptr<Connection> self);
  // Ends at once, and cancels coroutine callbacks that outstay the end.
  void Abort();
  // Whether the caller is one of its callbacks.
  bool IsCalling() const {
    const std::lock_guard lock(mutex_);
    return calling_ == this || IsInside();
  }
  // The code it ended with, once it has.
  std::uint16_t EndCode() const noexcept { return end_code_; }
  // Whether the connection, whose transport has not ended, will tell this list of its end. Once a list.
  bool Enlist(std::weak_ptr<Roster> roster);
  void Delist(const std::weak_ptr<Roster>& roster);
  // Lets go of `keep` when all is over. Before Attach.
  void Keep(std::shared_ptr<void> keep) { keep_ = std::move(keep); }

  // Facts.
  std::uint64_t Id() const noexcept { return id_; }
  const Options& Settings() const noexcept { return *options_; }
  const HttpRequest& Handshake() const noexcept;
  const Json& Identity() const noexcept;
  const std::string& Subprotocol() const noexcept;
  bool IsOpen() const noexcept { return state_ == State::Open; }
  bool IsClosing() const noexcept { return state_ >= State::Closing; }
  bool HasEnded() const noexcept { return state_ >= State::Ended; }
  ConnectionStats Stats() const;
  std::any& DataSlot(std::any (*make)());
  void Log(LogLevel level, std::string_view text, std::string_view detail = {}) const;
  // Where callbacks run that wait for no turn.
  boost::asio::any_io_executor Pool() const;

  // For the link, on its strand. Attach throws where there is or was a link; false where Close came before it.
  bool Attach(Link& link, boost::asio::any_io_executor strand, HttpRequest handshake);
  // What the checks before the 101 found.
  void Admit(Json identity, std::string subprotocol);
  void Open();
  // Delivers `connect`.
  void Connect();
  enum class Received { Fine, TooManyMalformed };
  Received Receive(std::string text, MessageType type);
  // Tells the peer, if it was not told of something else a moment ago.
  void Warn(const Failure& failure) { SendError(failure); }
  // Hands what Receive gathered to the callbacks.
  void Deliver();
  // True: reading must stop until the link is woken.
  bool Hold();
  // Nothing taken: the writer is woken when that changes.
  void Take(std::vector<protocol::Outgoing>& batch, std::size_t max_messages, std::size_t max_bytes);
  // The batch has left, or was lost with the transport. From any thread, as ExpireRequests.
  void Sent(std::vector<protocol::Outgoing>& batch, bool lost = false);
  // No verb is accepted any more.
  void BeginClosing();
  void DropQueue();
  void RoundTrip(std::chrono::microseconds time) noexcept { round_trip_ = time.count(); }
  // Fails requests whose deadline has passed; answers `next` or the next deadline, whichever is sooner.
  std::chrono::steady_clock::time_point ExpireRequests(std::chrono::steady_clock::time_point now,
                                                       std::chrono::steady_clock::time_point next);
  // The transport has ended; `abandoned` where its context is being destroyed.
  void End(const CloseReason& reason, bool abandoned = false);

 private:
  enum class State : std::uint8_t { New, Opening, Open, Closing, Ended, Over };
  enum class Held : std::uint8_t { No, Queue, Mailbox };
  using Waiter = Completion<Error>;

  // A request that waits for its reply.
  struct Asked {
    ReplyWaiter waiter;
    std::weak_ptr<const protocol::Frame> frame;  // what may still be queued
  };
  // What the end takes out of the connection, to be completed and destroyed under no lock.
  struct Leftovers {
    const boost::asio::execution_context* dying = nullptr;
    bool pool_dies = false;
    std::map<std::uint64_t, Waiter> ended = {}, over = {};
    dispatch::CallbackPtr on_drain = {};
    std::shared_ptr<void> keep = {};
    std::vector<std::weak_ptr<Roster>> rosters = {};

    bool IsDying(const boost::asio::any_io_executor& executor) const;
    template <class Value>
    bool IsDying(const Completion<Value>& waiter) const {
      return dying != nullptr && waiter.RunsOn(*dying);
    }
    void Complete(Waiter waiter, Error error) const noexcept;
  };

  // MailboxOwner
  bool MayStart() override;
  dispatch::ConnectionPtr Self() override { return shared_from_this(); }
  dispatch::Listeners Find(dispatch::Delivery delivery, const Message& message) override;
  void Forget(const dispatch::Registration& registration) override;
  void Answered(dispatch::Delivery delivery, const Message& message, dispatch::Answer answer) override;
  void Discarded(const Message& message) override { Release(message.Size()); }
  void Broke() noexcept override;
  void Threw(const Message& message, std::string_view what) override;
  std::shared_ptr<const dispatch::Registrations> FindRaw() const;

  using Push = protocol::Admission (protocol::SendQueue<Waiter>::*)(protocol::Outgoing);
  Error Queue(protocol::FramePtr frame, Push push);
  Error Judge(protocol::Admission admission, bool loss);
  // `text` was begun by Frame::Begin.
  void PushProtocol(std::string text);
  void AbandonEmit(std::uint64_t id);
  // Something else than the writer made room: tells whoever waits for it.
  void OfferRoom();
  void AbandonWait(WaitList Connection::*list, std::uint64_t id);
  // Tells who waits for room that there will be none, and who waits for a reply, that it does not come.
  void RefuseWaiters(const Leftovers& end);
  void RefuseRequests(const Leftovers& end);
  // While the connection is not over, so that the pool lives.
  void Answer(ReplyWaiter waiter, std::function<ws::Reply()> make);
  // Tells the waiter of the request that `take` finds, and takes out of the queue what was not sent yet; whether there
  // was one.
  template <class TakeRequest>
  bool FailRequest(TakeRequest take, Errc error);
  void Call(const std::function<void(ws::Reply)>& callback, const std::function<ws::Reply()>& make) const;
  static boost::asio::awaitable<Error> Wait(std::shared_ptr<Connection> self, WaitList Connection::*list, State state);

  // The envelope's views point into `text`, so it must not have moved.
  void Dispatch(std::string&& text, MessageType type, const protocol::Envelope& envelope, std::string_view bytes);
  // On the strand, with mutex_ held.
  void CountArrived();
  void Enqueue(dispatch::Mailbox::ExchangePtr exchange);
  void Resolve(const protocol::Envelope& ack);
  void SendError(const Failure& failure, std::string_view event = {}, std::string_view path = {});
  void SendReply(const Message& message, dispatch::Answer& answer);
  void Acknowledge(std::string_view id, std::string_view event, const Json& data);
  void PushReply(std::string payload, std::string_view id, std::string_view event);
  void Refuse(std::string_view id, std::string_view event, const Failure& failure, std::string_view path = {});
  void Release(std::size_t bytes);
  // Whether `disconnect` has a callback.
  bool HearsOfEnd() const;
  void Finish(const boost::asio::execution_context* dying = nullptr);

  // With mutex_ held. The link's strand must not be touched once the link is gone.
  bool IsInside() const { return mailbox_ && mailbox_->IsInside(); }
  dispatch::Listeners FindLifecycle(dispatch::Delivery delivery) const;
  void TellOfConnect(const std::shared_ptr<dispatch::Registration>& registration);
  boost::asio::any_io_executor LockedPool() const;
  const std::shared_ptr<dispatch::Mailbox>& LockedMailbox();
  void LockedAnswer(ReplyWaiter waiter, std::function<ws::Reply()> make, bool before_disconnect = true);
  void WatchUnopened(std::chrono::steady_clock::time_point deadline);
  void UnwatchUnopened();
  void WakeWriter();
  void WakeReaderIfRoom();
  static void DropFrom(const std::vector<std::weak_ptr<Roster>>& rosters, const Connection& self) noexcept;
  template <class Use>
  void PostToLink(Use use);

  inline static thread_local const Connection* calling_ = nullptr;  // whose request's callback the thread is in

  const std::shared_ptr<const Options> options_;
  const std::uint64_t id_;
  dispatch::EventTable table_;
  HttpRequest handshake_;  // not written after state_ has left New
  Json identity_;          // these two not after admitted_ is set
  std::string subprotocol_;
  std::atomic<bool> admitted_ = false;
  std::atomic<State> state_ = State::New;  // written under mutex_
  std::atomic<std::uint16_t> end_code_ = 0;
  std::atomic<bool> discards_ = false;  // what waits for a callback: we have closed

  mutable std::mutex mutex_;
  Link* link_ = nullptr;  // while the transport lives; what it holds of executors goes with it
  boost::asio::any_io_executor strand_;
  std::shared_ptr<dispatch::Mailbox> mailbox_;
  protocol::SendQueue<Waiter> queue_;
  protocol::ReplyTable<Asked> replies_;
  protocol::InboundBound inbound_;
  bool writer_awake_ = true;  // until it first finds nothing
  Held held_ = Held::No;      // where the reader waits for room
  bool connected_ = false;    // `connect` was delivered, so `disconnect` will be
  bool connect_begun_ = false;
  std::chrono::steady_clock::time_point watched_until_{};
  std::uint64_t last_waiter_ = 0;
  WaitList until_ended_, until_over_;
  std::vector<std::weak_ptr<Roster>> rosters_;
  dispatch::CallbackPtr on_drain_;
  std::any data_;
  std::weak_ptr<boost::asio::steady_timer> unopened_;  // for requests made before there is a link
  std::shared_ptr<void> keep_;
  std::optional<std::chrono::steady_clock::time_point> last_error_;
  ConnectionStats counted_;

  // Strand only.
  std::vector<dispatch::Mailbox::ExchangePtr> received_;
  struct Arrived {
    std::uint64_t messages = 0, bytes = 0;
    std::size_t waiting_messages = 0, waiting_bytes = 0;  // for callbacks
  };
  Arrived arrived_;  // since the last CountArrived: one lock for several messages
  unsigned malformed_ = 0;

  std::atomic<std::int64_t> round_trip_ = -1;  // microseconds
};

template <class Use>
void Connection::PostToLink(Use use) {
  if (link_ != nullptr) PostTo(*link_, strand_, std::move(use));
}

}  // namespace ws::transport
