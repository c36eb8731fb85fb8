#include "ws/detail/protocol/upgrade_offer.hpp"

#include <functional>

#include "support/catch.hpp"
#include "ws/detail/protocol/upgrade_check.hpp"

using namespace ws::protocol;
using ws::HttpResponse;

namespace {

HttpResponse Answer() {
  return {
      101, {{"upgrade", "WebSocket"}, {"connection", "keep-alive, Upgrade"}, {"Sec-WebSocket-Accept", "accepted"}}, {}};
}

UpgradeOffer Offer() {
  return {*ParseUrl("ws://host:1/path"), {{"Authorization", "x"}}, {"chat", "json"}, true};
}

std::string Why(const HttpResponse& answer, const UpgradeOffer& offer = Offer()) {
  const auto verdict = JudgeAnswer(answer, offer, "accepted");
  const auto* why = std::get_if<std::string>(&verdict);
  return why != nullptr ? *why : "granted";
}

}  // namespace

TEST_CASE("A key is 16 bytes in base64") {
  CHECK(MakeKey({}) == "AAAAAAAAAAAAAAAAAAAAAA==");
  CHECK(MakeKey({'t', 'h', 'e', ' ', 's', 'a', 'm', 'p', 'l', 'e', ' ', 'n', 'o', 'n', 'c', 'e'}) ==
        "dGhlIHNhbXBsZSBub25jZQ==");
  std::array<unsigned char, 16> bytes{};
  bytes.fill(0xFF);
  CHECK(MakeKey(bytes) == "/////////////////////w==");
  CHECK(IsWebSocketKey(MakeKey(bytes)));
}

TEST_CASE("Our request passes our own checks") {
  const auto request = MakeUpgradeRequest(Offer(), MakeKey({}));
  const std::vector<std::string> none;
  CHECK_FALSE(CheckUpgrade(request, {none, none, {}}));
  CHECK(request.Header("Authorization") == "x");
  CHECK(
      Serialize(request) ==
      "GET /path HTTP/1.1\r\nHost: host:1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: chat, json\r\n"
      "Sec-WebSocket-Extensions: permessage-deflate\r\nAuthorization: x\r\n\r\n");
}

TEST_CASE("A header of the application's is one line, and none of the handshake's") {
  CHECK(IsOfferable("Cookie", "a=b; c=\xC3\xA9"));
  CHECK(IsOfferable("Origin", "https://a"));
  for (const auto name : {"", "Host", "upgrade", "Sec-WebSocket-Key", "sec-websocket-x", "Content-Length", "a:b", "a b",
                          "a\r\nb", "a(b", "a\x7F", "\xC3\xA9"})
    CHECK_FALSE(IsOfferable(name, "x"));
  CHECK_FALSE(IsOfferable("X", "a\r\nInjected: b"));
  CHECK_FALSE(IsOfferable("X", std::string_view("a\0b", 3)));
}

TEST_CASE("A right answer grants, with what the server chose") {
  HttpResponse answer = Answer();
  answer.headers.emplace_back("Sec-WebSocket-Protocol", "json");
  answer.headers.emplace_back("Sec-WebSocket-Extensions", "permessage-deflate; server_no_context_takeover");
  const auto verdict = JudgeAnswer(answer, Offer(), "accepted");
  const auto* grant = std::get_if<UpgradeGrant>(&verdict);
  REQUIRE(grant != nullptr);
  CHECK(grant->subprotocol == "json");
  CHECK(grant->deflate);
  CHECK(Why(Answer()) == "granted");
}

TEST_CASE("Parameters of deflate are those that RFC 7692 lets a server answer with, each once") {
  for (const auto* parameters :
       {"", ";server_no_context_takeover", "; client_no_context_takeover; server_max_window_bits=9",
        "; server_max_window_bits = 15 ", "; server_max_window_bits=\"10\""})
    CHECK(AreDeflateParameters(parameters));
  for (const auto* parameters :
       {";client_max_window_bits", ";client_max_window_bits=8", ";nonsense", ";server_max_window_bits",
        ";server_max_window_bits=7", ";server_max_window_bits=99", ";server_no_context_takeover=1",
        ";server_no_context_takeover;server_no_context_takeover", ";server_no_context_takeover, permessage-deflate",
        ";", "; ", ";;server_no_context_takeover", ";server_no_context_takeover;", ";server_max_window_bits=\"\"",
        ";server_max_window_bits=\"10", ";server_no_context_takeover=\"\""})
    CHECK_FALSE(AreDeflateParameters(parameters));
}

TEST_CASE("A wrong answer does not") {
  const std::function<void(HttpResponse&)> spoil = GENERATE(values<void (*)(HttpResponse&)>({
      [](HttpResponse& answer) { answer.status = 200; },
      [](HttpResponse& answer) { answer.status = 301; },
      [](HttpResponse& answer) { answer.headers[0].second = "h2c"; },
      [](HttpResponse& answer) { answer.headers.emplace_back("Upgrade", "h2c"); },
      [](HttpResponse& answer) { answer.headers[1].second = "close"; },
      [](HttpResponse& answer) { answer.headers[2].second = "Accepted"; },
      [](HttpResponse& answer) { answer.headers.pop_back(); },
      [](HttpResponse& answer) { answer.headers.push_back(answer.headers[2]); },
      [](HttpResponse& answer) { answer.headers.emplace_back("Sec-WebSocket-Protocol", "other"); },
      [](HttpResponse& answer) { answer.headers.emplace_back("Sec-WebSocket-Extensions", "x-other"); },
      [](HttpResponse& answer) {
        answer.headers.emplace_back("Sec-WebSocket-Extensions", "permessage-deflate, permessage-deflate");
      },
  }));
  HttpResponse answer = Answer();
  spoil(answer);
  CHECK(Why(answer) != "granted");
}

TEST_CASE("What was not offered may not be granted") {
  HttpResponse answer = Answer();
  answer.headers.emplace_back("Sec-WebSocket-Extensions", "permessage-deflate");
  UpgradeOffer offer = Offer();
  offer.deflate = false;
  CHECK(Why(answer, offer) != "granted");
}
