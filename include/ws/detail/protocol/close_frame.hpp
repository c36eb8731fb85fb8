// The payload of a close frame, RFC 6455 5.5.1 and 7.4.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ws/detail/protocol/frame_header.hpp"
#include "ws/detail/protocol/utf8.hpp"

namespace ws::protocol {

inline constexpr std::uint16_t no_status_code = 1005;  // the peer's close frame was empty; never sent

struct CloseFrame {
  std::uint16_t code = no_status_code;
  std::string_view text;
};

// Codes that may stand in a frame: those registered, and those of libraries and applications.
constexpr bool IsSendableCode(std::uint16_t code) noexcept {
  return (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) ||
         (code >= 3000 && code < 5000);
}

// Whether a client that was closed with this code stays away, PROTOCOL.md 7.
constexpr bool IsFinalCode(std::uint16_t code) noexcept {
  for (const int one : {1000, 1002, 1003, 1007, 1008, 1009, 3000, 3003}) {
    if (code == one) return true;
  }
  return false;
}

// Nothing where the payload breaks the protocol.
inline std::optional<CloseFrame> ReadCloseFrame(std::string_view payload) {
  if (payload.empty()) return CloseFrame{};
  if (payload.size() < 2) return std::nullopt;
  const auto byte = [&](std::size_t index) {
    return static_cast<unsigned>(static_cast<unsigned char>(payload[index]));
  };
  const CloseFrame frame{static_cast<std::uint16_t>(byte(0) << 8 | byte(1)), payload.substr(2)};
  if (!IsSendableCode(frame.code) || !IsValidUtf8(frame.text)) return std::nullopt;
  return frame;
}

// The payload; a code that may not be sent gives an empty one. The text is cut to fit, between characters.
inline std::string MakeClosePayload(std::uint16_t code, std::string_view text) {
  std::string payload;
  if (!IsSendableCode(code)) return payload;
  payload += static_cast<char>(code >> 8);
  payload += static_cast<char>(code & 0xFF);
  std::string valid = ReplaceInvalidUtf8(text);
  std::size_t size = valid.size();
  if (size > max_control_bytes - 2) {
    size = max_control_bytes - 2;
    while ((static_cast<unsigned char>(valid[size]) & 0xC0U) == 0x80U) --size;
  }
  return payload.append(valid, 0, size);
}

}  // namespace ws::protocol
