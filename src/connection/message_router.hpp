// Decides how a received message is handled.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "ws/detail/dispatch/event_dispatch.hpp"
#include "ws/detail/protocol/envelope.hpp"
#include "ws/detail/protocol/names.hpp"

namespace ws::connection {

enum class Destination {
  Callbacks,  // an event of the application
  Request,    // `$ack`: the reply to a request of ours
  Pong,       // `$ping`: answered with `$pong`
  Ignored,    // not handled
  Error       // the peer gets an error
};

// One received message, taken apart. Its views point into the text, which must not move. Pure.
class RoutedMessage {
 public:
  // `max_depth` bounds the nesting of arrays and objects.
  RoutedMessage(std::string_view text, MessageType type, std::size_t max_depth)
      : parts_(type == MessageType::Binary ? protocol::SplitBinary(text) : protocol::BinaryParts{text, {}, false}),
        result_(protocol::ParseEnvelope(parts_.json, {max_depth})) {}

  Destination To() const {
    const std::string_view event = Envelope().Event();
    if (IsMalformed()) return event == "$ack" ? Destination::Ignored : Destination::Error;
    if (!event.starts_with('$') && !protocol::IsLifecycle(event)) return Destination::Callbacks;
    if (event == "$ack") return Destination::Request;
    if (event == "$pong") return Destination::Ignored;
    return event == "$ping" ? Destination::Pong : Destination::Error;
  }
  // True if the message is not JSON, or not an envelope.
  bool IsMalformed() const noexcept { return result_.error != protocol::EnvelopeError::None; }
  // The error for the peer if the destination is Error.
  Failure ErrorForPeer() const {
    switch (result_.error) {
      case protocol::EnvelopeError::None:
        return {"reserved_event", "this name belongs to the protocol"};
      case protocol::EnvelopeError::BadJson:
        return {"bad_json", "the message is not valid JSON, or is nested too deeply"};
      default:
        return {"bad_message", "the message is not a {\"event\", \"data\", \"id\"} object"};
    }
  }
  // The place of a JSON error, in bytes.
  std::size_t ErrorOffset() const noexcept { return result_.offset; }

  const protocol::Envelope& Envelope() const noexcept { return result_.envelope; }

  // Returns the message for the callbacks. `text` is the text that was taken apart; it is moved from.
  std::shared_ptr<dispatch::EventDispatch> MakeDispatch(std::string&& text, MessageType type) const {
    const auto& [event, decoded_event, id, data, error] = Envelope();
    const Message::Layout layout{SpanOf(event, text), SpanOf(id, text), SpanOf(data, text), SpanOf(parts_.bytes, text)};
    std::string decoded = decoded_event;
    auto dispatch =
        std::make_shared<dispatch::EventDispatch>(dispatch::EventKind::Message, std::move(text), type, layout);
    dispatch->Content().SetDecodedEvent(std::move(decoded));
    return dispatch;
  }

 private:
  static Message::Span SpanOf(std::string_view piece, std::string_view whole) noexcept {
    if (piece.empty()) return {};
    return {static_cast<std::size_t>(piece.data() - whole.data()), piece.size()};
  }

  protocol::BinaryParts parts_;
  protocol::EnvelopeResult result_;
};

}  // namespace ws::connection
