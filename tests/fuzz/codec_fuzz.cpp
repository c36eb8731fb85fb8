// Feeds arbitrary octets to the codec, in pieces of any size. Checks that it does not crash or loop forever, and that
// no message exceeds the size limit or is invalid UTF-8.
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <cstdlib>

#include "transport/codec.hpp"
#include "ws/detail/protocol/utf8.hpp"

namespace {

constexpr std::size_t max_message = 4096;

ws::HttpRequest Request(bool deflate) {
  ws::HttpRequest request;
  request.method = "GET";
  request.target = "/";
  request.headers = {{"Host", "a"}, {"Sec-WebSocket-Version", "13"}, {"Sec-WebSocket-Key", "MDEyMzQ1Njc4OWFiY2RlZg=="}};
  if (deflate) request.headers.emplace_back("Sec-WebSocket-Extensions", "permessage-deflate");
  return request;
}

void Require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

// Input: a byte whose lowest bit enables deflate, a byte with the size of the pieces, and the octets.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using ws::transport::Codec;
  if (size < 2) return 0;
  static boost::asio::io_context context;
  const bool deflate = (data[0] & 1U) != 0;
  const std::size_t piece = 1 + data[1];
  Codec codec(context.get_executor(), {ws::transport::Role::Server, max_message, deflate});
  std::string out;
  Require(!codec.Accept(Request(deflate), {}, out));
  std::string_view input(reinterpret_cast<const char*>(data) + 2, size - 2);
  while (!input.empty()) {
    const std::string copy(
        input.substr(0, piece));  // a separate heap block, so that AddressSanitizer detects an over-read
    input.remove_prefix(copy.size());
    codec.Feed(copy);
    for (;;) {
      const Codec::Event event = codec.Next();
      if (event == Codec::Event::Close || event == Codec::Event::Failed) return 0;
      if (event == Codec::Event::NeedMore) break;
      if (event != Codec::Event::Message) {
        Require(codec.ControlPayload().size() <= ws::protocol::max_control_bytes);
        continue;
      }
      const std::string message = codec.PopMessage();
      Require(message.size() <= max_message);
      Require(codec.Type() == ws::MessageType::Binary || ws::protocol::IsValidUtf8(message));
      codec.WriteMessage(codec.Type(), message, out);
    }
  }
  return 0;
}
