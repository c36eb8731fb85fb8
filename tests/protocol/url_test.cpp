#include "ws/detail/protocol/url.hpp"

#include "support/catch.hpp"

using ws::protocol::ParseUrl;

TEST_CASE("A missing port is the scheme's default port, and a missing path is the root") {
  const auto plain = ParseUrl("ws://example.com");
  REQUIRE(plain);
  CHECK_FALSE(plain->secure);
  CHECK(plain->host == "example.com");
  CHECK(plain->port == "80");
  CHECK(plain->authority == "example.com");
  CHECK(plain->target == "/");
  const auto secure = ParseUrl("WSS://example.com:8443/a/b?c=d&e");
  REQUIRE(secure);
  CHECK(secure->secure);
  CHECK(secure->port == "8443");
  CHECK(secure->authority == "example.com:8443");
  CHECK(secure->target == "/a/b?c=d&e");
  CHECK(ParseUrl("wss://a")->port == "443");
  CHECK(ParseUrl("ws://a?x=1")->target == "/?x=1");
}

TEST_CASE("An IPv6 address keeps its brackets only in the Host header") {
  const auto url = ParseUrl("ws://[::1]:9001/ws");
  REQUIRE(url);
  CHECK(url->host == "::1");
  CHECK(url->port == "9001");
  CHECK(url->authority == "[::1]:9001");
}

TEST_CASE("Text that is not a WebSocket URL is rejected") {
  const std::string text =
      GENERATE(as<std::string>(), "", "example.com", "http://a", "ws:/a", "ws://", "ws:///path", "ws://:80", "ws://a:b",
               "ws://a:65536", "ws://a:123456", "ws://user@a", "ws://[::1", "ws://[]:1", "ws://a#b", "ws://a/b c",
               "ws://a/\r\nInjected: 1", "ws://a/\xC3\xA9", "ws://[evil.example]/", "ws://a\\b", "ws://a,b", "ws://%41",
               "ws://a:0", "ws://[::1%25lo]");
  CAPTURE(text);
  CHECK_FALSE(ParseUrl(text));
}
