// Rows 24 to 28: reserved names and unusual JSON from a peer, and data that JSON cannot represent.
#include <malloc.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "torture/figures.hpp"
#include "torture/stage.hpp"
#include "ws/detail/protocol/json_scanner.hpp"
#include "ws/ws.hpp"

using ws::Errc;
using ws::Handler;
using ws::Json;
using ws::Options;
using ws::protocol::Opcode;
using ws::protocol::ScanError;
using ws::test::MaskedFrame;
using ws::test::TestClient;
using namespace ws::torture;

namespace {

std::string Repeat(std::string_view text, std::size_t count) {
  std::string all;
  all.reserve(text.size() * count);
  while (count-- > 0) all += text;
  return all;
}

template <class Work>
std::chrono::microseconds Measure(Work work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start);
}

void AddEcho(Handler& socket) {
  socket.On("echo", [](const Json& data) { return data; });
}

// Sends one message on a new connection. Returns the data of the reply or the code of the error.
std::string ReplyTo(const Stage& stage, const std::string& text) {
  TestClient peer = stage.Connect();
  peer.SendText(text);
  const Json reply = peer.Receive();
  peer.DropConnection();
  if (reply["event"] == "error") return reply["data"]["code"];
  return reply.contains("error") ? reply["error"]["code"].get<std::string>() : reply.value("data", Json()).dump();
}

// Returns the test's own free memory to the system, so that the next growth can be measured.
void ReleaseFreeMemory() {
  ::malloc_trim(0);
}

}  // namespace

