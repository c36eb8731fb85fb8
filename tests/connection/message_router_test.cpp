// The destination of received messages.
#include "connection/message_router.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"

using ws::MessageType;
using ws::connection::Destination;
using ws::connection::RoutedMessage;

TEST_CASE("the event's name decides where a message goes") {
  struct Row {
    std::string text;
    Destination to;
    std::string error = {};
    bool is_malformed = error.starts_with("bad_");
  };
  const std::vector<Row> table = {
      {R"({"event":"say","data":1})", Destination::Callbacks},
      {R"({"event":"s\u0061y","id":3})", Destination::Callbacks},
      {R"({"event":"error"})", Destination::Callbacks},
      {R"({"event":"$ack","id":1})", Destination::Request},
      {R"({"event":"$ack"})", Destination::Request},
      {R"({"event":"$ping"})", Destination::Pong},
      {R"({"event":"$pong"})", Destination::Ignored},
      {R"({"event":"$other"})", Destination::Error, "reserved_event"},
      {R"({"event":"connect"})", Destination::Error, "reserved_event"},
      {R"({"event":"disconnect"})", Destination::Error, "reserved_event"},
      {R"({"event":""})", Destination::Error, "bad_message"},
      {R"([1])", Destination::Error, "bad_message"},
      {R"({"event":"x","id":-1})", Destination::Error, "bad_message"},
      {R"({"event":"$ack","id":-1})", Destination::Ignored, "", true},
      {R"({"event":)", Destination::Error, "bad_json"},
      {R"({"event":"x","data":[[[1]]]})", Destination::Error, "bad_json"},
  };
  for (const Row& row : table) {
    INFO(row.text);
    const RoutedMessage routed(row.text, MessageType::Text, 3);
    CHECK(routed.To() == row.to);
    if (row.to == Destination::Error) CHECK(routed.ErrorForPeer().code == row.error);
    CHECK(routed.IsMalformed() == row.is_malformed);
  }
}

TEST_CASE("a message for the callbacks keeps all of its parts, however short it is") {
  for (const std::string& data : {std::string("1"), '"' + std::string(1000, 'x') + '"'}) {
    std::string text = R"({"event":"e","id":7,"data":)" + data + "}";
    text += '\0';
    text += "raw";
    const RoutedMessage routed(text, MessageType::Binary, 64);
    const auto dispatch = routed.MakeDispatch(std::move(text), MessageType::Binary);
    CHECK(dispatch->Content().Event() == "e");
    CHECK(dispatch->Content().Id() == "7");
    CHECK(dispatch->Content().RawData() == data);
    CHECK(dispatch->Content().Bytes() == "raw");
  }
  std::string escaped = R"({"event":"\u0065"})";
  const RoutedMessage routed(escaped, MessageType::Text, 64);
  CHECK(routed.MakeDispatch(std::move(escaped), MessageType::Text)->Content().Event() == "e");
}
