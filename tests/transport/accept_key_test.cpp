#include "transport/accept_key.hpp"

#include "support/catch.hpp"

TEST_CASE("AcceptKey returns the Sec-WebSocket-Accept value of the example in RFC 6455 section 1.3") {
  CHECK(ws::transport::AcceptKey("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}
