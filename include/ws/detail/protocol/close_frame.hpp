// The payload of a close frame, RFC 6455 sections 5.5.1 and 7.4.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ws/detail/protocol/frame_header.hpp"
#include "ws/detail/protocol/utf8.hpp"

namespace ws::protocol {

// Close codes that the library uses, by their names in IANA's WebSocket Close Code Number Registry.
namespace close_code {

// RFC 6455 section 7.4.1.
inline constexpr std::uint16_t normal_closure = 1000;
inline constexpr std::uint16_t going_away = 1001;
inline constexpr std::uint16_t protocol_error = 1002;
inline constexpr std::uint16_t unsupported_data = 1003;
inline constexpr std::uint16_t reserved = 1004;            // never sent
inline constexpr std::uint16_t no_status_received = 1005;  // never sent: the peer's close frame had no code
inline constexpr std::uint16_t abnormal_closure = 1006;    // never sent: the connection ended without a close frame
inline constexpr std::uint16_t invalid_payload_data = 1007;
inline constexpr std::uint16_t policy_violation = 1008;
inline constexpr std::uint16_t message_too_big = 1009;
inline constexpr std::uint16_t mandatory_extension = 1010;
inline constexpr std::uint16_t internal_error = 1011;

// Registered later.
inline constexpr std::uint16_t service_restart = 1012;
inline constexpr std::uint16_t try_again_later = 1013;
inline constexpr std::uint16_t bad_gateway = 1014;

// Registered in the range for libraries and frameworks, RFC 6455 section 7.4.2.
inline constexpr std::uint16_t unauthorized = 3000;
inline constexpr std::uint16_t forbidden = 3003;
inline constexpr std::uint16_t timeout = 3008;

}  // namespace close_code

// A parsed close frame. `text` is the reason and points into the payload that it was parsed from.
struct CloseFrame {
  std::uint16_t code = close_code::no_status_received;
  std::string_view text;
};

// Returns true if a close frame may contain the code: a registered one, or one for libraries and applications.
constexpr bool IsSendableCode(std::uint16_t code) noexcept {
  const bool is_reserved =
      code == close_code::reserved || code == close_code::no_status_received || code == close_code::abnormal_closure;
  const bool is_protocol_code = code >= close_code::normal_closure && code <= close_code::bad_gateway;
  const bool is_library_or_private_code = code >= 3000 && code < 5000;
  return (is_protocol_code && !is_reserved) || is_library_or_private_code;
}

// Returns true if a client does not reconnect after this code (protocol.md, section 7).
constexpr bool IsFinalCode(std::uint16_t code) noexcept {
  switch (code) {
    case close_code::normal_closure:
    case close_code::protocol_error:
    case close_code::unsupported_data:
    case close_code::invalid_payload_data:
    case close_code::policy_violation:
    case close_code::message_too_big:
    case close_code::unauthorized:
    case close_code::forbidden:
      return true;
    default:
      return false;
  }
}

// Returns nullopt if the payload violates the protocol. An empty payload is valid: it has no status code.
inline std::optional<CloseFrame> ParseClosePayload(std::string_view payload) {
  if (payload.empty()) return CloseFrame{};
  if (payload.size() < 2) return std::nullopt;
  const auto byte = [&](std::size_t index) {
    return static_cast<unsigned>(static_cast<unsigned char>(payload[index]));
  };
  const CloseFrame frame{static_cast<std::uint16_t>(byte(0) << 8 | byte(1)), payload.substr(2)};
  if (!IsSendableCode(frame.code) || !IsValidUtf8(frame.text)) return std::nullopt;
  return frame;
}

// Returns the payload of a close frame, or an empty payload if the code may not be sent. Invalid UTF-8 in the text
// becomes U+FFFD. A text that is too long for a control frame is cut between two characters.
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
