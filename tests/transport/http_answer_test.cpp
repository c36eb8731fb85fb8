// Plain HTTP answers.
#include "transport/http_answer.hpp"

#include "support/catch.hpp"

using ws::HttpResponse;
using ws::transport::Serialize;
using ws::transport::ToResponse;

TEST_CASE("an answer has its length, and says whether the connection stays") {
  const HttpResponse response{200, {{"Content-Type", "text/plain"}}, "body"};
  CHECK(Serialize(response, false) ==
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody");
  CHECK(Serialize(response, true) == "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nbody");
}

TEST_CASE("an answer to HEAD has the length and not the body") {
  CHECK(Serialize({200, {}, "body"}, true, true) == "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n");
}

TEST_CASE("204 and 304 have neither length nor body") {
  CHECK(Serialize({204, {}, "body"}, true) == "HTTP/1.1 204 No Content\r\n\r\n");
  CHECK(Serialize({304, {}, "body"}, true) == "HTTP/1.1 304 Not Modified\r\n\r\n");
}

TEST_CASE("headers that would break the message, or contradict its length, are left out") {
  const std::string nul("a\0b", 3);
  const HttpResponse response{
      200, {{"A", "x\r\ny"}, {"B\n", "x"}, {"C", nul}, {"content-length", "99"}, {"D", "kept"}}, ""};
  CHECK(Serialize(response, true) == "HTTP/1.1 200 OK\r\nD: kept\r\nContent-Length: 0\r\n\r\n");
}

TEST_CASE("a refusal becomes an answer with the headers that its status asks for") {
  const HttpResponse version = ToResponse({426, "the WebSocket version must be 13"});
  CHECK(version.status == 426);
  CHECK(version.body == "the WebSocket version must be 13\n");
  CHECK(Serialize(version, false).find("Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n") != std::string::npos);
  // RFC 9110 7.8: who sends Upgrade names it in Connection.
  CHECK(Serialize(version, false).find("\r\nConnection: close, Upgrade\r\n") != std::string::npos);
  CHECK(Serialize(version, true).find("\r\nConnection: Upgrade\r\n") != std::string::npos);
  CHECK(Serialize(ToResponse({405, "no"}), false).find("Allow: GET\r\n") != std::string::npos);
  CHECK(ToResponse({101, "no"}).status == 400);
  CHECK(ToResponse({600, "no"}).status == 400);
}
