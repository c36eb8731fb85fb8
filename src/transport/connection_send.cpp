// What a connection sends, and who waits for room.
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include "transport/as_tuple.hpp"
#include "transport/link.hpp"
#include "ws/detail/protocol/envelope_writer.hpp"
#include "ws/detail/protocol/names.hpp"

namespace ws::transport {

namespace asio = boost::asio;
using protocol::Admission;
using protocol::Frame;
using protocol::Outgoing;
using protocol::SendQueue;

void Connection::WakeWriter() {
  if (writer_awake_) return;
  if (link_ != nullptr) Wake(*link_, strand_, &Link::WakeWriter);
  writer_awake_ = true;
}

void Connection::WakeReaderIfRoom() {
  if (held_ == Held::No || queue_.IsCongested()) return;
  if (held_ == Held::Mailbox && !inbound_.HalfDone() && (replies_.IsEmpty() || inbound_.Full(true))) return;
  if (link_ != nullptr) Wake(*link_, strand_, &Link::WakeReader);
  held_ = Held::No;
}

Error Connection::Emit(protocol::FramePtr frame) {
  return Queue(std::move(frame), &SendQueue<Waiter>::Emit);
}

Error Connection::EmitVolatile(protocol::FramePtr frame) {
  if (state_ != State::Open) return Errc::Closed;
  return Queue(std::move(frame), &SendQueue<Waiter>::EmitVolatile);
}

Error Connection::Queue(protocol::FramePtr frame, Push push) {
  Outgoing message{std::move(frame), protocol::Origin::Emit, false};
  Admission admission;
  bool loss = false, made_room = false;
  {
    const std::lock_guard lock(mutex_);
    if (state_ >= State::Closing) return Errc::Closed;
    message.from_callback = IsInside();
    const std::uint64_t dropped = queue_.Dropped();
    admission = (queue_.*push)(std::move(message));
    made_room = admission == Admission::Queued && queue_.Dropped() != dropped;
    loss = queue_.TakeFirstLoss();
    if (admission == Admission::Queued) WakeWriter();
  }
  if (made_room) OfferRoom();
  return Judge(admission, loss);
}

Error Connection::Judge(Admission admission, bool loss) {
  if (loss) Log(LogLevel::Warning, "the write queue is full: messages are lost");
  // Without a transport yet there is nobody to close on: the caller learns of it.
  if (admission == Admission::Overflowed && state_ != State::New)
    Close({EndReason::SlowConsumer, 1013, "too slow", false, {}});
  if (admission == Admission::Queued) return {};
  return admission == Admission::TooLarge ? Errc::TooLarge : Errc::QueueFull;
}

asio::awaitable<Error> Connection::EmitWhenRoom(std::shared_ptr<Connection> self, protocol::FramePtr frame) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  Outgoing message{std::move(frame), protocol::Origin::Waiting, false};
  {
    const std::lock_guard lock(self->mutex_);
    if (self->state_ >= State::Closing) co_return Errc::Closed;
    message.from_callback = self->IsInside();
    const Admission admission = self->queue_.EmitIfRoom(message);
    if (admission == Admission::Queued) self->WakeWriter();
    if (admission != Admission::Waiting) co_return self->Judge(admission, false);
  }
  bool loss = false;
  auto wait = [&](auto handler) {
    const auto keep = self;  // the coroutine may be gone before this returns
    Waiter waiter(executor, std::move(handler));
    std::unique_lock lock(self->mutex_);
    Admission admission = Admission::Queued;
    Error error = Errc::Closed;
    if (self->state_ < State::Closing) {
      const std::uint64_t id = ++self->last_waiter_;
      waiter.OnCancel([weak = std::weak_ptr(self), id] {
        if (const auto connection = weak.lock()) connection->AbandonEmit(id);
      });
      admission = self->queue_.EmitWhenRoom(std::move(message), waiter, id);
      if (admission == Admission::Waiting) return;
      if (admission == Admission::Queued) self->WakeWriter();
      loss = self->queue_.TakeFirstLoss();
      error = admission == Admission::Queued ? Error() : Error(Errc::QueueFull);
    }
    lock.unlock();
    std::move(waiter).Complete([error] { return error; });
  };
  const auto [error] = co_await asio::async_initiate<decltype(as_tuple), void(Error)>(wait, as_tuple);
  if (loss) self->Judge(Admission::Full, true);
  co_return error;
}

void Connection::AbandonEmit(std::uint64_t id) {
  std::optional<Waiter> waiter;
  {
    const std::lock_guard lock(mutex_);
    waiter = queue_.Withdraw(id);
  }
  if (!waiter) return;
  std::move(*waiter).Complete([] { return Error(Errc::Cancelled); });
  OfferRoom();
}

void Connection::OfferRoom() {
  std::vector<Outgoing> none;
  Sent(none, true);
}

void Connection::PushProtocol(std::string text) {
  Outgoing message{std::make_shared<const Frame>(std::move(text), MessageType::Text), protocol::Origin::Protocol,
                   false};
  const std::lock_guard lock(mutex_);
  if (state_ >= State::Closing) return;
  message.from_callback = IsInside();
  queue_.Push(std::move(message));
  WakeWriter();
}

void Connection::Take(std::vector<Outgoing>& batch, std::size_t max_messages, std::size_t max_bytes) {
  const std::lock_guard lock(mutex_);
  queue_.Take(batch, max_messages, max_bytes);
  writer_awake_ = !batch.empty();
}

void Connection::Sent(std::vector<Outgoing>& batch, bool lost) {
  std::vector<Waiter> admitted;
  dispatch::CallbackPtr on_drain;
  std::shared_ptr<dispatch::Mailbox> mailbox;
  {
    const std::lock_guard lock(mutex_);
    if (!lost) {
      counted_.messages_out += batch.size();
      for (const Outgoing& message : batch) counted_.bytes_out += message.Size();
    }
    queue_.Sent(batch);
    if (state_ < State::Closing) {  // then RefuseWaiters has them
      while (auto next = queue_.Admit()) admitted.push_back(std::move(next->waiter));
    }
    mailbox = LockedMailbox();
    // Behind its end a client's next connection tells.
    if (mailbox && state_ < State::Ended && queue_.TakeDrained()) on_drain = on_drain_;
    WakeReaderIfRoom();
  }
  for (Waiter& waiter : admitted) std::move(waiter).Complete([] { return Error(); });
  if (!mailbox) return;
  mailbox->Wake();
  if (!on_drain) return;
  auto registration = std::make_shared<dispatch::Registration>();
  registration->callback = std::move(on_drain);
  auto drained = std::make_shared<dispatch::Exchange>(dispatch::Delivery::Drain, "drain", Json());
  drained->Only(std::move(registration));
  mailbox->RunBeside(std::move(drained));
}

void Connection::InheritDrain(Connection& earlier) {
  const std::scoped_lock lock(mutex_, earlier.mutex_);
  queue_.InheritDrained(earlier.queue_);
}

void Connection::DropQueue() {
  const std::lock_guard lock(mutex_);
  queue_.Clear();
}

}  // namespace ws::transport
