#include "host_header.hpp"

#include "support/catch.hpp"

using repl::IsAllowedHost;
using repl::ParseHostHeader;

TEST_CASE("a Host header is split into host and port") {
  const auto parts = [](std::string_view text) {
    const auto header = ParseHostHeader(text);
    return header ? std::string(header->host) + " " + std::string(header->port) : "malformed";
  };
  CHECK(parts("a.example") == "a.example ");
  CHECK(parts("a.example:") == "a.example ");
  CHECK(parts("a.example:8080") == "a.example 8080");
  CHECK(parts("[::1]") == "[::1] ");
  CHECK(parts("[::1]:8080") == "[::1] 8080");
}

TEST_CASE("a malformed Host header is rejected") {
  for (const char* text : {"", ":80", "[::1", "[::1]x", "[::1]x:80", "a:b", "a:123456", "a:80:80", "::1", "a/b",
                           "user@a", "a?b", "a#b", "a b", "a\tb"}) {
    INFO(text);
    CHECK_FALSE(ParseHostHeader(text));
    CHECK_FALSE(IsAllowedHost(text, {"a", "[::1]", text}));
  }
}

TEST_CASE("an allowed host without a port matches every port, and letter case is ignored") {
  CHECK(IsAllowedHost("localhost", {"localhost"}));
  CHECK(IsAllowedHost("LOCALHOST:1", {"localhost"}));
  CHECK(IsAllowedHost("[::1]:8080", {"localhost", "[::1]"}));
  CHECK_FALSE(IsAllowedHost("localhost.:8080", {"localhost"}));
  CHECK_FALSE(IsAllowedHost("localhost", {}));
}

TEST_CASE("an allowed host with a port matches that port, or no port if it is the default port") {
  CHECK(IsAllowedHost("a.example:8443", {"a.example:8443"}));
  CHECK_FALSE(IsAllowedHost("a.example:8444", {"a.example:8443"}));
  CHECK_FALSE(IsAllowedHost("a.example", {"a.example:8443"}));
  CHECK(IsAllowedHost("a.example", {"a.example:443"}));
  CHECK(IsAllowedHost("a.example", {"a.example:80"}));
}
