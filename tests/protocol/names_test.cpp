#include "ws/detail/protocol/names.hpp"

#include <string>

#include "support/catch.hpp"

using namespace ws::protocol;

TEST_CASE("A peer may not send lifecycle events") {
  CHECK(IsReservedFromPeer("connect"));
  CHECK(IsReservedFromPeer("disconnect"));
}

TEST_CASE("A peer may not send names that start with a dollar sign, except the three of the protocol") {
  CHECK(IsReservedFromPeer("$"));
  CHECK(IsReservedFromPeer("$x"));
  CHECK(IsReservedFromPeer("$pings"));
  CHECK(IsReservedFromPeer("$connect"));
  CHECK_FALSE(IsReservedFromPeer("$ping"));
  CHECK_FALSE(IsReservedFromPeer("$pong"));
  CHECK_FALSE(IsReservedFromPeer("$ack"));
}

TEST_CASE("A peer may send all other names") {
  CHECK_FALSE(IsReservedFromPeer("error"));
  CHECK_FALSE(IsReservedFromPeer("Connect"));
  CHECK_FALSE(IsReservedFromPeer("connect "));
  CHECK_FALSE(IsReservedFromPeer("reconnect"));
  CHECK_FALSE(IsReservedFromPeer("a$"));
}

TEST_CASE("A local caller may emit names of 1 to 256 bytes") {
  CHECK(IsEmittable("x"));
  CHECK(IsEmittable("error"));
  CHECK(IsEmittable(std::string(256, 'x')));
  CHECK_FALSE(IsEmittable(""));
  CHECK_FALSE(IsEmittable(std::string(257, 'x')));
  CHECK(IsEmittable(std::string(85, '\xFF')));  // each byte becomes U+FFFD, which has three bytes
  CHECK_FALSE(IsEmittable(std::string(86, '\xFF')));
}

TEST_CASE("A local caller may not emit names that are reserved for the protocol") {
  for (const char* name : {"connect", "disconnect", "$", "$ack", "$ping", "$pong", "$x"}) {
    INFO(name);
    CHECK_FALSE(IsEmittable(name));
  }
}
