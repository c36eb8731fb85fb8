#include "ws/http.hpp"

#include "support/catch.hpp"

using ws::HttpRequest;

namespace {

HttpRequest RequestWithTarget(const char* target) {
  HttpRequest request;
  request.target = target;
  return request;
}

}  // namespace

TEST_CASE("Header names are compared without case, in ASCII only") {
  CHECK(ws::IsSameHeader("Sec-WebSocket-Key", "sec-websocket-KEY"));
  CHECK(ws::IsSameHeader("", ""));
  CHECK_FALSE(ws::IsSameHeader("Host", "Hos"));
  CHECK_FALSE(ws::IsSameHeader("Hos", "Host"));
  CHECK_FALSE(ws::IsSameHeader("X[", "X{"));
  CHECK_FALSE(ws::IsSameHeader("X@", "X`"));
  CHECK_FALSE(ws::IsSameHeader("\xC4", "\xE4"));
}

TEST_CASE("Header finds the first of several headers, in any case") {
  HttpRequest request;
  request.headers = {{"Host", "a"}, {"X-Thing", "one"}, {"x-thing", "two"}, {"Empty", ""}};
  CHECK(request.Header("HOST") == "a");
  CHECK(request.Header("x-Thing") == "one");
  CHECK(request.Header("X-Thin").empty());
  CHECK(request.Header("X-Things").empty());
}

TEST_CASE("Count also counts empty headers") {
  HttpRequest request;
  request.headers = {{"Host", "a"}, {"X-Thing", "one"}, {"x-thing", "two"}, {"Empty", ""}};
  CHECK(request.Count("X-THING") == 2);
  CHECK(request.Count("empty") == 1);
  CHECK(request.Count("absent") == 0);
}

TEST_CASE("The path is the target before the question mark, and the query is the rest") {
  const HttpRequest both = RequestWithTarget("/ws/room?name=a%20b&x=?");
  CHECK(both.Path() == "/ws/room");
  CHECK(both.Query() == "name=a%20b&x=?");
  const HttpRequest path_only = RequestWithTarget("/ws");
  CHECK(path_only.Path() == "/ws");
  CHECK(path_only.Query().empty());
  const HttpRequest no_query = RequestWithTarget("/?");
  CHECK(no_query.Path() == "/");
  CHECK(no_query.Query().empty());
  const HttpRequest empty = RequestWithTarget("");
  CHECK(empty.Path().empty());
  CHECK(empty.Query().empty());
}

TEST_CASE("A default request is HTTP/1.1 without TLS and without a remote address") {
  const HttpRequest request;
  CHECK(request.version == 11);
  CHECK_FALSE(request.secure);
  CHECK(request.remote_address.empty());
  CHECK(request.remote_port == 0);
  CHECK(ws::HttpResponse().status == 200);
}
