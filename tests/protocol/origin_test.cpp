#include "ws/detail/protocol/origin.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace ws::protocol;

namespace {

void CheckAuthority(std::string_view text, std::string_view host, std::string_view port) {
  INFO(text);
  const auto authority = ParseAuthority(text);
  REQUIRE(authority);
  CHECK(authority->host == host);
  CHECK(authority->port == port);
}

}  // namespace

TEST_CASE("An authority is a host with an optional port") {
  CheckAuthority("example.org", "example.org", "");
  CheckAuthority("example.org:8080", "example.org", "8080");
  CheckAuthority("example.org:", "example.org", "");
  CheckAuthority("127.0.0.1:80", "127.0.0.1", "80");
  CheckAuthority("[::1]", "[::1]", "");
  CheckAuthority("[::1]:443", "[::1]", "443");
  CheckAuthority("h:65535", "h", "65535");
}

TEST_CASE("Text that is not an authority is rejected") {
  for (const char* text : {"",          ":80",    "a:b",    "a:80:80", "a:-1",      "a:+1",      "a: 80",
                           "a:123456",  "::1",    "[::1",   "[::1]80", "[::1]x:80", "user@host", "host/",
                           "host/path", "host?x", "host#x", "a b",     "a\tb",      " a",        "a,b:x"}) {
    INFO(text);
    CHECK_FALSE(ParseAuthority(text));
  }
}

TEST_CASE("A missing port is the scheme's default port") {
  CHECK(IsSameHost("http://example.org", "example.org"));
  CHECK(IsSameHost("http://example.org", "example.org:80"));
  CHECK(IsSameHost("http://example.org:80", "example.org"));
  CHECK(IsSameHost("https://example.org", "example.org:443"));
  CHECK(IsSameHost("https://example.org:443", "example.org"));
  CHECK(IsSameHost("http://localhost:8080", "localhost:8080"));
  CHECK(IsSameHost("http://[::1]:8080", "[::1]:8080"));
}

TEST_CASE("The scheme is not compared, because a proxy may terminate TLS") {
  CHECK(IsSameHost("https://example.org", "example.org"));
  CHECK(IsSameHost("https://example.org:8443", "example.org:8443"));
}

TEST_CASE("Scheme and host are compared without case") {
  CHECK(IsSameHost("HTTP://EXAMPLE.ORG", "example.org"));
  CHECK(IsSameHost("http://example.org", "Example.Org"));
  CHECK(IsSameHost("hTTpS://example.org", "EXAMPLE.org:443"));
}

TEST_CASE("A different port is a different origin") {
  CHECK_FALSE(IsSameHost("http://localhost:3000", "localhost:8080"));
  CHECK_FALSE(IsSameHost("http://localhost", "localhost:8080"));
  CHECK_FALSE(IsSameHost("http://localhost:8080", "localhost"));
  CHECK_FALSE(IsSameHost("http://example.org", "example.org:443"));
  CHECK_FALSE(IsSameHost("https://example.org", "example.org:80"));
}

TEST_CASE("A different host is a different origin, even if the names look similar") {
  for (const char* origin :
       {"http://evil.org", "http://example.org.evil.org", "http://evil-example.org", "http://sub.example.org",
        "http://example.or", "http://example.orgs", "http://example.org@evil.org", "http://evil.org/example.org",
        "http://evil.org#example.org", "http://example.org.", "http://example.org:80:80", "http://user@example.org",
        "http://example.org/", "http:// example.org", "http://example.org "}) {
    INFO(origin);
    CHECK_FALSE(IsSameHost(origin, "example.org"));
  }
}

TEST_CASE("An origin without an HTTP scheme is never the same host") {
  for (const char* origin :
       {"null", "", "file://", "file://example.org", "example.org", "//example.org", "http:example.org",
        "http:/example.org", "ftp://example.org", "ws://example.org", "chrome-extension://example.org", "http://",
        "https://", "http", "httpx://example.org", "javascript:example.org"}) {
    INFO(origin);
    CHECK_FALSE(IsSameHost(origin, "example.org"));
  }
  CHECK_FALSE(IsSameHost("file://", ""));
  CHECK_FALSE(IsSameHost("null", "null"));
  CHECK_FALSE(IsSameHost("http://", ""));
}

