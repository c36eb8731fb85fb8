#include "ws/detail/protocol/frame.hpp"

#include "support/catch.hpp"
#include "ws/detail/protocol/message_frames.hpp"

using namespace ws::protocol;
using ws::MessageType;

TEST_CASE("A frame is a header of the right length and the payload after it") {
  const std::size_t size = GENERATE(std::size_t{0}, 1, 125, 126, 65535, 65536, 100'000);
  const MessageType type = GENERATE(MessageType::Text, MessageType::Binary);
  const std::string payload(size, 'x');
  const Frame frame(Frame::ReserveHeader() + payload, type);
  CHECK(frame.Type() == type);
  CHECK(frame.Payload() == payload);
  std::string expected;
  AppendFrameHeader(expected, type == MessageType::Text ? Opcode::Text : Opcode::Binary, size);
  CHECK(frame.Bytes() == expected + payload);
}

TEST_CASE("Events, binary events and raw messages become frames with the right payload") {
  CHECK(EventFrame("x", {{"a", 1}})->Payload() == R"({"event":"x","data":{"a":1}})");
  const auto binary = BinaryEventFrame("x", nullptr, "\xFF");
  CHECK(binary->Type() == MessageType::Binary);
  CHECK(binary->Payload() == std::string("{\"event\":\"x\"}") + '\0' + "\xFF");
  CHECK(RawFrame("\xFF", MessageType::Text)->Payload() == "\xEF\xBF\xBD");
  CHECK(RawFrame("\xFF", MessageType::Binary)->Payload() == "\xFF");
}
