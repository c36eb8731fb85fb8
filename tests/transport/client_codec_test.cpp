// The codec in the client role: it masks the frames that it writes, and reads frames without a mask.
#include <boost/asio/io_context.hpp>
#include <string>

#include "support/catch.hpp"
#include "transport/codec.hpp"

using namespace ws::transport;
using ws::EndReason;
using ws::MessageType;
using ws::protocol::Opcode;

namespace {

ws::HttpRequest Request(bool deflate) {
  ws::HttpRequest request;
  request.method = "GET";
  request.target = "/";
  request.headers = {{"Host", "a"}, {"Sec-WebSocket-Version", "13"}, {"Sec-WebSocket-Key", "MDEyMzQ1Njc4OWFiY2RlZg=="}};
  if (deflate) request.headers.emplace_back("Sec-WebSocket-Extensions", "permessage-deflate");
  return request;
}

// A client codec and a server codec after their handshake.
struct CodecPair {
  explicit CodecPair(bool deflate) {
    std::string out;
    CHECK_FALSE(server.Accept(Request(deflate), {}, out));
    out.clear();
    CHECK_FALSE(client.Accept(Request(deflate), {}, out));
  }

  boost::asio::io_context context;
  Codec server{context.get_executor(), {Role::Server, 1 << 20, true}};
  Codec client{context.get_executor(), {Role::Client, 1 << 20, true}};
};

}  // namespace

TEST_CASE("messages of various sizes are sent in both directions, with compression and without") {
  const bool deflate = GENERATE(false, true);
  const std::size_t size = GENERATE(std::size_t{0}, 1, 125, 126, 65535, 65536, 300'000);
  const MessageType kind = GENERATE(MessageType::Text, MessageType::Binary);
  CodecPair pair(deflate);
  const std::string message(size, 'x');
  for (int round = 0; round < 2; ++round) {
    for (const auto& [from, to] : {std::pair{&pair.server, &pair.client}, std::pair{&pair.client, &pair.server}}) {
      std::string wire;
      from->WriteMessage(kind, message, wire);
      for (std::string_view left = wire; !left.empty();) {
        const std::string piece(left.substr(0, 1000));
        left.remove_prefix(piece.size());
        to->Feed(piece);
        const Codec::Event event = to->Next();
        CHECK(event == (left.empty() ? Codec::Event::Message : Codec::Event::NeedMore));
      }
      CHECK(to->Type() == kind);
      CHECK(to->PopMessage() == message);
      CHECK(to->Next() == Codec::Event::NeedMore);
    }
  }
}

TEST_CASE("control frames are sent in both directions") {
  CodecPair pair(false);
  for (const auto& [from, to] : {std::pair{&pair.server, &pair.client}, std::pair{&pair.client, &pair.server}}) {
    std::string wire;
    from->WriteFrame(Opcode::Ping, "payload", wire);
    to->Feed(wire);
    CHECK(to->Next() == Codec::Event::Ping);
    CHECK(to->ControlPayload() == "payload");
    CHECK(to->Next() == Codec::Event::NeedMore);
  }
}

TEST_CASE("a masked frame from a server and an unmasked frame from a client are protocol errors") {
  CodecPair pair(false);
  for (const auto& [from, to] : {std::pair{&pair.server, &pair.server}, std::pair{&pair.client, &pair.client}}) {
    std::string wire;
    from->WriteMessage(MessageType::Text, "x", wire);
    to->Feed(wire);
    CHECK(to->Next() == Codec::Event::Failed);
    CHECK(to->Failure() == EndReason::ProtocolError);
    CHECK(to->CloseCode() == 1002);
  }
}

TEST_CASE("a client uses a different mask for each frame") {
  CodecPair pair(false);
  std::string first, second;
  pair.client.WriteMessage(MessageType::Text, "payload", first);
  pair.client.WriteMessage(MessageType::Text, "payload", second);
  CHECK(first != second);
}
