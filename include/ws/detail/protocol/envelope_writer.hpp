// The JSON envelope of a message, written (PROTOCOL.md 1, 3 and 4).
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "ws/detail/protocol/json_writer.hpp"

namespace ws::protocol {
// Every function appends one compact JSON text to `out` and throws nothing but `std::bad_alloc`: invalid
// UTF-8 becomes U+FFFD, NaN null. An `id_json` is the id's JSON text, as `Envelope::id` has it.

// Appends a message; an empty id is left out, and so is data that is null or discarded.
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

// Appends the reply to a request, with its data if that is not null.
inline void AppendAck(std::string& out, std::string_view id_json, const nlohmann::json& data) {
  AppendEnvelope(out, "$ack", id_json, data);
}

// Appends the reply that tells why a request failed; an empty path (a JSON pointer) is left out.
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

// Appends the `error` event; an empty event or path (a JSON pointer) is left out.
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

// Appends the answer to a `$ping`.
inline void AppendPong(std::string& out) {
  out += R"({"event":"$pong"})";
}

}  // namespace ws::protocol
