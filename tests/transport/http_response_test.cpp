// Plain HTTP responses.
#include "transport/http_response.hpp"

#include "support/catch.hpp"

using ws::HttpResponse;
using ws::transport::Serialize;
using ws::transport::ToResponse;

TEST_CASE("a response has a Content-Length, and Connection: close if the connection is not kept alive") {
  const HttpResponse response{200, {{"Content-Type", "text/plain"}}, "body"};
  CHECK(Serialize(response, false) ==
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody");
  CHECK(Serialize(response, true) == "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nbody");
}

TEST_CASE("a response to HEAD has the Content-Length and no body") {
  CHECK(Serialize({200, {}, "body"}, true, true) == "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n");
}

TEST_CASE("a response with 204 or 304 has neither Content-Length nor body") {
  CHECK(Serialize({204, {}, "body"}, true) == "HTTP/1.1 204 No Content\r\n\r\n");
  CHECK(Serialize({304, {}, "body"}, true) == "HTTP/1.1 304 Not Modified\r\n\r\n");
}

TEST_CASE("headers with control characters and a contradicting Content-Length are omitted") {
  const std::string nul("a\0b", 3);
  const HttpResponse response{
      200, {{"A", "x\r\ny"}, {"B\n", "x"}, {"C", nul}, {"content-length", "99"}, {"D", "kept"}}, ""};
  CHECK(Serialize(response, true) == "HTTP/1.1 200 OK\r\nD: kept\r\nContent-Length: 0\r\n\r\n");
}

TEST_CASE("a refusal becomes a response with the headers that its status requires") {
  const HttpResponse version = ToResponse({426, "the WebSocket version must be 13"});
  CHECK(version.status == 426);
  CHECK(version.body == "the WebSocket version must be 13\n");
  CHECK(Serialize(version, false).find("Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n") != std::string::npos);
  // RFC 9110 section 7.8: a sender of Upgrade must also list it in Connection.
  CHECK(Serialize(version, false).find("\r\nConnection: close, Upgrade\r\n") != std::string::npos);
  CHECK(Serialize(version, true).find("\r\nConnection: Upgrade\r\n") != std::string::npos);
  CHECK(Serialize(ToResponse({405, "no"}), false).find("Allow: GET\r\n") != std::string::npos);
  CHECK(ToResponse({101, "no"}).status == 400);
  CHECK(ToResponse({600, "no"}).status == 400);
}
