// One received message, as callbacks see it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ws/json.hpp"

namespace ws {

// RFC 6455 5.6; a Text message is valid UTF-8.
enum class MessageType : std::uint8_t { Text, Binary };

// An event with its data, and what came with it. Lives as long as the callbacks that were given it; used by
// one of them at a time.
class Message {
 public:
  // Where a piece of the message stands in its text.
  struct Span {
    std::size_t begin = 0;
    std::size_t size = 0;
  };
  struct Layout {
    Span event, id, data, bytes;
  };

  // What the layout calls data has been checked to be JSON.
  Message(std::string text, MessageType type, const Layout& layout)
      : text_(std::move(text)), type_(type), layout_(layout) {}
  // A message that no peer sent: lifecycle events.
  Message(std::string_view event, Json data)
      : text_(event), type_(MessageType::Text), layout_{{0, event.size()}, {}, {}, {}}, data_(std::move(data)) {}
  ~Message();
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;

  std::string_view Event() const noexcept { return decoded_event_.empty() ? At(layout_.event) : decoded_event_; }
  // The id of a request as JSON text; empty where no reply is asked for.
  std::string_view Id() const noexcept { return At(layout_.id); }
  // Parsed when first asked for; null where there is none.
  const Json& Data() const;
  // The data's JSON text; empty where there is none, or where the library made the message.
  std::string_view RawData() const noexcept { return At(layout_.data); }
  // The raw bytes of a binary message (EmitBinary).
  std::string_view Bytes() const noexcept { return At(layout_.bytes); }
  // The whole message as received: what OnMessage is for.
  std::string_view Payload() const noexcept { return text_; }
  MessageType Type() const noexcept { return type_; }
  std::size_t Size() const noexcept { return text_.size(); }

  // For names that were written with escapes.
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
