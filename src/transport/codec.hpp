// Converts WebSocket frames to messages, and messages to frames.
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

// The framing of RFC 6455 for one side of a connection. Works on memory, so that a message needs no asynchronous
// operation of its own. Beast's stream negotiates permessage-deflate and compresses; the codec reads frames itself,
// because Beast's reader would cost 2.6 kB a connection and 7 % of the time of a pipelined message. Pure: no I/O, no
// clock. Not thread-safe.
class Codec {
 public:
  enum class Event {
    NeedMore,  // the rest of the input is incomplete; Next has copied it
    Message,   // PopMessage returns it, Type its type
    Ping,      // ControlPayload returns its payload
    Pong,      // ControlPayload returns its payload
    Close,     // CloseCode returns the code, ControlPayload the text; Next must not be called again
    Failed     // Failure and CloseCode return the reason; Next must not be called again
  };

  Codec(boost::asio::any_io_executor executor, const CodecOptions& options);
  ~Codec();

  // Appends the 101 response to `out`, and negotiates permessage-deflate. The request has passed CheckUpgradeRequest. A
  // client calls it too, for a request with the extension that the server has accepted, and discards the response.
  Error Accept(const HttpRequest& request, std::string_view subprotocol, std::string& out);

  // Sets the next input. It must stay valid until Next has returned NeedMore, or BufferRemainder was called.
  void Feed(std::string_view input);
  // Returns the next event in the input.
  Event Next();
  // Copies the input that Next has not consumed.
  void BufferRemainder();

  std::string PopMessage();
  MessageType Type() const noexcept { return type_; }
  std::string_view ControlPayload() const noexcept { return control_; }
  std::uint16_t CloseCode() const noexcept { return close_code_; }
  EndReason Failure() const noexcept { return failure_; }
  // True if a data message has begun and is not complete.
  bool IsInMessage() const noexcept;

  // Appends a data message to `out` as one frame, or as several if Beast compresses it. A client does not compress.
  void WriteMessage(MessageType type, std::string_view payload, std::string& out);
  // Appends one frame to `out`, uncompressed.
  void WriteFrame(protocol::Opcode opcode, std::string_view payload, std::string& out);
  // True if messages are sent unmasked and uncompressed, so that a protocol::Frame can be sent without a copy.
  bool CanSendFrames() const noexcept { return options_.role == Role::Server && !deflating_; }

 private:
  struct Beast;  // defined in the .cpp file, so that this header does not include Beast's WebSocket

  // Accept for a request that offers permessage-deflate, if the option `deflate` is set.
  Error Negotiate(const HttpRequest& request, std::string_view subprotocol, std::string& out);
  // These functions return nullopt if reading continues.
  std::optional<Event> ReadHeader();
  std::optional<Event> ReadControl();
  std::optional<Event> ReadPayload();
  std::optional<Event> Inflate(std::string_view payload);
  // True if message_ is valid UTF-8. If it is not `complete`, it may end within a character.
  bool IsValidText(bool complete);
  Event Fail(EndReason reason, std::uint16_t code);

  const CodecOptions options_;
  std::unique_ptr<Beast> beast_;  // null without the option `deflate`, and after a handshake without the extension
  bool deflating_ = false;

  std::string_view input_;  // not consumed yet
  std::string buffer_;      // the copy that input_ points into after BufferRemainder
  protocol::FrameHeader header_;
  protocol::FrameOrder order_;
  protocol::Mask mask_;
  bool in_frame_ = false;           // the header of a data frame was read, its payload is not complete
  bool compressed_ = false;         // the present message is compressed
  std::size_t declared_bytes_ = 0;  // the payload sizes of the message's frames, as their headers declare them
  std::uint64_t payload_left_ = 0;
  std::string message_;
  std::size_t valid_bytes_ = 0;  // the length of the prefix of message_ that is valid UTF-8
  MessageType type_ = MessageType::Text;

  std::string control_;
  std::uint16_t close_code_ = 0;
  EndReason failure_ = EndReason::ProtocolError;
};

}  // namespace ws::transport
