#include "ws/detail/protocol/frame.hpp"

#include "support/catch.hpp"
#include "ws/detail/protocol/message_frames.hpp"

using namespace ws::protocol;
using ws::MessageType;

TEST_CASE("A frame is a head of the right length and the payload behind it") {
  const std::size_t size = GENERATE(std::size_t{0}, 1, 125, 126, 65535, 65536, 100'000);
  const MessageType kind = GENERATE(MessageType::Text, MessageType::Binary);
  const std::string payload(size, 'x');
  const Frame frame(Frame::Begin() + payload, kind);
  CHECK(frame.Type() == kind);
  CHECK(frame.Payload() == payload);
  std::string expected;
  AppendFrameHeader(expected, kind == MessageType::Text ? Opcode::Text : Opcode::Binary, size);
  CHECK(frame.Whole() == expected + payload);
}

TEST_CASE("Events, binary events and raw messages become frames") {
  CHECK(EventFrame("x", {{"a", 1}})->Payload() == R"({"event":"x","data":{"a":1}})");
  const auto binary = BinaryEventFrame("x", nullptr, "\xFF");
  CHECK(binary->Type() == MessageType::Binary);
  CHECK(binary->Payload() == std::string("{\"event\":\"x\"}") + '\0' + "\xFF");
  CHECK(RawFrame("\xFF", MessageType::Text)->Payload() == "\xEF\xBF\xBD");
  CHECK(RawFrame("\xFF", MessageType::Binary)->Payload() == "\xFF");
}
