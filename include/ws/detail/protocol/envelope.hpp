// Parses the JSON envelope of a message (protocol.md, section 1) without building a tree.
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

// The longest id that is a string, in bytes after its escapes are decoded.
inline constexpr std::size_t max_id_bytes = 64;

enum class EnvelopeError : std::uint8_t { None, BadJson, BadMessage };

struct EnvelopeLimits {
  // Maximum nesting of arrays and objects, including the envelope itself; 1 to `JsonScanner::depth_ceiling`.
  std::size_t max_depth = 64;
};

// Returns the number if the whole text is an unsigned integer that fits into 64 bits.
inline std::optional<std::uint64_t> ParseUnsigned(std::string_view text) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return number;
}

// A parsed envelope. Its views point into the text that it was parsed from.
struct Envelope {
  std::string_view event;     // The name, if its JSON text has no escapes.
  std::string decoded_event;  // The name, if its JSON text has escapes.
  std::string_view id;        // The id's JSON text, empty if there is none.
  std::string_view data;      // The data's JSON text, empty if it is missing or null.
  std::string_view error;     // The JSON text of a `$ack`'s error, empty if it is missing or null.

  // Returns the event's name.
  std::string_view Event() const { return decoded_event.empty() ? event : std::string_view{decoded_event}; }

  // Returns the id if the message has one and it is a number.
  std::optional<std::uint64_t> NumericId() const { return ParseUnsigned(id); }
};

// The result of ParseEnvelope. After `BadMessage` the envelope still holds the event and the id if each of them is
// valid alone. So the caller can ignore a `$ack` with an invalid id, and can reply to an invalid request.
struct EnvelopeResult {
  EnvelopeError error = EnvelopeError::None;
  std::size_t offset = 0;  // Position of the first byte that made the text `BadJson`.
  Envelope envelope;
};

// The two parts of a binary message: JSON, then the bytes after the first NUL.
struct BinaryParts {
  std::string_view json;
  std::string_view bytes;
  bool has_bytes = false;  // True if the message has a NUL, even if no bytes follow it.
};

// Splits a binary message at the first NUL. JSON text cannot contain a NUL.
inline BinaryParts SplitBinary(std::string_view message) {
  const std::size_t nul = message.find('\0');
  if (nul == message.npos) return {message, {}, false};
  return {message.substr(0, nul), message.substr(nul + 1), true};
}

// Returns true if the JSON text is a valid id: an unsigned integer of 64 bits, or a string of at most `max_id_bytes`.
inline bool IsId(std::string_view json) {
  if (!json.starts_with('"')) return ParseUnsigned(json).has_value();
  const std::string_view raw = json.substr(1, json.size() - 2);
  if (raw.size() <= max_id_bytes) return true;
  return raw.size() <= max_id_bytes * max_escape_bytes && DecodeJsonString(raw).size() <= max_id_bytes;
}

// Replaces the event's JSON text by its name. Returns false if the text is not a string or the length is wrong.
inline bool DecodeEventName(Envelope& envelope) {
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

// Returns the field that stores the named member, or null if the envelope ignores that member.
inline std::string_view* FindMember(Envelope& envelope, std::string_view name) {
  if (name == "event") return &envelope.event;
  if (name == "data") return &envelope.data;
  if (name == "id") return &envelope.id;
  if (name == "error") return &envelope.error;
  return nullptr;
}

// Scans an object after its opening brace and stores the members' JSON text. The last of duplicate members wins.
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

// Parses an envelope in one pass over the text. The caller limits the size of the text. `BadJson` means that the text
// is not JSON or is nested too deeply; it has priority over `BadMessage`, which means valid
// JSON that is not an envelope.
inline EnvelopeResult ParseEnvelope(std::string_view text, const EnvelopeLimits& limits = {}) {
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
  const bool has_event = DecodeEventName(envelope), has_wrong_id = !envelope.id.empty() && !IsId(envelope.id);
  if (has_wrong_id) envelope.id = {};
  if (!has_event || has_wrong_id) result.error = EnvelopeError::BadMessage;
  if (envelope.data == "null") envelope.data = {};
  if (envelope.error == "null") envelope.error = {};
  return result;
}

}  // namespace ws::protocol
