// The JSON envelope of a message, taken apart without a tree (PROTOCOL.md 1).
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "ws/detail/protocol/json_scanner.hpp"
#include "ws/detail/protocol/json_string.hpp"
#include "ws/detail/protocol/names.hpp"

namespace ws::protocol {

// The longest id that is a string, in bytes of what it means.
inline constexpr std::size_t max_id_bytes = 64;

enum class EnvelopeError : std::uint8_t { None, BadJson, BadMessage };

struct EnvelopeLimits {
  // Of arrays and objects, the envelope itself included; 1 to `JsonScanner::depth_ceiling`.
  std::size_t max_depth = 64;
};

// The number, if all of the text is an unsigned integer that fits 64 bits.
inline std::optional<std::uint64_t> ParseUnsigned(std::string_view text) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return number;
}

// A message taken apart; its views point into the text that it was read from.
struct Envelope {
  std::string_view event;     // The name, if it was written without escapes.
  std::string decoded_event;  // The name, if it was written with escapes.
  std::string_view id;        // The id's JSON text, empty if there is none.
  std::string_view data;      // The data's JSON text, empty if it is missing or null.
  std::string_view error;     // The error's JSON text (of a `$ack`), empty if it is missing or null.

  // The event's name.
  std::string_view Event() const { return decoded_event.empty() ? event : std::string_view{decoded_event}; }

  // The id, if there is one and it is a number.
  std::optional<std::uint64_t> NumericId() const { return ParseUnsigned(id); }
};

// What was read. After a `BadMessage` the envelope still has of event and id what was right, so that a late `$ack` with
// a wrong id is known for what it is, and who asked is answered.
struct EnvelopeResult {
  EnvelopeError error = EnvelopeError::None;
  std::size_t offset = 0;  // Of the first byte that made it `BadJson`.
  Envelope envelope;
};

// A binary message: JSON, and behind the first NUL the bytes that belong to it.
struct BinaryParts {
  std::string_view json;
  std::string_view bytes;
  bool has_bytes = false;  // Whether there was a NUL; the bytes behind it may be none.
};

// Takes a binary message apart; JSON text holds no NUL, so the first one is the border.
inline BinaryParts SplitBinary(std::string_view message) {
  const std::size_t border = message.find('\0');
  if (border == message.npos) return {message, {}, false};
  return {message.substr(0, border), message.substr(border + 1), true};
}

// Tells whether the JSON text is an id: an unsigned integer of 64 bits, or a string of at most
// `max_id_bytes`.
inline bool IsId(std::string_view json) {
  if (!json.starts_with('"')) return ParseUnsigned(json).has_value();
  const std::string_view raw = json.substr(1, json.size() - 2);
  if (raw.size() <= max_id_bytes) return true;
  return raw.size() <= max_id_bytes * max_escape_bytes && DecodeJsonString(raw).size() <= max_id_bytes;
}

// Puts the event's name in place of its JSON text; false if that is no string, empty or overlong.
inline bool TakeEvent(Envelope& envelope) {
  const std::string_view json = std::exchange(envelope.event, {});
  if (!json.starts_with('"')) return false;
  const std::string_view raw = json.substr(1, json.size() - 2);
  if (raw.empty() || raw.size() > max_event_bytes * max_escape_bytes) return false;
  if (raw.find('\\') == raw.npos) {
    if (raw.size() > max_event_bytes) return false;
    envelope.event = raw;
    return true;
  }
  std::string name = DecodeJsonString(raw);
  if (name.size() > max_event_bytes) return false;
  envelope.decoded_event = std::move(name);
  return true;
}

// The place of a member that matters, or null.
inline std::string_view* FindMember(Envelope& envelope, std::string_view name) {
  if (name == "event") return &envelope.event;
  if (name == "data") return &envelope.data;
  if (name == "id") return &envelope.id;
  if (name == "error") return &envelope.error;
  return nullptr;
}

// Scans the rest of an object behind its brace and keeps the members' JSON text; of duplicates the last.
inline bool ScanMembers(JsonScanner& scanner, Envelope& envelope) {
  constexpr std::size_t longest_name = 5;
  if (scanner.Accept('}')) return true;
  do {
    std::string_view name, value;
    bool has_escape = false;
    if (!scanner.ScanKey(name, has_escape) || !scanner.ScanValue(value, 1)) return false;
    std::string decoded;
    if (has_escape && name.size() <= longest_name * max_escape_bytes) name = decoded = DecodeJsonString(name);
    if (std::string_view* const member = FindMember(envelope, name)) *member = value;
  } while (scanner.Accept(','));
  return scanner.Expect('}');
}

// Reads a message's envelope in one pass over the text, whose size is the caller's to bound. `BadJson` is no
// JSON or nests too deep, and outranks `BadMessage`: JSON, but no envelope.
inline EnvelopeResult ReadEnvelope(std::string_view text, const EnvelopeLimits& limits = {}) {
  EnvelopeResult result;
  Envelope& envelope = result.envelope;
  JsonScanner scanner{text, limits.max_depth};
  std::string_view value;
  const bool is_object = scanner.Accept('{');
  const bool is_json = is_object ? ScanMembers(scanner, envelope) : scanner.ScanValue(value);
  if (!is_json || !scanner.ExpectEnd()) {
    result = {EnvelopeError::BadJson, scanner.Result().offset, {}};
    return result;
  }
  const bool has_event = TakeEvent(envelope), has_wrong_id = !envelope.id.empty() && !IsId(envelope.id);
  if (has_wrong_id) envelope.id = {};
  if (!has_event || has_wrong_id) result.error = EnvelopeError::BadMessage;
  if (envelope.data == "null") envelope.data = {};
  if (envelope.error == "null") envelope.error = {};
  return result;
}

}  // namespace ws::protocol
