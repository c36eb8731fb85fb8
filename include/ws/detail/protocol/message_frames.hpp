// The frames of what is emitted and sent.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "ws/detail/protocol/envelope_writer.hpp"
#include "ws/detail/protocol/frame.hpp"
#include "ws/detail/protocol/utf8.hpp"

namespace ws::protocol {

// An event with its data.
inline FramePtr EventFrame(std::string_view event, const nlohmann::json& data) {
  std::string text = Frame::Written([&](std::string& out) { AppendEnvelope(out, event, {}, data); });
  return std::make_shared<const Frame>(std::move(text), MessageType::Text);
}

// The same with raw bytes behind it, PROTOCOL.md 1.
inline FramePtr BinaryEventFrame(std::string_view event, const nlohmann::json& data, std::string_view bytes) {
  std::string text = Frame::Written([&](std::string& out) {
    AppendEnvelope(out, event, {}, data);
    out.append(1, '\0').append(bytes);
  });
  return std::make_shared<const Frame>(std::move(text), MessageType::Binary);
}

// A message as it is; in a text, what is no UTF-8 becomes U+FFFD.
inline FramePtr RawFrame(std::string_view bytes, MessageType type) {
  std::string text = Frame::Begin();
  if (type == MessageType::Binary || IsValidUtf8(bytes)) {
    text += bytes;
  } else {
    text += ReplaceInvalidUtf8(bytes);
  }
  return std::make_shared<const Frame>(std::move(text), type);
}

}  // namespace ws::protocol
