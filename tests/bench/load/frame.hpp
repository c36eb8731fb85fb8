// Builds the client's WebSocket frames and parses the server's frame headers (RFC 6455, 5.2).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace load {

enum class Opcode : std::uint8_t { Continuation = 0, Text = 1, Binary = 2, Close = 8, Ping = 9, Pong = 10 };

// Returns one masked frame.
inline std::string MakeFrame(Opcode opcode, std::string_view payload) {
  static constexpr std::array<unsigned char, 4> key = {0x37, 0xfa, 0x21, 0x3d};
  std::string frame(1, static_cast<char>(0x80 | static_cast<unsigned>(opcode)));
  const std::size_t size = payload.size();
  const int size_octets = size < 126 ? 0 : size < 65536 ? 2 : 8;
  frame += static_cast<char>(0x80 | (size_octets == 0 ? size : size_octets == 2 ? 126 : 127));
  for (int octet = size_octets; octet-- > 0;) frame += static_cast<char>(size >> (8 * octet));
  frame.append(key.begin(), key.end());
  for (std::size_t at = 0; at < size; ++at) frame += static_cast<char>(payload[at] ^ key[at % 4]);
  return frame;
}

// Parses the header of a server's frame, which may arrive in parts.
class FrameHeader {
 public:
  // Removes octets of the header from the front of the input. Returns true if the header is complete.
  bool Parse(std::string_view& input) {
    while (used_ < Needed()) {
      if (input.empty()) return false;
      octets_[used_++] = static_cast<unsigned char>(input.front());
      input.remove_prefix(1);
    }
    if ((octets_[0] & 0x70) != 0 || (octets_[1] & 0x80) != 0)
      throw std::runtime_error("a frame with a reserved bit or a mask");
    return true;
  }
  void Clear() { used_ = 0; }

  bool IsLast() const { return (octets_[0] & 0x80) != 0; }
  Opcode Kind() const { return static_cast<Opcode>(octets_[0] & 0x0f); }
  std::uint64_t Size() const {
    if (Needed() == 2) return octets_[1];
    std::uint64_t size = 0;
    for (std::size_t at = 2; at < Needed(); ++at) size = size << 8 | octets_[at];
    return size;
  }

 private:
  std::size_t Needed() const { return used_ < 2 || octets_[1] < 126 ? 2 : octets_[1] == 126 ? 4 : 10; }

  std::array<unsigned char, 10> octets_{};
  std::size_t used_ = 0;
};

}  // namespace load
