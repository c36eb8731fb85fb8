#include "transport/accept_key.hpp"

#include "support/catch.hpp"

TEST_CASE("the answer to a key is that of RFC 6455 1.3") {
  CHECK(ws::transport::AcceptKey("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}
