// The read coroutine: bytes to messages, until the end or for want of room.
#include <boost/asio/async_result.hpp>
#include <charconv>

#include "transport/as_tuple.hpp"
#include "transport/link.hpp"

namespace ws::transport {

namespace asio = boost::asio;

asio::awaitable<void> Link::Read(std::shared_ptr<Link> self) {
  auto read = [stream = self->stream_.get()](auto handler) { stream->AsyncRead(std::move(handler)); };
  bool all = self->Digest();
  while (self->phase_ != Phase::Ended && !self->close_received_) {
    if (!all) {
      self->HoldReading(true);
      co_await self->reader_gate_.Wait();
      self->HoldReading(false);
    } else {
      const auto [error, data] =
          co_await asio::async_initiate<decltype(as_tuple), void(Error, std::string_view)>(read, as_tuple);
      // No suspension from here to the end of Digest: `data` is the thread's.
      if (self->phase_ == Phase::Ended) break;
      if (error) {
        self->Fail(error);
        break;
      }
      self->heartbeat_.Heard(Now());
      self->codec_.Feed(data);
    }
    all = self->Digest();
  }
}

bool Link::Digest() {
  bool all = true;
  for (;;) {
    if (phase_ == Phase::Open && (IsTooFast() || connection_->Hold())) {
      codec_.Keep();
      all = false;
      break;
    }
    const Codec::Event event = codec_.Next();
    if (event == Codec::Event::NeedMore) break;
    if (event == Codec::Event::Message) {
      message_.Stop();  // the next one has a clock of its own
      std::string message = codec_.TakeMessage();
      if (rate_.Limits()) rate_.Count(Now(), message.size());
      // What comes after our own Close is read only to find the peer's close frame.
      if (phase_ == Phase::Open &&
          connection_->Receive(std::move(message), codec_.Type()) == Connection::Received::TooManyMalformed) {
        Close({EndReason::BadMessage, 1008, "too many malformed messages", false, {}});
      }
    } else if (event == Codec::Event::Ping) {
      pong_ = codec_.Control();
    } else if (event == Codec::Event::Pong) {
      OnPong(codec_.Control());
    } else {
      close_received_ = true;  // nothing is read after it, whatever it was
      connection_->Deliver();  // before `disconnect`
      OnClose(event);
      break;
    }
  }
  if (codec_.InMessage()) {
    message_.StartOnce(Now());
  } else {
    message_.Stop();
  }
  connection_->Deliver();
  if (pong_) writer_gate_.Open();
  RearmTimer();
  return all;
}

bool Link::IsTooFast() {
  if (!rate_.Limits()) return false;
  const bool told = std::exchange(slowed_, rate_.ReadyAt() > Now());
  if (slowed_ && !told) connection_->Warn({"rate_limited", "too much at once: the rest is read more slowly"});
  return slowed_;
}

void Link::OnPong(std::string_view payload) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(payload.data(), payload.data() + payload.size(), number);
  if (error != std::errc() || end != payload.data() + payload.size() || number != ping_number_) return;
  connection_->RoundTrip(std::chrono::duration_cast<std::chrono::microseconds>(Now() - ping_sent_));
}

void Link::OnClose(Codec::Event event) {
  if (event == Codec::Event::Close) {
    Close({EndReason::PeerClose, codec_.CloseCode(), std::string(codec_.Control()), true, {}});
  } else {
    Close({codec_.Failure(), codec_.CloseCode(), {}, false, {}});
  }
  writer_gate_.Open();  // a close of ours that waited for the peer's has it now
}

void Link::HoldReading(bool held) {
  const protocol::Time now = Now();
  if (held) {
    heartbeat_.Pause(now);
    message_.Pause(now);
    if (!slowed_) unread_.Start(now);  // the rate has a patience of its own
  } else {
    heartbeat_.Resume(now);
    message_.Resume(now);
    unread_.Stop();
  }
  RearmTimer();
}

}  // namespace ws::transport
