// WebSocket frames to messages and back, over memory.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "ws/close_reason.hpp"
#include "ws/detail/protocol/frame_header.hpp"
#include "ws/error.hpp"
#include "ws/http.hpp"
#include "ws/message.hpp"

namespace ws::transport {

enum class Role { Server, Client };

struct CodecOptions {
  Role role = Role::Server;
  std::size_t max_message_bytes = std::size_t{1} << 20;
  bool deflate = false;
};

// One side of RFC 6455, over what lies in memory, so that there is no asynchronous operation a message. Beast's stream
// negotiates permessage-deflate and deflates. It does not read frames: that would cost 2.6 kB a connection and 7 % of a
// pipelined message. No I/O, no clock. Not thread-safe.
class Codec {
 public:
  enum class Event {
    NeedMore,  // nothing complete is left
    Message,   // TakeMessage, Type
    Ping,      // Control
    Pong,      // Control
    Close,     // CloseCode, Control is the text; nothing is read after it
    Failed     // Failure, CloseCode; nothing is read after it
  };

  Codec(boost::asio::any_io_executor executor, const CodecOptions& options);
  ~Codec();

  // Writes the 101 to `out`; the request has passed the upgrade checks. A client calls it for itself, with what was
  // agreed on, and sends it nowhere.
  Error Accept(const HttpRequest& request, std::string_view subprotocol, std::string& out);

  // Takes input, which must stay where it is until Next has answered NeedMore or Keep was called.
  void Feed(std::string_view input);
  Event Next();
  // Copies what is left of the input.
  void Keep();

  std::string TakeMessage();
  MessageType Type() const noexcept { return type_; }
  std::string_view Control() const noexcept { return control_; }
  std::uint16_t CloseCode() const noexcept { return close_code_; }
  EndReason Failure() const noexcept { return failure_; }
  // Whether a part of a data message has arrived.
  bool InMessage() const noexcept;

  // Appends a data message as one frame, or as several where Beast compresses it. A client does not compress.
  void WriteMessage(MessageType type, std::string_view payload, std::string& out);
  // Appends one frame as it is.
  void WriteFrame(protocol::Opcode opcode, std::string_view payload, std::string& out);
  // Whether messages leave as a protocol::Frame has them, which may then be sent from where they lie.
  bool WritesFrames() const noexcept { return options_.role == Role::Server && !deflating_; }

 private:
  struct Beast;  // keeps its headers out of ours

  // Accept where permessage-deflate is offered and we have it.
  Error Negotiate(const HttpRequest& request, std::string_view subprotocol, std::string& out);
  // Nothing: go on.
  std::optional<Event> ReadHeader();
  std::optional<Event> ReadControl();
  std::optional<Event> ReadPayload();
  std::optional<Event> Inflate(std::string_view payload);
  // Whether message_ is UTF-8, as far as it has arrived.
  bool IsText(bool whole);
  Event Fail(EndReason reason, std::uint16_t code);

  const CodecOptions options_;
  std::unique_ptr<Beast> beast_;  // where messages may be deflated, and after the handshake where they are
  bool deflating_ = false;

  std::string_view input_;  // what is left of it
  std::string rest_;        // where it stands if it was kept
  protocol::FrameHeader header_;
  protocol::FrameOrder order_;
  protocol::Mask mask_;
  bool in_frame_ = false;     // the header is read, the payload not wholly
  bool compressed_ = false;   // the message is
  std::size_t received_ = 0;  // of the message, as declared by its frames
  std::uint64_t payload_left_ = 0;
  std::string message_;
  std::size_t text_ = 0;  // of message_ that is known to be UTF-8
  MessageType type_ = MessageType::Text;

  std::string control_;
  std::uint16_t close_code_ = 0;
  EndReason failure_ = EndReason::ProtocolError;
};

}  // namespace ws::transport
