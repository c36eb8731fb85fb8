// The format of messages on the wire, in both directions.
#include <optional>
#include <string>
#include <vector>

#include "support/memory_session.hpp"
#include "support/prelude.hpp"
#include "ws/ws.hpp"

using ws::MessageType;
using ws::protocol::Opcode;

namespace {

struct Point {
  int x = 0;
  std::vector<double> rest = {};
};
void from_json(const Json& json, Point& point) {
  json.at("x").get_to(point.x);
  if (json.contains("rest")) json.at("rest").get_to(point.rest);
}
void to_json(Json& json, const Point& point) {
  json = {{"x", point.x}};
}

}  // namespace

TEST_CASE("Emit writes the event and its data as compact JSON, and omits data if it is null") {
  MemorySession session;
  session.Open();
  CHECK_FALSE(session.socket.Emit("x"));
  CHECK(session.peer.ReceiveMessage().payload == R"({"event":"x"})");
  CHECK_FALSE(session.socket.Emit("x", {{"a", {1, 2}}}));
  CHECK(session.peer.ReceiveMessage().payload == R"({"event":"x","data":{"a":[1,2]}})");
  CHECK_FALSE(session.socket.Emit("x", Point{3}));
  CHECK(session.peer.ReceiveMessage().payload == R"({"event":"x","data":{"x":3}})");
  CHECK_FALSE(session.socket.Emit("x", "a\xFF"));
  CHECK(session.peer.ReceiveMessage().payload == "{\"event\":\"x\",\"data\":\"a\xEF\xBF\xBD\"}");
  CHECK_FALSE(session.socket.Emit("x", std::numeric_limits<double>::quiet_NaN()));
  CHECK(session.peer.Receive()["event"] == "x");
}

TEST_CASE(
    "EmitBinary appends its bytes to the envelope, and a received binary message is split into envelope and bytes") {
  MemorySession session;
  std::promise<std::string> bytes;
  session.socket.On("file", [&](Handler&, const Message& message) {
    bytes.set_value(std::string(message.Bytes()));
    return message.Data();
  });
  session.Open();
  const std::string raw("\0\xFF\0x", 4);
  CHECK_FALSE(session.socket.EmitBinary("file", {{"name", "n"}}, raw));
  const auto frame = session.peer.ReceiveMessage();
  CHECK(frame.opcode == Opcode::Binary);
  CHECK(frame.payload == std::string(R"({"event":"file","data":{"name":"n"}})") + '\0' + raw);
  session.peer.SendFrame(Opcode::Binary, std::string(R"({"event":"file","id":1,"data":2})") + '\0' + raw);
  CHECK(session.peer.Receive()["data"] == 2);
  CHECK(Get(bytes.get_future()) == raw);
  session.peer.SendFrame(Opcode::Binary, R"({"event":"other","id":2})");
  CHECK(session.peer.Receive()["error"]["code"] == "unknown_event");
}

TEST_CASE("EmitVolatile is refused while more than a quarter of the queue is in use") {
  MemorySession session(Options{.max_outbound_messages = 8});
  session.Open();
  CHECK_FALSE(session.socket.EmitVolatile("x"));
  CHECK(session.peer.Receive()["event"] == "x");
  session.BlockWrites(true);
  int accepted = 0;
  while (!session.socket.EmitVolatile("x")) ++accepted;
  CHECK(accepted <= 3);
  CHECK_FALSE(session.socket.Emit("y"));
}

TEST_CASE("OnMessage receives every data message unparsed and in order, and Send sends a message of the same type") {
  const auto thread = GENERATE(ws::CallbackThread::Pool, ws::CallbackThread::Io);
  MemorySession session(Options{.callback_thread = thread});
  const ws::CallbackId token = session.socket.OnMessage(
      [](Handler& socket, const Message& message) { CHECK_FALSE(socket.Send(message.Payload(), message.Type())); });
  session.Open();
  for (const std::string text : {"", "{", "text", "{\"event\":\"$ping\"}"}) {
    session.peer.SendText(text);
    const auto echo = session.peer.ReceiveMessage();
    CHECK(echo.opcode == Opcode::Text);
    CHECK(echo.payload == text);
  }
  session.peer.SendFrame(Opcode::Binary, "\xFF");
  CHECK(session.peer.ReceiveMessage().payload == "\xFF");
  CHECK_FALSE(session.socket.Send("\xFF"));
  CHECK(session.peer.ReceiveMessage().payload == "\xEF\xBF\xBD");
  session.socket.Off(token);
  session.peer.SendText("{");
  CHECK(session.peer.Receive()["event"] == "error");
}

TEST_CASE("data that does not convert to the type of OnTyped is answered with invalid_payload and the path") {
  MemorySession session;
  std::atomic<int> calls = 0;
  session.socket.OnTyped("point", [&](const Point& point) {
    ++calls;
    return point.x;
  });
  session.socket.OnTyped<int>("generic", [](auto& socket, const auto& number) {
    static_cast<void>(socket);
    return number + 1;
  });
  session.Open();
  session.peer.Send("point", {{"x", 4}}, 1);
  CHECK(session.peer.Receive()["data"] == 4);
  session.peer.Send("generic", 1, 2);
  CHECK(session.peer.Receive()["data"] == 2);
  session.peer.Send("point", {{"x", "four"}}, 3);
  const Json wrong = session.peer.Receive();
  CHECK(wrong["error"]["code"] == "invalid_payload");
  CHECK(wrong["error"]["path"] == "/x");
  session.peer.Send("point", {{"y", 1}}, 4);
  CHECK(session.peer.Receive()["error"]["path"] == "/x");
  session.peer.Send("point", {{"x", 1}, {"rest", {1, "secret"}}});
  const Json event = session.peer.Receive();
  CHECK(event["event"] == "error");
  CHECK(event["data"]["code"] == "invalid_payload");
  CHECK(event["data"]["event"] == "point");
  CHECK(event["data"]["path"] == "/rest/1");
  CHECK(event.dump().find("secret") == std::string::npos);
  CHECK(calls == 1);
}

TEST_CASE("a reply that is too large for the queue is replaced by an error reply") {
  Options options{.max_outbound_bytes = 1000};
  options.log = [](const ws::LogRecord&) {};
  MemorySession session(std::move(options));
  session.socket.On("x", [] { return std::string(2000, 'x'); });
  session.Open();
  session.peer.Send("x", nullptr, 1);
  CHECK(session.peer.Receive()["error"]["code"] == "internal");
}

TEST_CASE("the shortest messages are handled like all others") {
  // A std::string of up to 15 bytes stores its text in the object itself, so a move invalidates views of it.
  Recorder recorder;
  MemorySession session;
  session.socket.OnAny(
      [&](Handler&, const Message& message) { recorder.Add(std::string(message.Event()) + message.Data().dump()); });
  session.Open();
  session.peer.SendText(R"({"event":"a"})");
  session.peer.SendText(R"({"event":"abc"})");
  session.peer.SendText(R"({"event":"abcd"})");
  session.peer.SendText(R"({"event":"a","data":1})");
  CHECK(recorder.WaitFor(4) == std::vector<std::string>{"anull", "abcnull", "abcdnull", "a1"});
}

TEST_CASE("received messages and bytes are counted") {
  MemorySession session;
  session.socket.On("x", [] {});
  session.Open();
  session.peer.SendText(R"({"event":"x","id":1})");
  session.peer.ReceiveMessage();
  const auto stats = session.socket.Stats();
  CHECK(stats.messages_in == 1);
  CHECK(stats.bytes_in == 20);
  CHECK(stats.dropped == 0);
}