TEST_CASE("An invalid Host header matches no origin") {
  for (const char* host : {"", "a/b", "user@example.org", "example.org:x", "http://example.org", "example.org:80:80"}) {
    INFO(host);
    CHECK_FALSE(IsSameHost("http://example.org", host));
    CHECK_FALSE(IsSameHost(std::string("http://") + host, host));
  }
}

TEST_CASE("An origin must match a listed origin completely, in any case") {
  const std::vector<std::string> allowed{"https://app.example.org", "http://localhost:3000"};
  CHECK(IsListedOrigin("https://app.example.org", allowed));
  CHECK(IsListedOrigin("HTTPS://App.Example.Org", allowed));
  CHECK(IsListedOrigin("http://localhost:3000", allowed));
  for (const char* origin :
       {"http://app.example.org", "https://app.example.org.evil", "https://app.example.org:443", "null", "",
        "https://app.example.or", "http://localhost", "http://localhost:30000", "app.example.org"}) {
    INFO(origin);
    CHECK_FALSE(IsListedOrigin(origin, allowed));
  }
  CHECK_FALSE(IsListedOrigin("https://app.example.org", {}));
}

TEST_CASE("IsOrigin accepts the origins that browsers send") {
  for (const char* origin : {"https://example.org", "http://localhost:5173", "http://[::1]:8080", "null",
                             "chrome-extension://abcdefgh", "http://example.org:443", "file://"}) {
    INFO(origin);
    CHECK(IsOrigin(origin));
  }
  for (const char* origin : {"", "example.org", "https://", "://x", "https://example.org/", "https://example.org:443",
                             "HTTP://example.org:80", "https://*.example.org", "https://me@example.org", "*"}) {
    INFO(origin);
    CHECK_FALSE(IsOrigin(origin));
  }
}

TEST_CASE("A star in the list allows every origin, and is not an origin itself") {
  CHECK(IsListedOrigin("https://anything", {"*"}));
  CHECK(IsListedOrigin("null", {"*"}));
  CHECK_FALSE(IsListedOrigin("*", {"https://app.example.org"}));
  CHECK_FALSE(IsListedOrigin("https://app.example.org", {"*.example.org"}));
}

TEST_CASE("A listed host without a port allows any port, one with a port allows that port only") {
  const std::vector<std::string> allowed{"localhost", "example.org:8080", "[::1]"};
  CHECK(IsListedHost("localhost", allowed));
  CHECK(IsListedHost("LOCALHOST:1234", allowed));
  CHECK(IsListedHost("example.org:8080", allowed));
  CHECK(IsListedHost("[::1]:8080", allowed));
  for (const char* host : {"example.org", "example.org:80", "localhost.evil.org", "evil.org", "", "localhost:x",
                           "localhost/", "[::2]", "127.0.0.1"}) {
    INFO(host);
    CHECK_FALSE(IsListedHost(host, allowed));
  }
}

TEST_CASE("A listed host with a default port also matches a Host header without a port") {
  CHECK(IsListedHost("example.org", {"example.org:443"}));
  CHECK(IsListedHost("example.org", {"example.org:80"}));
  CHECK(IsListedHost("example.org:443", {"Example.org:443"}));
  CHECK(IsListedHost("example.org:8080", {"example.org:"}));
  CHECK_FALSE(IsListedHost("example.org:80", {"example.org:443"}));
  CHECK_FALSE(IsListedHost("evil.org", {"example.org:443"}));
}

TEST_CASE("An origin cannot have a WebSocket scheme") {
  CHECK_FALSE(IsOrigin("ws://example.org"));
  CHECK_FALSE(IsOrigin("wss://example.org"));
}
