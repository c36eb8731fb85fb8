// The reader and the writer of a link.
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "transport/link.hpp"
#include "transport/stream_io.hpp"

namespace ws::transport {

namespace asio = boost::asio;
using connection::MakeCloseReason;
using protocol::Opcode;

namespace {

constexpr std::size_t max_batch_messages = 64;
constexpr std::size_t max_batch_bytes = std::size_t{256} << 10;
constexpr int max_batches = 8;           // written before other connections get the thread
constexpr int reads_after_failure = 64;  // passes of the reader after a write has failed

}  // namespace

asio::awaitable<void> Link::ReadAsync(std::shared_ptr<Link> self) {
  bool may_read = self->ProcessInput();
  while (self->close_.IsReading()) {
    if (!may_read) {
      self->timers_.OnReadPause(Now());
      self->UpdateTimer();
      co_await self->reader_event_.WaitAsync();
      self->timers_.OnReadResume(Now());
      self->UpdateTimer();
    } else {
      const auto [error, data] = co_await ReadSomeAsync(*self->stream_);
      if (self->CurrentPhase() == Phase::Ended) break;
      if (error) {
        self->Fail(error);
        break;
      }
      self->timers_.OnBytesReceived(Now());
      self->codec_.Feed(data);
    }
    may_read = self->ProcessInput();
  }
}

bool Link::ProcessInput() {
  bool may_read = true;
  for (;;) {
    if (ShouldPauseReading()) {
      codec_.BufferRemainder();
      may_read = false;
      break;
    }
    const Codec::Event event = codec_.Next();
    if (event == Codec::Event::NeedMore) break;
    if (event == Codec::Event::Message) {
      timers_.OnMessageEnd();
      std::string message = codec_.PopMessage();
      if (timers_.HasRateLimit()) timers_.CountMessage(Now(), message.size());
      // After our own Close the input is read only to find the peer's close frame.
      if (CurrentPhase() == Phase::Open && !connection_->Receive(std::move(message), codec_.Type()))
        StartClosing(MakeCloseReason(EndReason::BadMessage));
    } else if (event == Codec::Event::Ping) {
      ping_.OnPing(codec_.ControlPayload());
    } else if (event == Codec::Event::Pong) {
      if (const auto time = ping_.OnPong(codec_.ControlPayload(), Now()))
        connection_->SetRoundTrip(std::chrono::duration_cast<std::chrono::microseconds>(*time));
    } else {
      OnCloseReceived(event);
      break;
    }
  }
  codec_.IsInMessage() ? timers_.OnMessagePart(Now()) : timers_.OnMessageEnd();
  connection_->Deliver();
  if (ping_.HasPong()) writer_event_.Set();
  UpdateTimer();
  return may_read;
}

bool Link::ShouldPauseReading() {
  if (CurrentPhase() != Phase::Open) return false;
  if (timers_.HasRateLimit()) {
    const bool was_over_rate = timers_.IsOverRate();
    if (timers_.UpdateRate(Now())) {
      if (!was_over_rate) connection_->SendError({"rate_limited", "too many messages: the rest is read more slowly"});
      return true;
    }
  }
  return connection_->ShouldPauseReading();
}

void Link::OnCloseReceived(Codec::Event event) {
  close_.OnReceived();
  connection_->Deliver();  // before `disconnect`
  if (event == Codec::Event::Close) {
    StartClosing({EndReason::PeerClose, codec_.CloseCode(), std::string(codec_.ControlPayload()), true, {}});
  } else {
    StartClosing({codec_.Failure(), codec_.CloseCode(), {}, false, {}});
  }
  writer_event_.Set();  // if we closed first, the handshake is complete now
}

asio::awaitable<void> Link::WriteAsync(std::shared_ptr<Link> self) {
  int batches = 0;  // since the last wait
  while (self->CurrentPhase() != Phase::Ended) {
    if (!self->FillBatch()) {
      co_await self->writer_event_.WaitAsync();
      batches = 0;
      continue;
    }
    const Error error = co_await self->WriteBatchAsync();
    // After a failed write there may be unread input: the last messages of the peer, or its close frame.
    for (int left = error ? reads_after_failure : 0; left > 0 && self->CurrentPhase() == Phase::Open; --left)
      co_await asio::post(self->strand_, asio::use_awaitable);
    if (error) self->connection_->BeginClosing();
    self->connection_->CompleteBatch(self->batch_.Messages(), !error);
    if (error) {
      self->Fail(error);
      break;
    }
    if (self->close_.IsComplete()) {
      self->End(true);
    } else if (++batches == max_batches) {
      co_await asio::post(self->strand_, asio::use_awaitable);
      batches = 0;
    }
  }
}

bool Link::FillBatch() {
  batch_.Clear();
  if (close_.IsComplete()) End(true);
  if (close_.HasSent()) return false;
  if (ping_.HasPong()) codec_.WriteFrame(Opcode::Pong, *ping_.PopPong(), batch_.Text());
  if (ping_.IsPingDue()) codec_.WriteFrame(Opcode::Ping, ping_.PopPing(Now()), batch_.Text());
  if (CurrentPhase() == Phase::Open || (close_.IsFlushing() && !timers_.HasFlushTimedOut(Now())))
    connection_->PopBatch(batch_.Messages(), max_batch_messages, max_batch_bytes);
  for (const protocol::Outgoing& message : batch_.Messages()) {
    if (codec_.CanSendFrames()) {
      batch_.Append(*message.frame);
    } else {
      codec_.WriteMessage(message.frame->Type(), message.frame->Payload(), batch_.Text());
    }
  }
  if (close_.ShouldSendClose() && batch_.Messages().empty()) {
    codec_.WriteFrame(Opcode::Close, close_.MakePayload(), batch_.Text());
    close_.OnSent();
  }
  return !batch_.IsEmpty();
}

asio::awaitable<Error> Link::WriteBatchAsync() {
  ByteStream::Buffers left = batch_.MakeBuffers();
  Error error;
  left = batch_.Consume(left, stream_->WriteNow(left, error));
  while (!error && !left.empty()) {
    timers_.OnWriteStart(Now());
    UpdateTimer();
    const auto [write_error, written] = co_await WriteSomeAsync(*stream_, left);
    error = write_error;
    left = batch_.Consume(left, written);
  }
  timers_.OnWriteEnd();
  co_return error;
}

}  // namespace ws::transport
