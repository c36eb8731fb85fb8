// Messages that leave in one write.
#pragma once

#include <boost/asio/buffer.hpp>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "ws/detail/protocol/outgoing.hpp"
#include "ws/detail/transport/byte_stream.hpp"

namespace ws::transport {

// Gathers frames. Small ones are copied together; large ones are sent without a copy, so the batch must outlive
// the write. Not thread-safe.
class WriteBatch {
 public:
  static constexpr std::size_t max_copied_bytes = 4096;  // of one frame

  // The messages of the batch, which own the frames.
  std::vector<protocol::Outgoing>& Messages() noexcept { return messages_; }

  // Removes all bytes. The messages stay: their owner completes them.
  void Clear() {
    if (text_.capacity() > max_kept_bytes) std::string().swap(text_);
    text_.clear();
    frames_.clear();
    buffers_.clear();
  }
  // The bytes that are copied together, to append to.
  std::string& Text() noexcept { return text_; }
  // Adds a frame of one of the messages.
  void Append(const protocol::Frame& frame) {
    if (frame.Payload().size() <= max_copied_bytes) {
      text_ += frame.Bytes();
    } else {
      frames_.push_back({text_.size(), &frame});
    }
  }

  bool IsEmpty() const noexcept { return text_.empty() && frames_.empty(); }
  // The buffers to write. Nothing may be appended after this.
  ByteStream::Buffers MakeBuffers() {
    buffers_.clear();
    std::size_t begin = 0;
    for (const auto& [end, frame] : frames_) {
      AddText(begin, end);
      buffers_.push_back(boost::asio::buffer(frame->Bytes()));
      begin = end;
    }
    AddText(begin, text_.size());
    return ByteStream::Buffers(buffers_);
  }
  // Returns the buffers that remain after `written` bytes.
  ByteStream::Buffers Consume(ByteStream::Buffers left, std::size_t written) noexcept {
    while (written != 0 && written >= left.front().size()) {
      written -= left.front().size();
      left = left.subspan(1);
    }
    if (written != 0) buffers_[buffers_.size() - left.size()] += written;
    return left;
  }

 private:
  static constexpr std::size_t max_kept_bytes = 4096;  // of text_, while the connection is idle

  // A large frame between two parts of text_.
  struct LargeFrame {
    std::size_t text_end;  // of the part before it
    const protocol::Frame* frame;
  };

  void AddText(std::size_t begin, std::size_t end) {
    if (begin != end) buffers_.push_back(boost::asio::buffer(text_.data() + begin, end - begin));
  }

  std::string text_;
  std::vector<LargeFrame> frames_;
  std::vector<boost::asio::const_buffer> buffers_;
  std::vector<protocol::Outgoing> messages_;
};

}  // namespace ws::transport
