#include "ws/close_reason.hpp"

#include <array>
#include <utility>

namespace ws {

namespace {

constexpr std::array<std::pair<EndReason, std::string_view>, 14> names{{
    {EndReason::LocalClose, "local_close"},
    {EndReason::PeerClose, "peer_close"},
    {EndReason::Shutdown, "shutdown"},
    {EndReason::TransportError, "transport_error"},
    {EndReason::HeartbeatTimeout, "heartbeat_timeout"},
    {EndReason::Timeout, "timeout"},
    {EndReason::ProtocolError, "protocol_error"},
    {EndReason::BadMessage, "bad_message"},
    {EndReason::TooLarge, "too_large"},
    {EndReason::Internal, "internal"},
    {EndReason::SlowConsumer, "slow_consumer"},
    {EndReason::Stalled, "stalled"},
    {EndReason::RateLimited, "rate_limited"},
    {EndReason::Unauthorized, "unauthorized"},
}};

}  // namespace

std::string_view ToString(EndReason reason) noexcept {
  for (const auto& [value, name] : names) {
    if (value == reason) return name;
  }
  return "unknown";
}

void to_json(Json& json, const CloseReason& reason) {
  // Built completely before the assignment: nlohmann/json 3.11 leaks the content of `json` if to_json throws.
  Json object = Json::object();  // assigned member by member: braces would allocate one array for each member
  object["reason"] = ToString(reason.reason);
  object["code"] = reason.code;
  object["text"] = reason.text;
  object["by_peer"] = reason.by_peer;
  object["error"] = reason.error ? reason.error.message() : std::string();
  json = std::move(object);
}

void from_json(const Json& json, CloseReason& reason) {
  const auto& wanted = json.at("reason").get_ref<const std::string&>();
  for (const auto& [value, name] : names) {
    if (name == wanted) reason.reason = value;
  }
  json.at("code").get_to(reason.code);
  json.at("text").get_to(reason.text);
  json.at("by_peer").get_to(reason.by_peer);
}

}  // namespace ws
