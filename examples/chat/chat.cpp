#include "chat.hpp"

#include <chrono>
#include <utility>

namespace chat {
namespace {

std::int64_t Now() {
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since_1970).count();
}

}  // namespace

Chat::Chat(ws::Hub hub) : hub_(std::move(hub)) {
  hub_.OnTyped("join", [this](ws::Handler& peer, const JoinRequest& request) { return Join(peer, request); });
  hub_.OnTyped("say", [this](ws::Handler& peer, const SayRequest& request) { return Say(peer, request); });
  hub_.On("typing", [this](ws::Handler& peer) { Type(peer); });
  hub_.On("leave", [this](ws::Handler& peer) { Leave(peer); });
  hub_.On("disconnect", [this](ws::Handler& peer) { Leave(peer); });
}

std::optional<ws::Failure> Chat::Join(ws::Handler& peer, const JoinRequest& request) {
  const std::lock_guard lock(mutex_);
  const auto outcome = rooms_.Join(peer.Id(), request);
  if (const auto* failure = std::get_if<ws::Failure>(&outcome)) return *failure;
  const auto& [seat, members, history, replaced] = std::get<Rooms::Entrance>(outcome);

  if (replaced) {
    for (ws::Handler& member : hub_.To(seat.room).Members()) {
      if (member.Id() != *replaced) continue;
      member.Leave(seat.room);
      member.Close(1000, "You have joined from another window.");
    }
  }
  // An event and not the reply: a reply is queued when this function has returned, and by then somebody may have
  // spoken. Sent here, before the group is joined, the history ends just where the live messages begin.
  peer.Emit("room", {{"room", seat.room}, {"nick", seat.nick}, {"members", members}, {"messages", history}});
  peer.Join(seat.room);
  if (!replaced) peer.To(seat.room).Emit("joined", {{"nick", seat.nick}});
  return std::nullopt;
}

std::optional<ws::Failure> Chat::Say(ws::Handler& peer, const SayRequest& request) {
  const std::lock_guard lock(mutex_);
  const auto outcome = rooms_.Say(peer.Id(), request, Now());
  if (const auto* failure = std::get_if<ws::Failure>(&outcome)) return *failure;
  const auto& [room, message] = std::get<Rooms::Said>(outcome);
  if (message) hub_.To(room).Emit("message", *message);
  return std::nullopt;
}

void Chat::Type(ws::Handler& peer) {
  const std::lock_guard lock(mutex_);
  if (const auto seat = rooms_.Find(peer.Id())) peer.To(seat->room).EmitVolatile("typing", {{"nick", seat->nick}});
}

void Chat::Leave(ws::Handler& peer) {
  const std::lock_guard lock(mutex_);
  const auto seat = rooms_.Leave(peer.Id());
  if (!seat) return;
  peer.Leave(seat->room);
  hub_.To(seat->room).Emit("left", {{"nick", seat->nick}});
}

}  // namespace chat
