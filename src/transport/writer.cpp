// The write coroutine: all that waits leaves in one write.
#include <algorithm>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "transport/as_tuple.hpp"
#include "transport/link.hpp"
#include "ws/detail/protocol/close_frame.hpp"

namespace ws::transport {

namespace asio = boost::asio;
using protocol::Opcode;

namespace {

constexpr std::size_t max_batch_messages = 64;
constexpr std::size_t max_batch_bytes = std::size_t{256} << 10;
constexpr std::size_t copied_bytes = 4096;  // larger messages are sent from where they lie
constexpr std::size_t kept_bytes = 4096;    // of the output buffer, while idle
constexpr int turn = 8;                     // batches before other connections get the thread
constexpr int last_turns = 64;              // of the reader, after a write that failed

}  // namespace

asio::awaitable<void> Link::Write(std::shared_ptr<Link> self) {
  int batches = 0;  // since it waited
  while (self->phase_ != Phase::Ended) {
    if (!self->Gather()) {
      co_await self->writer_gate_.Wait();
      batches = 0;
      continue;
    }
    const Error error = co_await self->WriteAll();
    // What the peer said before it was gone, its close frame at best, may lie there unread.
    for (int left = error ? last_turns : 0; left > 0 && self->phase_ == Phase::Open; --left)
      co_await asio::post(self->strand_, asio::use_awaitable);
    if (error) self->connection_->BeginClosing();  // nobody is to be let into a queue that goes nowhere
    self->connection_->Sent(self->batch_, error.failed());
    if (error) {
      self->Fail(error);
      break;
    }
    if (self->close_sent_ && (self->close_received_ || !self->graceful_)) {
      self->End(true);
    } else if (++batches == turn) {
      co_await asio::post(self->strand_, asio::use_awaitable);
      batches = 0;
    }
  }
}

bool Link::Gather() {
  if (output_.capacity() > kept_bytes) std::string().swap(output_);
  output_.clear();
  pieces_.clear();
  if (close_sent_) {
    if (close_received_) End(true);
    return false;
  }
  if (pong_) AppendControl(Opcode::Pong, *std::exchange(pong_, std::nullopt));
  if (std::exchange(ping_due_, false)) {
    ping_sent_ = Now();
    AppendControl(Opcode::Ping, std::to_string(++ping_number_));
  }
  const bool flushing = graceful_ && !close_received_ && !flush_.HasPassed(Now());
  if (phase_ == Phase::Open || flushing) connection_->Take(batch_, max_batch_messages, max_batch_bytes);
  for (const protocol::Outgoing& message : batch_) Append(message);
  if (phase_ == Phase::Closing && batch_.empty()) {
    AppendControl(Opcode::Close, protocol::MakeClosePayload(reason_.code, reason_.by_peer ? "" : reason_.text));
    close_sent_ = true;
  }
  FillBuffers();
  return !buffers_.empty();
}

// Only when output_ has stopped growing.
void Link::FillBuffers() {
  buffers_.clear();
  std::size_t begin = 0;
  for (const Piece& piece : pieces_) {
    if (begin != piece.end) buffers_.push_back(asio::buffer(output_.data() + begin, piece.end - begin));
    buffers_.push_back(asio::buffer(piece.frame->Whole()));
    begin = piece.end;
  }
  if (begin != output_.size()) buffers_.push_back(asio::buffer(output_.data() + begin, output_.size() - begin));
}

void Link::Append(const protocol::Outgoing& message) {
  const protocol::Frame& frame = *message.frame;
  if (!codec_.WritesFrames()) {
    codec_.WriteMessage(frame.Type(), frame.Payload(), output_);
  } else if (message.Size() <= copied_bytes) {
    output_ += frame.Whole();
  } else {
    pieces_.push_back({output_.size(), &frame});
  }
}

void Link::AppendControl(Opcode opcode, std::string_view payload) {
  codec_.WriteFrame(opcode, payload, output_);
}

asio::awaitable<Error> Link::WriteAll() {
  ByteStream::Buffers left(buffers_);
  auto write = [this, &left](auto handler) { stream_->AsyncWriteSome(left, std::move(handler)); };
  Error error;
  Skip(left, stream_->WriteNow(left, error));
  while (!error && !left.empty()) {
    write_.Start(Now());
    RearmTimer();
    std::size_t written = 0;
    std::tie(error, written) =
        co_await asio::async_initiate<decltype(as_tuple), void(Error, std::size_t)>(write, as_tuple);
    Skip(left, written);
  }
  write_.Stop();
  co_return error;
}

// A buffer written in part is shortened in place.
void Link::Skip(ByteStream::Buffers& left, std::size_t written) {
  while (written != 0 && written >= left.front().size()) {
    written -= left.front().size();
    left = left.subspan(1);
  }
  if (written != 0) buffers_[buffers_.size() - left.size()] += written;
}

}  // namespace ws::transport
