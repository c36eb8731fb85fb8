// The library's own messages.
#include "connection/reply_writer.hpp"

#include <string>

#include "support/catch.hpp"

using ws::Failure;
using ws::Json;
using ws::Message;
using ws::connection::Answer;
using ws::connection::ReplyWriter;
using ws::dispatch::DispatchResult;

namespace {

std::string TextOf(const Answer& answer) {
  return std::string(answer.frame->Payload());
}

// The event is "e". A request has the id 7.
Message MakeMessage(bool is_request) {
  const ws::Message::Layout layout{{0, 1}, {1, is_request ? 1U : 0U}, {}, {}};
  return Message("e7", ws::MessageType::Text, layout);
}

}  // namespace

TEST_CASE("replies and errors have the protocol's form") {
  const ReplyWriter writer(1000);
  CHECK(TextOf(writer.Reply("7", 42)) == R"({"event":"$ack","id":7,"data":42})");
  CHECK(TextOf(writer.Reply("7", Json())) == R"({"event":"$ack","id":7})");
  CHECK(TextOf(writer.Error("7", "e", {"code", "text"}, "/a")) ==
        R"({"event":"$ack","id":7,"error":{"code":"code","message":"text","path":"/a"}})");
  const Answer event = writer.Error({}, "e", {"code", "text"});
  CHECK(TextOf(event) == R"({"event":"error","data":{"message":"text","code":"code","event":"e"}})");
  CHECK(event.is_error_event);
  CHECK(TextOf(ReplyWriter::Pong()) == R"({"event":"$pong"})");
}

TEST_CASE("a reply that is too large becomes an error") {
  const ReplyWriter writer(100);
  const Answer reply = writer.Reply("7", std::string(200, 'x'));
  CHECK(reply.was_too_large);
  CHECK(TextOf(reply) == R"({"event":"$ack","id":7,"error":{"code":"internal","message":"the reply is too large"}})");
  const Answer event = writer.Error({}, {}, {"code", std::string(200, 'x')});
  CHECK(event.was_too_large);
  CHECK(event.is_error_event);
}

TEST_CASE("requests and failures are answered, other messages are not") {
  const ReplyWriter writer(1000);
  const Message request = MakeMessage(true), message = MakeMessage(false);
  CHECK(TextOf(*writer.ForResult(request, {Json(1)})) == R"({"event":"$ack","id":7,"data":1})");
  CHECK(TextOf(*writer.ForResult(request, {})) == R"({"event":"$ack","id":7})");
  CHECK_FALSE(writer.ForResult(message, {Json(1)}));
  CHECK_FALSE(writer.ForResult(message, {{}, {}, false}));
  CHECK(TextOf(*writer.ForResult(request, {{}, {}, false})).find("unknown_event") != std::string::npos);
  CHECK(writer.ForResult(message, {Failure{"code", "text"}})->is_error_event);
}
