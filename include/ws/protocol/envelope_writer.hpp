// The JSON envelope of a message, written (PROTOCOL.md 1, 3 and 4).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "ws/protocol/json_scanner.hpp"
#include "ws/protocol/utf8.hpp"

namespace ws::protocol {
// Every function appends one compact JSON text to `out` and throws nothing but `std::bad_alloc`: invalid
// UTF-8 becomes U+FFFD, NaN null. An `id_json` is the id's JSON text, as `Envelope::id` has it.

// Appends the text as a JSON string, escaped as little as nlohmann does.
inline void AppendJsonString(std::string& out, std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  const char* at = text.data();
  const char* const end = at + text.size();
  out += '"';
  for (;;) {
    const char* const stop = SkipPlain(at, end);
    out.append(at, stop);
    if (stop == end) break;
    const Utf8Sequence next = ReadUtf8(stop, end);
    at = stop + next.size;
    const std::size_t letter = escape_meanings.find(*stop);
    if (!next.valid) {
      out += "\xEF\xBF\xBD";
    } else if (next.size > 1) {
      out.append(stop, at);
    } else if (letter != escape_meanings.npos) {
      out.append({'\\', escape_letters[letter]});
    } else {
      const auto control = static_cast<unsigned char>(*stop);
      out.append({'\\', 'u', '0', '0', hex[control >> 4], hex[control & 0xF]});
    }
  }
  out += '"';
}

// Appends the value; one that is discarded is written as null.
inline void AppendJson(std::string& out, const nlohmann::json& value) {
  if (value.is_discarded()) {
    out += "null";
    return;
  }
  // What `dump` does, but without a string of its own.
  using Serializer = nlohmann::detail::serializer<nlohmann::json>;
  Serializer serializer{nlohmann::detail::output_adapter<char>(out), ' ', nlohmann::json::error_handler_t::replace};
  serializer.dump(value, false, false, 0);
}

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