TEST_CASE("Reserved events from a peer are refused, and replies without a request are ignored", "[row24]") {
  const int rounds = Pick(20, 1'000);
  std::atomic<int> connected = 0, ended = 0, reserved_calls = 0;
  Stage stage([&](Handler& socket) {
    socket.On("connect", [&] { ++connected; });
    socket.On("disconnect", [&] { ++ended; });
    for (const char* event : {"$x", "$ack", "$pong", ""}) {
      if (*event != '\0') socket.On(event, [&] { ++reserved_calls; });
    }
    AddEcho(socket);
  });
  int correct = 0, early = 0;
  for (int round = 0; round < rounds; ++round) {
    TestClient peer = stage.Connect();
    for (const char* event : {"connect", "disconnect", "$x"}) {
      for (const Opcode opcode : {Opcode::Text, Opcode::Binary}) {
        peer.SendFrame(opcode, Json{{"event", event}, {"id", 1}}.dump());
        correct += peer.Receive()["error"]["code"] == "reserved_event" ? 1 : 0;
      }
    }
    for (const char* text : {R"({"event":"$ack","id":1,"data":1})", R"({"event":"$ack"})", R"({"event":"$pong"})"}) {
      peer.SendText(text);
    }
    peer.SendText(R"({"event":"","id":1})");
    correct += peer.Receive()["error"]["code"] == "bad_message" ? 1 : 0;
    peer.Send("echo", round, 2);
    correct += peer.Receive()["data"] == round ? 1 : 0;
    early += ended == round ? 0 : 1;
    CHECK(peer.Close().code == 1000);
    stage.WaitUntilEmpty();
  }
  Exactly("correct replies", correct, 8 * rounds);
  Exactly("connect callbacks", connected.load(), rounds);
  Exactly("disconnect callbacks", ended.load(), rounds);
  Exactly("early disconnect callbacks", early, 0);
  Exactly("callbacks for reserved events", reserved_calls.load(), 0);
}

TEST_CASE("A million levels of nesting are rejected before a tree is built", "[row25]") {
  constexpr std::size_t levels = 1'000'000;
  const std::string opening = Repeat("[", levels), objects = Repeat("{\"a\":", levels);
  for (const auto& [what, deep] :
       {std::pair<std::string, const std::string&>{"arrays", opening}, {"objects", objects}}) {
    const std::string flat = "[" + Repeat("0,", deep.size() / 2 - 1) + "0]";
    const auto limit = Measure([&] { CHECK(Json::accept(flat)); });
    const Growth growth;
    const auto elapsed = Measure([&] { CHECK(ws::protocol::ScanJson(deep).error == ScanError::TooDeep); });
    Print("scan of 10^6 nested " + what, std::to_string(elapsed.count()) + " us",
          is_sanitized ? "not judged: a sanitizer" : "< " + std::to_string(limit.count()) + " us");
    if (!is_sanitized) CHECK(elapsed < limit);
    MemoryBelow("peak memory growth of the scan", growth.Peak(), 2048);
  }
  Stage stage(AddEcho, Options{.max_malformed = 0});
  TestClient peer = stage.Connect();
  peer.Send("echo", "warm", 1);
  peer.Receive();
  const std::string frame = MaskedFrame(Opcode::Text, opening);
  ReleaseFreeMemory();
  const Growth growth;
  peer.SendBytes(frame);
  CHECK(peer.Receive()["data"]["code"] == "bad_json");
  MemoryBelow("peak memory growth while a connection rejects 10^6 [", growth.Peak(), 2048);
  CHECK(peer.Close().code == 1000);

  const auto nested = [](std::size_t depth) {
    return R"({"event":"echo","id":1,"data":)" + Repeat("[", depth - 1) + Repeat("]", depth - 1) + "}";
  };
  Exactly("depth 64", ReplyTo(stage, nested(64)), Repeat("[", 63) + Repeat("]", 63));
  Exactly("depth 65", ReplyTo(stage, nested(65)), std::string("bad_json"));
}

TEST_CASE("Edge cases of JSON are handled as protocol.md says", "[row26]") {
  Stage stage(AddEcho);
  const std::string echo = R"({"event":"echo","id":1,"data":)";
  const std::vector<std::pair<std::string, std::string>> table = {
      {echo + "1e400}", "bad_json"},
      {echo + std::string(100'000, '9') + "}", "bad_json"},
      {echo + "0." + std::string(100'000, '1') + "}", Json::parse("0." + std::string(100'000, '1')).dump()},
      {echo + "18446744073709551616}", "1.8446744073709552e+19"},
      {echo + "-9223372036854775809}", "-9.223372036854776e+18"},
      {echo + "-0}", Json::parse("-0").dump()},
      {echo + R"({"a":1,"a":2}})", R"({"a":2})"},
      {R"({"event":7,"event":"echo","id":1,"data":1,"data":2})", "2"},
      {R"({"event":"echo","event":7,"id":1})", "bad_message"},
      {echo + R"("\ud800"})", "bad_json"},
      {echo + R"("\udc00\ud800"})", "bad_json"},
      {echo + R"("\u0000"})", R"("\u0000")"},
      {"{\"event\":\"echo\",\"id\":1,\"data\":\"\x01\"}", "bad_json"},
      {R"({"event":"\u0000","id":1})", "unknown_event"},
      {"\xEF\xBB\xBF" + echo + "1}", "bad_json"},
      {echo + "1}x", "bad_json"},
      {echo + "1}{}", "bad_json"},
      {echo + "NaN}", "bad_json"},
      {"", "bad_json"},
  };
  std::size_t correct = 0, sent = 0;
  const auto check = [&](const std::string& text, const std::string& expected) {
    INFO(text.substr(0, 60));
    const std::string reply = ReplyTo(stage, text);
    CHECK(reply == expected);
    correct += reply == expected ? 1 : 0;
    ++sent;
  };
  for (const auto& [text, expected] : table) check(text, expected);
  for (const char* wrong : {"null", "true", "7", "-1", "1.5", "[]", "{}", R"(["echo"])", R"("")"}) {
    check(R"({"id":1,"event":)" + std::string(wrong) + "}", "bad_message");
  }
  for (const char* wrong : {"null", "true", "7", "1.5", "[]", R"("echo")", R"([{"event":"echo"}])", "{}"}) {
    check(wrong, "bad_message");
  }
  Exactly("correct replies", correct, sent);
}

TEST_CASE("Emitting data that JSON cannot represent does not throw", "[row27]") {
  const int rounds = Pick(2, 20);
  Stage stage([](Handler& socket) {
    socket.On("bad", [] { return "\xFF\xC3"; });
    socket.On("nan", [] { return std::nan(""); });
    socket.On("large", [] { return std::string(100'000'000, 'x'); });
  });
  auto [socket, peer] = stage.Pair("one");
  int exceptions = 0;
  for (int round = 0; round < rounds; ++round) {
    try {
      CHECK_FALSE(socket.Emit("text", "a\xFF\xC3z"));
      CHECK(peer.ReceiveMessage().payload == "{\"event\":\"text\",\"data\":\"a\xEF\xBF\xBD\xEF\xBF\xBDz\"}");
      CHECK_FALSE(socket.Emit("e\xFF", {{"\xFF", 1}}));
      CHECK(peer.ReceiveMessage().payload == "{\"event\":\"e\xEF\xBF\xBD\",\"data\":{\"\xEF\xBF\xBD\":1}}");
      for (const double none : {std::nan(""), std::numeric_limits<double>::infinity()}) {
        CHECK_FALSE(socket.Emit("number", {none}));
        CHECK(peer.ReceiveMessage().payload == R"({"event":"number","data":[null]})");
      }
      const Json large = std::string(100'000'000, 'x');
      CHECK(socket.Emit("large", large) == Errc::TooLarge);
      CHECK(socket.EmitBinary("large", nullptr, large.get_ref<const std::string&>()) == Errc::TooLarge);
      CHECK(stage->Hub().Broadcast("large", large).queued == 0);
      peer.Send("bad", nullptr, 1);
      CHECK(peer.Receive()["data"] == "\uFFFD\uFFFD");
      peer.Send("nan", nullptr, 2);
      CHECK(peer.Receive().value("data", Json()).is_null());
      peer.Send("large", nullptr, 3);
      CHECK(peer.Receive()["error"]["code"] == "internal");
    } catch (const std::exception& exception) {
      UNSCOPED_INFO(exception.what());
      ++exceptions;
    }
  }
  Exactly("exceptions", exceptions, 0);
  CHECK(peer.Close().code == 1000);
}

TEST_CASE("A megabyte of small objects is parsed within the memory limit", "[row28]") {
  Stage stage([](Handler& socket) { socket.On("count", [](const Json& data) { return data.size(); }); });
  TestClient peer = stage.Connect();
  peer.Send("count", {1, 2}, 1);
  CHECK(peer.Receive()["data"] == 2);
  constexpr std::string_view head = R"({"event":"count","id":2,"data":[)", tail = R"({"a":0}]})", piece = R"({"a":0},)";
  const std::size_t pieces = ((std::size_t{1} << 20) - head.size() - tail.size()) / piece.size();
  const std::string frame = MaskedFrame(Opcode::Text, std::string(head) + Repeat(piece, pieces) + std::string(tail));
  ReleaseFreeMemory();
  const Growth growth;
  peer.SendBytes(frame);
  CHECK(peer.Receive()["data"] == pieces + 1);
  MemoryBelow("peak memory growth", growth.Peak(), 24 << 10);
  CHECK(peer.Close().code == 1000);
}
