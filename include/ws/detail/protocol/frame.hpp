// A data message as it leaves, made once and shared by all the queues that it stands in.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "ws/detail/protocol/frame_header.hpp"
#include "ws/message.hpp"

namespace ws::protocol {

// A message in one unmasked frame, as servers send it. Immutable.
class Frame {
 public:
  // The longest head that stands before a payload, RFC 6455 5.2.
  static constexpr std::size_t head_room = 10;
  // A text to append a payload to, so that the head finds its place before it.
  static std::string Begin() { return std::string(head_room, '\0'); }
  // The same with the payload that `append` adds. It grows in a buffer of the thread's, so that the text is allocated
  // once.
  template <class Append>
  static std::string Written(Append append) {
    constexpr std::size_t kept = std::size_t{64} << 10;
    thread_local std::string buffer;
    buffer.assign(head_room, '\0');
    append(buffer);
    if (buffer.size() > kept) return std::exchange(buffer, {});
    return buffer;
  }

  // `text` is what Begin gave, with the payload behind it.
  Frame(std::string text, MessageType type) : text_(std::move(text)), type_(type) {
    std::string head;
    AppendFrameHeader(head, type == MessageType::Text ? Opcode::Text : Opcode::Binary, text_.size() - head_room);
    begin_ = head_room - head.size();
    head.copy(text_.data() + begin_, head.size());
  }

  MessageType Type() const noexcept { return type_; }
  std::string_view Payload() const noexcept { return std::string_view(text_).substr(head_room); }
  // Head and payload.
  std::string_view Whole() const noexcept { return std::string_view(text_).substr(begin_); }

 private:
  std::string text_;
  std::size_t begin_;
  MessageType type_;
};

using FramePtr = std::shared_ptr<const Frame>;

}  // namespace ws::protocol
