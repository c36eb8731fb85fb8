// Measures reading and writing events, and the same with nlohmann/json alone.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>

#include "units/sample.hpp"
#include "ws/detail/protocol/envelope.hpp"
#include "ws/detail/protocol/message_frames.hpp"
#include "ws/message.hpp"

namespace {

using ws::Json;
using ws::bench::SampleText;

void ParseEnvelope(benchmark::State& state) {
  const std::string text = SampleText();
  for (auto _ : state) benchmark::DoNotOptimize(ws::protocol::ParseEnvelope(text));
}
BENCHMARK(ParseEnvelope);

void ParseWithNlohmann(benchmark::State& state) {
  const std::string text = SampleText();
  for (auto _ : state) benchmark::DoNotOptimize(Json::parse(text, nullptr, false));
}
BENCHMARK(ParseWithNlohmann);

// Measures the parsing of data, which is done when a callback uses it.
void ParseData(benchmark::State& state) {
  const std::string text = SampleText();
  const std::string_view data = ws::protocol::ParseEnvelope(text).envelope.data;
  const auto begin = static_cast<std::size_t>(data.data() - text.data());
  for (auto _ : state) {
    const ws::Message message(text, ws::MessageType::Text, {{}, {}, {begin, data.size()}, {}});
    benchmark::DoNotOptimize(message.Data());
  }
}
BENCHMARK(ParseData);

void WriteFrame(benchmark::State& state) {
  const Json data = Json::parse(SampleText())["data"];
  for (auto _ : state) benchmark::DoNotOptimize(ws::protocol::EventFrame("echo", data));
}
BENCHMARK(WriteFrame);

void DumpWithNlohmann(benchmark::State& state) {
  const Json message = Json::parse(SampleText());
  for (auto _ : state) benchmark::DoNotOptimize(message.dump());
}
BENCHMARK(DumpWithNlohmann);

}  // namespace
