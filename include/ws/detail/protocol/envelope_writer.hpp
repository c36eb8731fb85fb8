// Writes the JSON envelope of a message (protocol.md, sections 1, 3 and 4).
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "ws/detail/protocol/json_writer.hpp"

namespace ws::protocol {
// Each function appends one compact JSON text to `out`. Invalid UTF-8 becomes U+FFFD, and NaN becomes null. The only
// exception thrown is `std::bad_alloc`. `id_json` is the id's JSON text, in the form of `Envelope::id`.

// Appends a message. Omits an empty id, and data that is null or discarded.
inline void AppendEnvelope(std::string& out, std::string_view event, std::string_view id_json,
                           const nlohmann::json& data) {
  out += R"({"event":)";
  AppendJsonString(out, event);
  if (!id_json.empty()) out.append(R"(,"id":)").append(id_json);
  if (!data.is_null() && !data.is_discarded()) {
    out += R"(,"data":)";
    AppendJson(out, data);
  }
  out += '}';
}

// Appends the reply to a request. Omits null data.
inline void AppendAck(std::string& out, std::string_view id_json, const nlohmann::json& data) {
  AppendEnvelope(out, "$ack", id_json, data);
}

// Appends the reply to a request that failed. `path` is a JSON pointer; an empty one is omitted.
inline void AppendAckError(std::string& out, std::string_view id_json, std::string_view code, std::string_view message,
                           std::string_view path = {}) {
  out.append(R"({"event":"$ack","id":)").append(id_json).append(R"(,"error":{"code":)");
  AppendJsonString(out, code);
  out += R"(,"message":)";
  AppendJsonString(out, message);
  if (!path.empty()) {
    out += R"(,"path":)";
    AppendJsonString(out, path);
  }
  out += "}}";
}

// Appends an `error` event. `path` is a JSON pointer. Omits an empty event and an empty path.
inline void AppendError(std::string& out, std::string_view code, std::string_view message, std::string_view event = {},
                        std::string_view path = {}) {
  out += R"({"event":"error","data":{"message":)";
  AppendJsonString(out, message);
  out += R"(,"code":)";
  AppendJsonString(out, code);
  if (!event.empty()) {
    out += R"(,"event":)";
    AppendJsonString(out, event);
  }
  if (!path.empty()) {
    out += R"(,"path":)";
    AppendJsonString(out, path);
  }
  out += "}}";
}

// Appends the reply to a `$ping`.
inline void AppendPong(std::string& out) {
  out += R"({"event":"$pong"})";
}

}  // namespace ws::protocol
