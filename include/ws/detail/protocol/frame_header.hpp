// The head of a WebSocket frame, RFC 6455 5.2.
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

inline constexpr std::size_t max_control_bytes = 125;

struct FrameHeader {
  Opcode opcode = Opcode::Text;
  bool fin = true;
  bool compressed = false;  // RSV1, RFC 7692
  bool masked = false;
  std::uint64_t payload = 0;  // bytes
  std::size_t size = 0;       // of the header itself
};

enum class HeaderVerdict { Incomplete, Valid, Invalid };

// Reads the head of the frame at the front of `input`: Invalid as soon as it can be told, whatever follows.
constexpr HeaderVerdict ReadFrameHeader(std::string_view input, FrameHeader& header) noexcept {
  const auto byte = [&](std::size_t index) { return static_cast<unsigned char>(input[index]); };
  if (input.empty()) return HeaderVerdict::Incomplete;
  const unsigned opcode = byte(0) & 0x0FU;
  if ((byte(0) & 0x30U) != 0 || (opcode > 2 && opcode < 8) || opcode > 10) return HeaderVerdict::Invalid;
  header.opcode = static_cast<Opcode>(opcode);
  header.fin = (byte(0) & 0x80U) != 0;
  header.compressed = (byte(0) & 0x40U) != 0;
  if (IsControl(header.opcode) && (!header.fin || header.compressed)) return HeaderVerdict::Invalid;
  if (header.opcode == Opcode::Continuation && header.compressed) return HeaderVerdict::Invalid;
  if (input.size() < 2) return HeaderVerdict::Incomplete;
  header.masked = (byte(1) & 0x80U) != 0;
  const unsigned length = byte(1) & 0x7FU;
  if (IsControl(header.opcode) && length > max_control_bytes) return HeaderVerdict::Invalid;
  const std::size_t extended = length == 126 ? 2 : length == 127 ? 8 : 0;
  header.size = 2 + extended + (header.masked ? 4 : 0);
  if (input.size() < 2 + extended) return HeaderVerdict::Incomplete;
  header.payload = extended == 0 ? length : 0;
  for (std::size_t index = 0; index < extended; ++index) header.payload = header.payload << 8 | byte(2 + index);
  const bool minimal = extended == 0 || header.payload > (extended == 2 ? 125U : 0xFFFFU);
  if (!minimal || header.payload >> 63 != 0) return HeaderVerdict::Invalid;
  return input.size() < header.size ? HeaderVerdict::Incomplete : HeaderVerdict::Valid;
}

// The key of a masked frame, RFC 6455 5.3: unmasks a payload piece by piece.
class Mask {
 public:
  Mask() = default;
  // Of a masked frame's head, which ends with the key.
  explicit Mask(std::string_view head) { std::copy(head.end() - 4, head.end(), key_.begin()); }

  // Appends what the bytes stand for, eight at a time.
  void Append(std::string_view masked, std::string& out) {
    std::array<char, 8> key;
    for (std::size_t i = 0; i < key.size(); ++i) key[i] = key_[(next_ + i) % 4];
    next_ += masked.size();
    std::uint64_t eight;
    std::memcpy(&eight, key.data(), sizeof eight);
    const std::size_t begin = out.size();
    out += masked;
    char* at = out.data() + begin;
    char* const end = out.data() + out.size();
    for (; end - at >= 8; at += 8) {
      std::uint64_t word;
      std::memcpy(&word, at, sizeof word);
      word ^= eight;
      std::memcpy(at, &word, sizeof word);
    }
    for (std::size_t i = 0; at != end; ++at, ++i) *at = static_cast<char>(*at ^ key[i]);
  }

  std::string Apply(std::string_view masked) {
    std::string plain;
    Append(masked, plain);
    return plain;
  }

 private:
  std::array<char, 4> key_{};
  std::size_t next_ = 0;
};

// Appends the head of a whole, unmasked frame: what a server sends.
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

// Appends a whole frame as a client sends it.
inline void AppendMaskedFrame(std::string& out, Opcode opcode, std::string_view payload, std::uint32_t key) {
  const std::size_t begin = out.size();
  AppendFrameHeader(out, opcode, payload.size());
  out[begin + 1] = static_cast<char>(static_cast<unsigned char>(out[begin + 1]) | 0x80U);
  for (const int shift : {24, 16, 8, 0}) out += static_cast<char>(key >> shift & 0xFFU);
  Mask mask(std::string_view(out).substr(out.size() - 4));
  mask.Append(payload, out);
}

// Which frame may follow which, RFC 6455 5.4.
class FrameOrder {
 public:
  // Whether the frame may stand here; control frames always may.
  constexpr bool Accept(const FrameHeader& header) noexcept {
    if (IsControl(header.opcode)) return true;
    if ((header.opcode == Opcode::Continuation) != in_message_) return false;
    in_message_ = !header.fin;
    return true;
  }
  // Whether a message has begun and its last frame has not.
  constexpr bool InMessage() const noexcept { return in_message_; }

 private:
  bool in_message_ = false;
};

}  // namespace ws::protocol
