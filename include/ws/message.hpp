// A received message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ws/json.hpp"

namespace ws {

// The type of a data message (RFC 6455 section 5.6). A Text message is valid UTF-8.
enum class MessageType : std::uint8_t { Text, Binary };

// A received message: an event with its data, or for OnMessage the payload. Valid while a callback that got it runs.
class Message {
 public:
  // A part of the message's text. For the library itself, like the constructors.
  struct Span {
    std::size_t begin = 0;
    std::size_t size = 0;
  };
  struct Layout {
    Span event, id, data, bytes;
  };

  // `layout.data` must be valid JSON.
  Message(std::string text, MessageType type, const Layout& layout)
      : text_(std::move(text)), type_(type), layout_(layout) {}
  // A lifecycle event, which no peer sent.
  Message(std::string_view event, Json data)
      : text_(event), type_(MessageType::Text), layout_{{0, event.size()}, {}, {}, {}}, data_(std::move(data)) {}
  ~Message();
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;

  // The event name; empty for OnMessage.
  std::string_view Event() const noexcept { return decoded_event_.empty() ? At(layout_.event) : decoded_event_; }
  // The id of a request, as JSON text; empty if the peer asks for no reply.
  std::string_view Id() const noexcept { return At(layout_.id); }
  // The data, parsed at the first call; null if there is none.
  const Json& Data() const;
  // The data as JSON text; empty if there is none, and for lifecycle events.
  std::string_view RawData() const noexcept { return At(layout_.data); }
  // The bytes that EmitBinary sent with the event; else empty.
  std::string_view Bytes() const noexcept { return At(layout_.bytes); }
  // The whole message as received.
  std::string_view Payload() const noexcept { return text_; }
  MessageType Type() const noexcept { return type_; }
  // The number of bytes of the whole message.
  std::size_t Size() const noexcept { return text_.size(); }

  // Sets the event name if it was received with JSON escapes. For the library itself.
  void SetDecodedEvent(std::string event) { decoded_event_ = std::move(event); }

 private:
  std::string_view At(const Span& span) const noexcept { return std::string_view(text_).substr(span.begin, span.size); }

  std::string text_;
  std::string decoded_event_;
  MessageType type_;
  Layout layout_;
  mutable std::optional<Json> data_;
};

}  // namespace ws
