// A serialised data message. A broadcast shares one Frame between the queues of all its receivers.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "ws/detail/protocol/frame_header.hpp"
#include "ws/message.hpp"

namespace ws::protocol {

// A message in one unmasked frame, as a server sends it. Immutable.
class Frame {
 public:
  // The longest header of an unmasked frame, RFC 6455 section 5.2.
  static constexpr std::size_t max_header_bytes = 10;
  // Returns a buffer with space for the header. The caller appends the payload to it.
  static std::string ReserveHeader() { return std::string(max_header_bytes, '\0'); }
  // Returns a buffer with space for the header, then the payload that `append` adds. The payload is built in a
  // thread-local buffer, so the result needs one allocation only.
  template <class Append>
  static std::string BuildPayload(Append append) {
    constexpr std::size_t max_kept_bytes = std::size_t{64} << 10;
    thread_local std::string buffer;
    buffer.assign(max_header_bytes, '\0');
    append(buffer);
    if (buffer.size() > max_kept_bytes) return std::exchange(buffer, {});
    return buffer;
  }

  // `buffer` must come from ReserveHeader or BuildPayload, and contains the payload after the space for the header.
  Frame(std::string buffer, MessageType type) : buffer_(std::move(buffer)), type_(type) {
    std::string header;
    AppendFrameHeader(header, type == MessageType::Text ? Opcode::Text : Opcode::Binary,
                      buffer_.size() - max_header_bytes);
    begin_ = max_header_bytes - header.size();
    header.copy(buffer_.data() + begin_, header.size());
  }

  MessageType Type() const noexcept { return type_; }
  std::string_view Payload() const noexcept { return std::string_view(buffer_).substr(max_header_bytes); }
  // Returns the whole frame: header and payload.
  std::string_view Bytes() const noexcept { return std::string_view(buffer_).substr(begin_); }

 private:
  std::string buffer_;
  std::size_t begin_;
  MessageType type_;
};

using FramePtr = std::shared_ptr<const Frame>;

}  // namespace ws::protocol
