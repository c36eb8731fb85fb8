#include "chat.hpp"

#include <chrono>
#include <utility>

namespace chat {
namespace {

std::int64_t UnixMilliseconds() {
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since_1970).count();
}

}  // namespace

Chat::Chat(ws::Hub hub) : hub_(std::move(hub)) {
  hub_.OnTyped("join", [this](ws::Handler& socket, const JoinRequest& request) { return OnJoin(socket, request); });
  hub_.OnTyped("say", [this](ws::Handler& socket, const SayRequest& request) { return OnSay(socket, request); });
  hub_.On("typing", [this](ws::Handler& socket) { OnTyping(socket); });
  hub_.On("leave", [this](ws::Handler& socket) { OnLeave(socket); });
  hub_.On("disconnect", [this](ws::Handler& socket) { OnLeave(socket); });
}

std::optional<ws::Failure> Chat::OnJoin(ws::Handler& socket, const JoinRequest& request) {
  const std::lock_guard lock(mutex_);
  const auto outcome = rooms_.Join(socket.Id(), request);
  if (const auto* failure = std::get_if<ws::Failure>(&outcome)) return *failure;
  const auto& [membership, nicks, history, replaced] = std::get<Rooms::Joined>(outcome);

  if (replaced) {
    for (ws::Handler& member : hub_.To(membership.room).Members()) {
      if (member.Id() != *replaced) continue;
      member.Leave(membership.room);
      member.Close(1000, "You have joined from another window.");
    }
  }
  // The history is sent as an event, not as the reply. The reply is queued after this function returns, so a live
  // message could overtake it. The event is queued before the connection joins the group, so the live messages
  // continue exactly after the history.
  socket.Emit("room",
              {{"room", membership.room}, {"nick", membership.nick}, {"members", nicks}, {"messages", history}});
  socket.Join(membership.room);
  if (!replaced) socket.To(membership.room).Emit("joined", {{"nick", membership.nick}});
  return std::nullopt;
}

std::optional<ws::Failure> Chat::OnSay(ws::Handler& socket, const SayRequest& request) {
  const std::lock_guard lock(mutex_);
  const auto outcome = rooms_.Say(socket.Id(), request, UnixMilliseconds());
  if (const auto* failure = std::get_if<ws::Failure>(&outcome)) return *failure;
  const auto& [room, message] = std::get<Rooms::Said>(outcome);
  if (message) hub_.To(room).Emit("message", *message);
  return std::nullopt;
}

void Chat::OnTyping(ws::Handler& socket) {
  const std::lock_guard lock(mutex_);
  const auto membership = rooms_.Find(socket.Id());
  if (membership) socket.To(membership->room).EmitVolatile("typing", {{"nick", membership->nick}});
}

void Chat::OnLeave(ws::Handler& socket) {
  const std::lock_guard lock(mutex_);
  const auto membership = rooms_.Leave(socket.Id());
  if (!membership) return;
  socket.Leave(membership->room);
  hub_.To(membership->room).Emit("left", {{"nick", membership->nick}});
}

}  // namespace chat
