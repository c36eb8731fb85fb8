#include "ws/detail/protocol/upgrade_check.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace ws::protocol;
using ws::HttpRequest;

namespace {

/// RFC 6455 1.2's own request.
HttpRequest Opening() {
  HttpRequest request;
  request.method = "GET";
  request.target = "/chat";
  request.headers = {{"Host", "server.example.com"},
                     {"Upgrade", "websocket"},
                     {"Connection", "Upgrade"},
                     {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
                     {"Sec-WebSocket-Version", "13"}};
  return request;
}

/// The opening with this header instead of its own, or without it.
HttpRequest With(const std::string& name, const std::optional<std::string>& value) {
  HttpRequest request = Opening();
  std::erase_if(request.headers, [&](const auto& header) { return header.first == name; });
  if (value) request.headers.emplace_back(name, *value);
  return request;
}

HttpRequest WithSecond(const std::string& name, const std::string& value) {
  HttpRequest request = Opening();
  request.headers.emplace_back(name, value);
  return request;
}

struct Rules {
  std::vector<std::string> origins, hosts;
  std::function<bool(std::string_view, const HttpRequest&)> check;
};

/// The status of the refusal; 101 where there is none.
unsigned Judge(const HttpRequest& request, const Rules& rules = {}) {
  const auto refusal = CheckUpgrade(request, {rules.origins, rules.hosts, rules.check});
  if (refusal) CHECK_FALSE(refusal->text.empty());
  return refusal ? refusal->status : 101;
}

}  // namespace

TEST_CASE("The opening of the RFC is accepted") {
  CHECK(Judge(Opening()) == 101);
}

TEST_CASE("Upgrade and Connection are lists, in any case, over several lines") {
  CHECK(Judge(With("Upgrade", "WebSocket")) == 101);
  CHECK(Judge(With("Upgrade", "h2c, websocket")) == 101);
  CHECK(Judge(With("Connection", "keep-alive, Upgrade")) == 101);
  CHECK(Judge(With("Connection", "\t,keep-alive,,UPGRADE ,")) == 101);
  HttpRequest split = With("Connection", "keep-alive");
  split.headers.emplace_back("connection", "upgrade");
  CHECK(Judge(split) == 101);
}

TEST_CASE("What does not ask for a WebSocket is told how to") {
  for (const char* name : {"Upgrade", "Connection"}) {
    CHECK(Judge(With(name, std::nullopt)) == 426);
    CHECK(Judge(With(name, "")) == 426);
    CHECK(Judge(With(name, "keep-alive")) == 426);
    CHECK(Judge(With(name, "websockets, upgrades")) == 426);
    CHECK(Judge(With(name, "web socket, up grade")) == 426);
  }
  CHECK_FALSE(IsUpgrade(HttpRequest()));
  CHECK(IsUpgrade(Opening()));
}

TEST_CASE("Every version but 13 is refused with 426") {
  for (const char* version : {"", "12", "8", "014", "13,", "13, 8", "+13", "13.0", "thirteen"}) {
    INFO(version);
    CHECK(Judge(With("Sec-WebSocket-Version", version)) == 426);
  }
  CHECK(Judge(With("Sec-WebSocket-Version", std::nullopt)) == 426);
  CHECK(Judge(WithSecond("Sec-WebSocket-Version", "13")) == 426);
}

TEST_CASE("A key that is not 16 bytes in base64 is refused") {
  for (const char* key : {"", "x", "dGhlIHNhbXBsZSBub25jZQ",
                          "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ===", "dGhlIHNhbXBsZSBub25j",
                          "dGhlIHNhbXBsZSBub25jZTEy", "dGhlIHNhbXBsZSBub25jZR==", "dGhlIHNhbXBsZSBub25jZ===",
                          "dGhlIHNhbXBsZSB=b25jZQ==", "dGhlIHNhbXBsZSB-b25jZQ==", "dGhlIHNhbXBsZSB b25jZQ=="}) {
    INFO(key);
    CHECK(Judge(With("Sec-WebSocket-Key", key)) == 400);
    CHECK_FALSE(IsWebSocketKey(key));
  }
  CHECK(Judge(With("Sec-WebSocket-Key", std::nullopt)) == 400);
  CHECK(Judge(WithSecond("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")) == 400);
  for (const char last : {'A', 'Q', 'g', 'w'}) CHECK(IsWebSocketKey(std::string(21, '+') + last + "=="));
}

TEST_CASE("Only GET over HTTP/1.1 is accepted") {
  for (const char* method : {"POST", "HEAD", "PUT", "get", "", "OPTIONS", "CONNECT"}) {
    HttpRequest request = Opening();
    request.method = method;
    CHECK(Judge(request) == 405);
  }
  HttpRequest old = Opening();
  old.version = 10;
  CHECK(Judge(old) == 400);
}

TEST_CASE("Exactly one Host is needed") {
  CHECK(Judge(With("Host", std::nullopt)) == 400);
  CHECK(Judge(WithSecond("Host", "server.example.com")) == 400);
  CHECK(Judge(WithSecond("hOST", "other")) == 400);
}

TEST_CASE("A Host that is none is refused, with an Origin or without") {
  for (const char* host : {"a/b", "me@a", "a:b", "a:80:80", "a b", "http://a", "[::1", "::1"}) {
    INFO(host);
    CHECK(Judge(With("Host", host)) == 400);
  }
  for (const char* host : {"a", "a:80", "a:", "[::1]:80", "a_b.c-d"}) CHECK(Judge(With("Host", host)) == 101);
}

TEST_CASE("A body, and every header that announces one, is refused") {
  for (const char* length : {"0", "5", "", "x"}) CHECK(Judge(WithSecond("Content-Length", length)) == 400);
  for (const char* coding : {"chunked", "identity", ""}) CHECK(Judge(WithSecond("transfer-encoding", coding)) == 400);
  HttpRequest both = WithSecond("Content-Length", "5");
  both.headers.emplace_back("Transfer-Encoding", "chunked");
  CHECK(Judge(both) == 400);
  HttpRequest body = Opening();
  body.body = "hello";
  CHECK(Judge(body) == 400);
}

TEST_CASE("Without an Origin there is no browser, and it is allowed") {
  CHECK(Judge(Opening(), {{"https://app.example.org"}, {}, [](auto, auto&) { return false; }}) == 101);
}

TEST_CASE("The same host's page may connect, a foreign one may not") {
  CHECK(Judge(WithSecond("Origin", "http://server.example.com")) == 101);
  CHECK(Judge(WithSecond("Origin", "https://SERVER.example.com")) == 101);
  for (const char* origin : {"null", "", "file://", "http://evil.org", "http://server.example.com.evil",
                             "http://server.example.com:81", "server.example.com"}) {
    INFO(origin);
    CHECK(Judge(WithSecond("Origin", origin)) == 403);
  }
}

TEST_CASE("A listed origin may connect, and a star lets all of them") {
  const Rules listed{{"https://app.example.org", "null"}, {}, {}};
  CHECK(Judge(WithSecond("Origin", "https://app.example.org"), listed) == 101);
  CHECK(Judge(WithSecond("Origin", "HTTPS://APP.example.org"), listed) == 101);
  CHECK(Judge(WithSecond("Origin", "null"), listed) == 101);
  CHECK(Judge(WithSecond("Origin", "https://app.example.org.evil"), listed) == 403);
  CHECK(Judge(WithSecond("Origin", "http://server.example.com"), listed) == 101);
  CHECK(Judge(WithSecond("Origin", "http://evil.org"), {{"*"}, {}, {}}) == 101);
}

TEST_CASE("The application's check sees the request and decides last") {
  int asked = 0;
  const Rules rules{{"https://listed.org"}, {}, [&](std::string_view origin, const HttpRequest& request) {
                      ++asked;
                      CHECK(request.target == "/chat");
                      return origin == "https://odd.org";
                    }};
  CHECK(Judge(WithSecond("Origin", "https://odd.org"), rules) == 101);
  CHECK(Judge(WithSecond("Origin", "https://evil.org"), rules) == 403);
  CHECK(asked == 2);
  CHECK(Judge(WithSecond("Origin", "https://listed.org"), rules) == 101);
  CHECK(asked == 2);
}

TEST_CASE("Two Origins are refused, even where all are allowed") {
  HttpRequest request = WithSecond("Origin", "http://server.example.com");
  request.headers.emplace_back("Origin", "http://server.example.com");
  CHECK(Judge(request) == 403);
  CHECK(Judge(request, {{"*"}, {}, [](auto, auto&) { return true; }}) == 403);
}

TEST_CASE("A name rebound to us is refused where the hosts are listed, though its page is the same host") {
  HttpRequest rebound = With("Host", "evil.org:8080");
  rebound.headers.emplace_back("Origin", "http://evil.org:8080");
  CHECK(Judge(rebound) == 101);
  CHECK(Judge(rebound, {{}, {"localhost"}, {}}) == 403);
  CHECK(Judge(rebound, {{"*"}, {"localhost"}, [](auto, auto&) { return true; }}) == 403);
  CHECK(Judge(rebound, {{}, {"localhost", "evil.org"}, {}}) == 101);
  CHECK(Judge(Opening(), {{}, {"localhost"}, {}}) == 403);
}

TEST_CASE("The first of the server's subprotocols that the client offers is chosen") {
  const std::vector<std::string> ours{"b", "a"};
  CHECK(ChooseSubprotocol(WithSecond("Sec-WebSocket-Protocol", "a, b"), ours) == "b");
  CHECK(ChooseSubprotocol(WithSecond("sec-websocket-protocol", "c ,\ta"), ours) == "a");
  HttpRequest split = WithSecond("Sec-WebSocket-Protocol", "c");
  split.headers.emplace_back("Sec-WebSocket-Protocol", "b");
  CHECK(ChooseSubprotocol(split, ours) == "b");
}

TEST_CASE("None in common means that no subprotocol is named") {
  CHECK(ChooseSubprotocol(Opening(), {"a"}).empty());
  CHECK(ChooseSubprotocol(WithSecond("Sec-WebSocket-Protocol", "a"), {}).empty());
  CHECK(ChooseSubprotocol(WithSecond("Sec-WebSocket-Protocol", "A, aa, b"), {"a"}).empty());
}
