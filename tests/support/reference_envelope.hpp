#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "ws/detail/protocol/envelope.hpp"

namespace ws::test {

/// A message envelope read by way of a JSON tree: a slow but simple implementation of protocol.md.
struct ReferenceEnvelope {
  protocol::EnvelopeError error = protocol::EnvelopeError::None;
  nlohmann::json event, id, data, failure;  ///< Null if missing.
};

/// Parses the text with nlohmann/json. Returns a discarded value if the text is not JSON or nests deeper than
/// `max_depth`. Rejects a byte order mark and a NUL, which nlohmann/json accepts.
inline nlohmann::json ParseStrictly(std::string_view text, std::size_t max_depth) {
  using nlohmann::json;
  const json discarded(json::value_t::discarded);
  if (text.starts_with("\xEF\xBB\xBF") || text.find('\0') != text.npos) return discarded;
  std::size_t deepest = 0;
  json tree = json::parse(
      text,
      [&](int depth, json::parse_event_t event, const json&) {
        const bool opens = event == json::parse_event_t::object_start || event == json::parse_event_t::array_start;
        if (opens) deepest = std::max(deepest, static_cast<std::size_t>(depth) + 1);
        return true;
      },
      false);
  return deepest > max_depth ? discarded : tree;
}

inline ReferenceEnvelope ReadReference(std::string_view text, std::size_t max_depth) {
  using nlohmann::json;
  const json tree = ParseStrictly(text, max_depth);
  if (tree.is_discarded()) return {protocol::EnvelopeError::BadJson, {}, {}, {}, {}};

  const ReferenceEnvelope refused{protocol::EnvelopeError::BadMessage, {}, {}, {}, {}};
  if (!tree.is_object() || !tree.contains("event") || !tree["event"].is_string()) return refused;
  const std::size_t event_size = tree["event"].get_ref<const std::string&>().size();
  if (event_size < 1 || event_size > 256) return refused;
  if (tree.contains("id")) {
    const json& id = tree["id"];
    const bool is_short = id.is_string() && id.get_ref<const std::string&>().size() <= 64;
    if (!id.is_number_unsigned() && !is_short) return refused;
  }
  return {protocol::EnvelopeError::None, tree["event"], tree.value("id", json()), tree.value("data", json()),
          tree.value("error", json())};
}

/// Reads the text with the library and with the reference, and returns the name of the first difference. Returns an
/// empty string if the results are equal.
inline std::string FindDifference(std::string_view text, std::size_t max_depth = 64) {
  using nlohmann::json;
  const ReferenceEnvelope expected = ReadReference(text, max_depth);
  const protocol::EnvelopeResult actual = protocol::ParseEnvelope(text, {max_depth});
  if (actual.error != expected.error) {
    return "verdict " + std::to_string(static_cast<int>(actual.error)) + ", not " +
           std::to_string(static_cast<int>(expected.error));
  }
  if (actual.offset > text.size()) return "offset";
  if (actual.error != protocol::EnvelopeError::None) return {};

  const protocol::Envelope& envelope = actual.envelope;
  const auto parse = [](std::string_view span) { return span.empty() ? json() : json::parse(span, nullptr, false); };
  if (envelope.Event() != expected.event.get_ref<const std::string&>()) return "event";
  if (parse(envelope.id) != expected.id) return "id";
  if (parse(envelope.data) != expected.data) return "data";
  if (parse(envelope.error) != expected.failure) return "error";
  if (envelope.NumericId().has_value() != expected.id.is_number_unsigned()) return "kind of id";
  if (envelope.NumericId() && *envelope.NumericId() != expected.id.get<std::uint64_t>()) return "numeric id";
  return {};
}

}  // namespace ws::test
