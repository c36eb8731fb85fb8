// The header of a WebSocket frame, RFC 6455 section 5.2.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace ws::protocol {

enum class Opcode : std::uint8_t { Continuation = 0, Text = 1, Binary = 2, Close = 8, Ping = 9, Pong = 10 };

constexpr bool IsControl(Opcode opcode) noexcept {
  return (static_cast<unsigned>(opcode) & 8U) != 0;
}

// The longest payload of a control frame, RFC 6455 section 5.5.
inline constexpr std::size_t max_control_bytes = 125;

struct FrameHeader {
  Opcode opcode = Opcode::Text;
  bool fin = true;
  bool compressed = false;  // RSV1, RFC 7692
  bool masked = false;
  std::uint64_t payload = 0;  // size of the payload in bytes
  std::size_t size = 0;       // size of the header in bytes
};

enum class HeaderStatus { Incomplete, Valid, Invalid };

// Parses the header at the front of `input`. Returns Invalid as soon as the bytes so far violate the protocol, even if
// the header is incomplete.
constexpr HeaderStatus ParseFrameHeader(std::string_view input, FrameHeader& header) noexcept {
  const auto byte = [&](std::size_t index) { return static_cast<unsigned char>(input[index]); };
  if (input.empty()) return HeaderStatus::Incomplete;
  const unsigned opcode = byte(0) & 0x0FU;
  if ((byte(0) & 0x30U) != 0 || (opcode > 2 && opcode < 8) || opcode > 10) return HeaderStatus::Invalid;
  header.opcode = static_cast<Opcode>(opcode);
  header.fin = (byte(0) & 0x80U) != 0;
  header.compressed = (byte(0) & 0x40U) != 0;
  if (IsControl(header.opcode) && (!header.fin || header.compressed)) return HeaderStatus::Invalid;
  if (header.opcode == Opcode::Continuation && header.compressed) return HeaderStatus::Invalid;
  if (input.size() < 2) return HeaderStatus::Incomplete;
  header.masked = (byte(1) & 0x80U) != 0;
  const unsigned length = byte(1) & 0x7FU;
  if (IsControl(header.opcode) && length > max_control_bytes) return HeaderStatus::Invalid;
  const std::size_t extended = length == 126 ? 2 : length == 127 ? 8 : 0;
  header.size = 2 + extended + (header.masked ? 4 : 0);
  if (input.size() < 2 + extended) return HeaderStatus::Incomplete;
  header.payload = extended == 0 ? length : 0;
  for (std::size_t index = 0; index < extended; ++index) header.payload = header.payload << 8 | byte(2 + index);
  const bool minimal = extended == 0 || header.payload > (extended == 2 ? 125U : 0xFFFFU);
  if (!minimal || header.payload >> 63 != 0) return HeaderStatus::Invalid;
  return input.size() < header.size ? HeaderStatus::Incomplete : HeaderStatus::Valid;
}

// Masks or unmasks the payload of one frame, piece by piece (RFC 6455 section 5.3).
class Mask {
 public:
  Mask() = default;
  // Takes the key from the last four bytes of a masked frame's header.
  explicit Mask(std::string_view header) { std::copy(header.end() - 4, header.end(), key_.begin()); }

  // Appends the next bytes of the payload, with the mask applied. Works on eight bytes at a time.
  void Append(std::string_view bytes, std::string& out) {
    std::array<char, 8> key;
    for (std::size_t i = 0; i < key.size(); ++i) key[i] = key_[(next_ + i) % 4];
    next_ += bytes.size();
    std::uint64_t key_word;
    std::memcpy(&key_word, key.data(), sizeof key_word);
    const std::size_t begin = out.size();
    out += bytes;
    char* at = out.data() + begin;
    char* const end = out.data() + out.size();
    for (; end - at >= 8; at += 8) {
      std::uint64_t word;
      std::memcpy(&word, at, sizeof word);
      word ^= key_word;
      std::memcpy(at, &word, sizeof word);
    }
    for (std::size_t i = 0; at != end; ++at, ++i) *at = static_cast<char>(*at ^ key[i]);
  }

  std::string Apply(std::string_view bytes) {
    std::string result;
    Append(bytes, result);
    return result;
  }

 private:
  std::array<char, 4> key_{};
  std::size_t next_ = 0;
};

// Appends the header of an unmasked, unfragmented frame, as a server sends it.
inline void AppendFrameHeader(std::string& out, Opcode opcode, std::size_t payload) {
  out += static_cast<char>(0x80U | static_cast<unsigned>(opcode));
  if (payload < 126) {
    out += static_cast<char>(payload);
    return;
  }
  const int bytes = payload <= 0xFFFF ? 2 : 8;
  out += static_cast<char>(bytes == 2 ? 126 : 127);
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out += static_cast<char>(payload >> shift & 0xFFU);
}

// Appends a masked, unfragmented frame, as a client sends it.
inline void AppendMaskedFrame(std::string& out, Opcode opcode, std::string_view payload, std::uint32_t key) {
  const std::size_t begin = out.size();
  AppendFrameHeader(out, opcode, payload.size());
  out[begin + 1] = static_cast<char>(static_cast<unsigned char>(out[begin + 1]) | 0x80U);
  for (const int shift : {24, 16, 8, 0}) out += static_cast<char>(key >> shift & 0xFFU);
  Mask mask(std::string_view(out).substr(out.size() - 4));
  mask.Append(payload, out);
}

// Checks the order of the frames of fragmented messages, RFC 6455 section 5.4.
class FrameOrder {
 public:
  // Returns false if the frame is not allowed here. Control frames are always allowed.
  constexpr bool Accept(const FrameHeader& header) noexcept {
    if (IsControl(header.opcode)) return true;
    if ((header.opcode == Opcode::Continuation) != in_message_) return false;
    in_message_ = !header.fin;
    return true;
  }
  // Returns true if a message has started and its last frame has not been accepted yet.
  constexpr bool IsInMessage() const noexcept { return in_message_; }

 private:
  bool in_message_ = false;
};

}  // namespace ws::protocol
