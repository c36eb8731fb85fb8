// Makes messages for a send queue, and names the messages that a queue returned.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ws/detail/protocol/send_queue.hpp"

namespace ws::test {

/// Makes a message of `size` bytes that begins with its name. The name must be shorter than `size`.
inline protocol::Outgoing MakeOutgoing(const std::string& name, std::size_t size, bool from_callback = false) {
  std::string text = protocol::Frame::ReserveHeader() + name + ' ';
  text.resize(protocol::Frame::max_header_bytes + size, '.');
  protocol::Outgoing message;
  message.frame = std::make_shared<const protocol::Frame>(std::move(text), MessageType::Text);
  message.from_callback = from_callback;
  return message;
}

inline std::string NameOf(const protocol::Outgoing& message) {
  const std::string_view payload = message.frame->Payload();
  return std::string(payload.substr(0, payload.find(' ')));
}

inline std::string NamesOf(const std::vector<protocol::Outgoing>& batch) {
  std::string names;
  for (const auto& message : batch) names += (names.empty() ? "" : " ") + NameOf(message);
  return names;
}

/// Takes up to `max_messages` messages from the queue, marks them as sent, and returns their names.
template <class Waiter>
std::string Send(protocol::SendQueue<Waiter>& queue, std::size_t max_messages = 1'000'000) {
  std::vector<protocol::Outgoing> batch;
  queue.PopBatch(batch, max_messages, std::size_t{1} << 40);
  std::string names = NamesOf(batch);
  queue.CompleteBatch(batch);
  return names;
}

}  // namespace ws::test
