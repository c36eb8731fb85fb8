// Measures the codec in memory: an echo without JSON and without a socket. An item is a message.
#include <benchmark/benchmark.h>

#include <boost/asio/io_context.hpp>
#include <string>

#include "load/frame.hpp"
#include "support/memory_session.hpp"
#include "transport/codec.hpp"
#include "units/sample.hpp"
#include "ws/detail/protocol/message_frames.hpp"

namespace {

using ws::transport::Codec;

// Arguments: messages per read, and octets of each message's text.
void EchoOverMemory(benchmark::State& state) {
  const std::string frame =
      load::MakeFrame(load::Opcode::Text, ws::bench::SampleText(static_cast<std::size_t>(state.range(1))));
  std::string input, output;
  for (auto left = state.range(0); left > 0; --left) input += frame;
  boost::asio::io_context context{1};
  Codec codec(context.get_executor(), {ws::transport::Role::Server, std::size_t{2} << 20, false});
  if (codec.Accept(ws::test::UpgradeRequest(), "", output)) state.SkipWithError("the upgrade failed");
  std::int64_t messages = 0;
  for (auto _ : state) {
    output.clear();
    codec.Feed(input);
    while (codec.Next() == Codec::Event::Message) {
      output += ws::protocol::RawFrame(codec.PopMessage(), codec.Type())->Bytes();
      ++messages;
    }
    benchmark::DoNotOptimize(output.data());
  }
  if (messages != static_cast<std::int64_t>(state.iterations()) * state.range(0))
    state.SkipWithError("messages are missing");
  state.SetItemsProcessed(messages);
}
BENCHMARK(EchoOverMemory)->Args({1, 100})->Args({32, 100})->Args({1, 16 << 10})->Args({1, 1 << 20});

}  // namespace
