// Builds the frames of events and raw messages.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "ws/detail/protocol/envelope_writer.hpp"
#include "ws/detail/protocol/frame.hpp"
#include "ws/detail/protocol/utf8.hpp"

namespace ws::protocol {

// Builds the frame of an event.
inline FramePtr EventFrame(std::string_view event, const nlohmann::json& data) {
  std::string text = Frame::BuildPayload([&](std::string& out) { AppendEnvelope(out, event, {}, data); });
  return std::make_shared<const Frame>(std::move(text), MessageType::Text);
}

// Builds the frame of an event that is followed by raw bytes (protocol.md, section 1).
inline FramePtr BinaryEventFrame(std::string_view event, const nlohmann::json& data, std::string_view bytes) {
  std::string text = Frame::BuildPayload([&](std::string& out) {
    AppendEnvelope(out, event, {}, data);
    out.append(1, '\0').append(bytes);
  });
  return std::make_shared<const Frame>(std::move(text), MessageType::Binary);
}

// Builds the frame of a message without an envelope. Invalid UTF-8 in a text message becomes U+FFFD.
inline FramePtr RawFrame(std::string_view bytes, MessageType type) {
  std::string text = Frame::ReserveHeader();
  if (type == MessageType::Binary || IsValidUtf8(bytes)) {
    text += bytes;
  } else {
    text += ReplaceInvalidUtf8(bytes);
  }
  return std::make_shared<const Frame>(std::move(text), type);
}

}  // namespace ws::protocol
