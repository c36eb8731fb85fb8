#include "ws/detail/protocol/upgrade_check.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace ws::protocol;
using ws::HttpRequest;

namespace {

// The example request of RFC 6455 section 1.2.
HttpRequest ExampleRequest() {
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

// Returns the example request with another value for this header, or without the header.
HttpRequest With(const std::string& name, const std::optional<std::string>& value) {
  HttpRequest request = ExampleRequest();
  std::erase_if(request.headers, [&](const auto& header) { return header.first == name; });
  if (value) request.headers.emplace_back(name, *value);
  return request;
}

HttpRequest WithSecond(const std::string& name, const std::string& value) {
  HttpRequest request = ExampleRequest();
  request.headers.emplace_back(name, value);
  return request;
}

struct Rules {
  std::vector<std::string> origins, hosts;
  std::function<bool(std::string_view, const HttpRequest&)> check;
};

// Returns the status of the rejection, or 101 if the request is accepted.
unsigned StatusFor(const HttpRequest& request, const Rules& rules = {}) {
  const auto rejection = CheckUpgradeRequest(request, {rules.origins, rules.hosts, rules.check});
  if (rejection) CHECK_FALSE(rejection->text.empty());
  return rejection ? rejection->status : 101;
}

}  // namespace

TEST_CASE("The example request of RFC 6455 is accepted") {
  CHECK(StatusFor(ExampleRequest()) == 101);
}

TEST_CASE("Upgrade and Connection are lists in any case, which may be split into several headers") {
  CHECK(StatusFor(With("Upgrade", "WebSocket")) == 101);
  CHECK(StatusFor(With("Upgrade", "h2c, websocket")) == 101);
  CHECK(StatusFor(With("Connection", "keep-alive, Upgrade")) == 101);
  CHECK(StatusFor(With("Connection", "\t,keep-alive,,UPGRADE ,")) == 101);
  HttpRequest split = With("Connection", "keep-alive");
  split.headers.emplace_back("connection", "upgrade");
  CHECK(StatusFor(split) == 101);
}

TEST_CASE("A request without the Upgrade and Connection headers is rejected with 426") {
  for (const char* name : {"Upgrade", "Connection"}) {
    CHECK(StatusFor(With(name, std::nullopt)) == 426);
    CHECK(StatusFor(With(name, "")) == 426);
    CHECK(StatusFor(With(name, "keep-alive")) == 426);
    CHECK(StatusFor(With(name, "websockets, upgrades")) == 426);
    CHECK(StatusFor(With(name, "web socket, up grade")) == 426);
  }
  CHECK_FALSE(IsUpgradeRequest(HttpRequest()));
  CHECK(IsUpgradeRequest(ExampleRequest()));
}

TEST_CASE("Every version except 13 is rejected with 426") {
  for (const char* version : {"", "12", "8", "014", "13,", "13, 8", "+13", "13.0", "thirteen"}) {
    INFO(version);
    CHECK(StatusFor(With("Sec-WebSocket-Version", version)) == 426);
  }
  CHECK(StatusFor(With("Sec-WebSocket-Version", std::nullopt)) == 426);
  CHECK(StatusFor(WithSecond("Sec-WebSocket-Version", "13")) == 426);
}

TEST_CASE("A key that is not 16 bytes in base64 is rejected") {
  for (const char* key : {"", "x", "dGhlIHNhbXBsZSBub25jZQ",
                          "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ===", "dGhlIHNhbXBsZSBub25j",
                          "dGhlIHNhbXBsZSBub25jZTEy", "dGhlIHNhbXBsZSBub25jZR==", "dGhlIHNhbXBsZSBub25jZ===",
                          "dGhlIHNhbXBsZSB=b25jZQ==", "dGhlIHNhbXBsZSB-b25jZQ==", "dGhlIHNhbXBsZSB b25jZQ=="}) {
    INFO(key);
    CHECK(StatusFor(With("Sec-WebSocket-Key", key)) == 400);
    CHECK_FALSE(IsWebSocketKey(key));
  }
  CHECK(StatusFor(With("Sec-WebSocket-Key", std::nullopt)) == 400);
  CHECK(StatusFor(WithSecond("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")) == 400);
  for (const char last : {'A', 'Q', 'g', 'w'}) CHECK(IsWebSocketKey(std::string(21, '+') + last + "=="));
}

TEST_CASE("Only GET over HTTP/1.1 is accepted") {
  for (const char* method : {"POST", "HEAD", "PUT", "get", "", "OPTIONS", "CONNECT"}) {
    HttpRequest request = ExampleRequest();
    request.method = method;
    CHECK(StatusFor(request) == 405);
  }
  HttpRequest old = ExampleRequest();
  old.version = 10;
  CHECK(StatusFor(old) == 400);
}

TEST_CASE("Exactly one Host header is required") {
  CHECK(StatusFor(With("Host", std::nullopt)) == 400);
  CHECK(StatusFor(WithSecond("Host", "server.example.com")) == 400);
  CHECK(StatusFor(WithSecond("hOST", "other")) == 400);
}

TEST_CASE("An invalid Host header is rejected") {
  for (const char* host : {"a/b", "me@a", "a:b", "a:80:80", "a b", "http://a", "[::1", "::1"}) {
    INFO(host);
    CHECK(StatusFor(With("Host", host)) == 400);
  }
  for (const char* host : {"a", "a:80", "a:", "[::1]:80", "a_b.c-d"}) CHECK(StatusFor(With("Host", host)) == 101);
}

TEST_CASE("A body, and every header that announces one, is rejected") {
  for (const char* length : {"0", "5", "", "x"}) CHECK(StatusFor(WithSecond("Content-Length", length)) == 400);
  for (const char* coding : {"chunked", "identity", ""})
    CHECK(StatusFor(WithSecond("transfer-encoding", coding)) == 400);
  HttpRequest both = WithSecond("Content-Length", "5");
  both.headers.emplace_back("Transfer-Encoding", "chunked");
  CHECK(StatusFor(both) == 400);
  HttpRequest body = ExampleRequest();
  body.body = "hello";
  CHECK(StatusFor(body) == 400);
}

TEST_CASE("A request without an Origin is accepted, because it does not come from a browser") {
  CHECK(StatusFor(ExampleRequest(), {{"https://app.example.org"}, {}, [](auto, auto&) { return false; }}) == 101);
}

TEST_CASE("A page of the same host may connect, a page of another host may not") {
  CHECK(StatusFor(WithSecond("Origin", "http://server.example.com")) == 101);
  CHECK(StatusFor(WithSecond("Origin", "https://SERVER.example.com")) == 101);
  for (const char* origin : {"null", "", "file://", "http://evil.org", "http://server.example.com.evil",
                             "http://server.example.com:81", "server.example.com"}) {
    INFO(origin);
    CHECK(StatusFor(WithSecond("Origin", origin)) == 403);
  }
}

TEST_CASE("A listed origin may connect, and a star in the list allows all origins") {
  const Rules listed{{"https://app.example.org", "null"}, {}, {}};
  CHECK(StatusFor(WithSecond("Origin", "https://app.example.org"), listed) == 101);
  CHECK(StatusFor(WithSecond("Origin", "HTTPS://APP.example.org"), listed) == 101);
  CHECK(StatusFor(WithSecond("Origin", "null"), listed) == 101);
  CHECK(StatusFor(WithSecond("Origin", "https://app.example.org.evil"), listed) == 403);
  CHECK(StatusFor(WithSecond("Origin", "http://server.example.com"), listed) == 101);
  CHECK(StatusFor(WithSecond("Origin", "http://evil.org"), {{"*"}, {}, {}}) == 101);
}

TEST_CASE("The application's check receives the request and decides last") {
  int asked = 0;
  const Rules rules{{"https://listed.org"}, {}, [&](std::string_view origin, const HttpRequest& request) {
                      ++asked;
                      CHECK(request.target == "/chat");
                      return origin == "https://odd.org";
                    }};
  CHECK(StatusFor(WithSecond("Origin", "https://odd.org"), rules) == 101);
  CHECK(StatusFor(WithSecond("Origin", "https://evil.org"), rules) == 403);
  CHECK(asked == 2);
  CHECK(StatusFor(WithSecond("Origin", "https://listed.org"), rules) == 101);
  CHECK(asked == 2);
}

TEST_CASE("Two Origin headers are rejected, even if all origins are allowed") {
  HttpRequest request = WithSecond("Origin", "http://server.example.com");
  request.headers.emplace_back("Origin", "http://server.example.com");
  CHECK(StatusFor(request) == 403);
  CHECK(StatusFor(request, {{"*"}, {}, [](auto, auto&) { return true; }}) == 403);
}

TEST_CASE("With a list of hosts, DNS rebinding is rejected although the page has the same host") {
  HttpRequest rebound = With("Host", "evil.org:8080");
  rebound.headers.emplace_back("Origin", "http://evil.org:8080");
  CHECK(StatusFor(rebound) == 101);
  CHECK(StatusFor(rebound, {{}, {"localhost"}, {}}) == 403);
  CHECK(StatusFor(rebound, {{"*"}, {"localhost"}, [](auto, auto&) { return true; }}) == 403);
  CHECK(StatusFor(rebound, {{}, {"localhost", "evil.org"}, {}}) == 101);
  CHECK(StatusFor(ExampleRequest(), {{}, {"localhost"}, {}}) == 403);
}

TEST_CASE("The first of the server's subprotocols that the client offers is chosen") {
  const std::vector<std::string> supported{"b", "a"};
  CHECK(ChooseSubprotocol(WithSecond("Sec-WebSocket-Protocol", "a, b"), supported) == "b");
  CHECK(ChooseSubprotocol(WithSecond("sec-websocket-protocol", "c ,\ta"), supported) == "a");
  HttpRequest split = WithSecond("Sec-WebSocket-Protocol", "c");
  split.headers.emplace_back("Sec-WebSocket-Protocol", "b");
  CHECK(ChooseSubprotocol(split, supported) == "b");
}

TEST_CASE("Without a common subprotocol none is chosen") {
  CHECK(ChooseSubprotocol(ExampleRequest(), {"a"}).empty());
  CHECK(ChooseSubprotocol(WithSecond("Sec-WebSocket-Protocol", "a"), {}).empty());
  CHECK(ChooseSubprotocol(WithSecond("Sec-WebSocket-Protocol", "A, aa, b"), {"a"}).empty());
}
