// Reads arbitrary bytes as JSON, with our scanner, reader and writer and with nlohmann/json. Aborts if the two disagree
// on validity, value or written text.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "support/reference_envelope.hpp"
#include "support/same_json.hpp"
#include "ws/detail/protocol/json_reader.hpp"
#include "ws/detail/protocol/json_scanner.hpp"
#include "ws/detail/protocol/json_writer.hpp"

namespace {

constexpr std::size_t max_depth = 64;

void Require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // A separate heap block, so that AddressSanitizer detects an over-read.
  const std::string text(reinterpret_cast<const char*>(data), size);
  const nlohmann::json expected = ws::test::ParseStrictly(text, max_depth);
  const ws::protocol::ScanResult verdict = ws::protocol::ScanJson(text, max_depth);
  Require((verdict.error == ws::protocol::ScanError::None) == !expected.is_discarded());
  Require(verdict.offset <= text.size());
  if (expected.is_discarded()) return 0;
  Require(ws::test::IsSame(ws::protocol::ReadJson(text), expected));
  std::string written;
  ws::protocol::AppendJson(written, expected);
  Require(written == expected.dump());
  return 0;
}
