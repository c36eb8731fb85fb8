// The messages with which the library itself answers a peer.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "ws/detail/dispatch/mailbox_owner.hpp"
#include "ws/detail/protocol/envelope_writer.hpp"
#include "ws/detail/protocol/frame.hpp"

namespace ws::connection {

// A message with which the library itself answers the peer.
struct Answer {
  protocol::FramePtr frame;
  bool is_error_event = false;  // at most one error event a second is sent
  bool was_too_large = false;   // the reply did not fit into the write queue, and an error replaces it
};

// Writes replies and errors. A short error replaces a reply that is larger than the write queue. Pure.
class ReplyWriter {
 public:
  explicit ReplyWriter(std::size_t max_bytes) noexcept : max_bytes_(max_bytes) {}

  // The reply to a request; `id` is the request's id as JSON text.
  Answer Reply(std::string_view id, const Json& data) const {
    return Finish(Write([&](std::string& out) { protocol::AppendAck(out, id, data); }), id);
  }
  // The reply to a request that failed. Without an id it is an `error` event with the name of the failed event.
  Answer Error(std::string_view id, std::string_view event, const Failure& failure, std::string_view path = {}) const {
    return Finish(Write([&](std::string& out) {
                    if (id.empty()) {
                      protocol::AppendError(out, failure.code, failure.message, event, path);
                    } else {
                      protocol::AppendAckError(out, id, failure.code, failure.message, path);
                    }
                  }),
                  id);
  }
  // The answer to a handled message. Returns nullopt if the message was not a request and did not fail.
  std::optional<Answer> ForResult(const Message& message, const dispatch::DispatchResult& result) const {
    if (const Failure* failure = result.result.AsFailure())
      return Error(message.Id(), message.Event(), *failure, result.path);
    if (message.Id().empty()) return std::nullopt;
    if (!result.has_callback)
      return Error(message.Id(), message.Event(), {"unknown_event", "no callback is registered for this event"});
    const Json* data = result.result.AsValue();
    return Reply(message.Id(), data != nullptr ? *data : Json());
  }
  static Answer Pong() { return {MakeFrame(Write(&protocol::AppendPong))}; }

 private:
  template <class Append>
  static std::string Write(Append append) {
    return protocol::Frame::BuildPayload(append);
  }
  static protocol::FramePtr MakeFrame(std::string text) {
    return std::make_shared<const protocol::Frame>(std::move(text), MessageType::Text);
  }
  Answer Finish(std::string text, std::string_view id) const {
    const bool too_large = text.size() - protocol::Frame::max_header_bytes > max_bytes_;
    if (too_large) {
      text = Write([&](std::string& out) {
        if (id.empty()) return protocol::AppendError(out, "internal", "the error is too large");
        protocol::AppendAckError(out, id, "internal", "the reply is too large");
      });
    }
    return {MakeFrame(std::move(text)), id.empty(), too_large};
  }

  std::size_t max_bytes_;
};

}  // namespace ws::connection
