// The states of a connection on the wire, and the closing handshake (RFC 6455 section 7).
#pragma once

#include <string>
#include <utility>

#include "connection/close_reasons.hpp"
#include "ws/detail/protocol/close_frame.hpp"

namespace ws::transport {

// A link goes through these phases in order; it may skip Closing.
enum class Phase { Opening, Open, Closing, Ended };

// Decides which data a closing connection still sends and reads. Pure; not thread-safe.
class CloseHandshake {
 public:
  Phase CurrentPhase() const noexcept { return phase_; }
  const CloseReason& Reason() const noexcept { return reason_; }

  void OnOpened() noexcept { phase_ = Phase::Open; }
  // Starts to close. Returns false if the connection is not open; the first reason counts.
  bool Start(CloseReason reason) {
    if (phase_ != Phase::Open) return false;
    phase_ = Phase::Closing;
    reason_ = std::move(reason);
    graceful_ = connection::IsGraceful(reason_.reason);
    return true;
  }
  // The transport has ended. `clean` means that the peer may still read the sent bytes. Returns false if the transport
  // had ended before.
  bool End(bool clean) noexcept {
    if (phase_ == Phase::Ended) return false;
    phase_ = Phase::Ended;
    clean_ = clean;
    return true;
  }
  // The transport has failed.
  bool Fail(Error error) {
    if (phase_ == Phase::Open)
      reason_ = {EndReason::TransportError, protocol::close_code::abnormal_closure, {}, false, error};
    return End(false);
  }

  // The peer's close frame, or an invalid frame, was received. No more input is read.
  void OnReceived() noexcept { received_ = true; }
  bool IsReading() const noexcept { return phase_ != Phase::Ended && !received_; }

  // True while the write queue is flushed.
  bool IsFlushing() const noexcept { return phase_ == Phase::Closing && graceful_ && !received_; }
  // True if the close frame is to be sent once no message is left.
  bool ShouldSendClose() const noexcept { return phase_ == Phase::Closing && !sent_; }
  std::string MakePayload() const {
    return protocol::MakeClosePayload(reason_.code, reason_.by_peer ? "" : reason_.text);
  }
  void OnSent() noexcept { sent_ = true; }
  bool HasSent() const noexcept { return sent_; }
  // True if both close frames have been exchanged, or the peer's is not awaited.
  bool IsComplete() const noexcept { return sent_ && (received_ || !graceful_); }
  // True if we closed deliberately: the queue is flushed, and the peer's close frame is awaited.
  bool IsGraceful() const noexcept { return graceful_; }
  // True if the stream must be closed so that the peer can read the sent bytes.
  bool IsClean() const noexcept { return clean_; }

 private:
  Phase phase_ = Phase::Opening;
  CloseReason reason_;
  bool graceful_ = false;
  bool sent_ = false;
  bool received_ = false;
  bool clean_ = false;
};

}  // namespace ws::transport
