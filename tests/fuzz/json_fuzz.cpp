// Any bytes as JSON, by our scanner, reader and writer and by nlohmann: traps where verdict, tree or text differ.
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

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Behind the end of the block lies nothing that may be read.
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
