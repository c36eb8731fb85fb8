// Reads arbitrary bytes as an envelope, with our reader and with nlohmann/json. Aborts if the results differ.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "support/reference_envelope.hpp"
#include "support/same_json.hpp"
#include "ws/detail/protocol/envelope.hpp"
#include "ws/detail/protocol/envelope_writer.hpp"
#include "ws/detail/protocol/json_reader.hpp"
#include "ws/detail/protocol/utf8.hpp"

namespace {

void Require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

/// Checks that writing an envelope and reading it again gives the same envelope.
void CheckRoundTrip(const ws::protocol::Envelope& envelope) {
  using nlohmann::json;
  const json data = envelope.data.empty() ? json() : json::parse(envelope.data);
  Require(ws::test::IsSame(ws::protocol::ReadJson(envelope.data), data), "another tree than nlohmann's");
  std::string written;
  ws::protocol::AppendJson(written, data);
  Require(written == data.dump(), "another text than nlohmann's");
  std::string text;
  ws::protocol::AppendEnvelope(text, envelope.Event(), envelope.id, data);
  const ws::protocol::EnvelopeResult again = ws::protocol::ParseEnvelope(text);
  Require(again.error == ws::protocol::EnvelopeError::None, "the written envelope cannot be read");
  Require(again.envelope.Event() == envelope.Event(), "another event after writing");
  Require(again.envelope.id == envelope.id, "another id after writing");
  Require((again.envelope.data.empty() ? json() : json::parse(again.envelope.data)) == data,
          "other data after writing");
}

void CheckText(std::string_view text) {
  const std::string difference = ws::test::FindDifference(text);
  Require(difference.empty(), difference.c_str());
  const ws::protocol::EnvelopeResult result = ws::protocol::ParseEnvelope(text);
  if (result.error == ws::protocol::EnvelopeError::None) CheckRoundTrip(result.envelope);
}

/// Checks that arbitrary bytes can be written as a JSON string: invalid UTF-8 is replaced, the rest is kept.
void CheckString(std::string_view bytes) {
  std::string text;
  ws::protocol::AppendJsonString(text, bytes);
  const nlohmann::json parsed = nlohmann::json::parse(text, nullptr, false);
  Require(parsed == ws::protocol::ReplaceInvalidUtf8(bytes), "another string after writing");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
  const std::string_view message(reinterpret_cast<const char*>(input), size);
  CheckText(message);
  CheckText(ws::protocol::SplitBinary(message).json);
  CheckString(message);
  return 0;
}
