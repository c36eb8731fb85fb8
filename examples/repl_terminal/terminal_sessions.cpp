#include "terminal_sessions.hpp"

#include <algorithm>

#include "random_hex.hpp"

namespace repl {

Outcome<TerminalSessions::Session> TerminalSessions::Start(const std::string& user, WindowSize window) {
  const std::string id = RandomHex(16);
  const auto on_end = [weak = weak_from_this(), id] {
    if (const auto self = weak.lock()) self->Forget(id);
  };
  const auto session = std::make_shared<TerminalSession>(id, executor_, limits_, on_end);
  PtyOptions options = shell_;
  options.cols = window.cols;
  options.rows = window.rows;
  const std::lock_guard lock(mutex_);
  if (closed_) return Problem{"The server is going away."};
  if (const auto room = MakeRoom(user); !room) return room.Why();
  if (const auto error = session->Start(options)) {
    return Problem{"The shell could not be started: " + error.message() + "."};
  }
  open_.emplace(id, Owned{user, ++started_, session});
  return session;
}

// With mutex_ held.
Outcome<> TerminalSessions::MakeRoom(const std::string& user) {
  std::size_t count = 0;
  const Owned* idlest = nullptr;
  for (const auto& [id, owned] : open_) {
    if (owned.user != user) continue;
    ++count;
    const auto now = owned.session->Now();
    const bool was_seen = now.detached != std::chrono::steady_clock::time_point::max();
    if (now.viewers == 0 && was_seen && (idlest == nullptr || now.detached < idlest->session->Now().detached))
      idlest = &owned;
  }
  if (count < max_of_user) return Done{};
  if (idlest == nullptr) return Problem{"Too many terminals are open; close one first."};
  idlest->session->Close();
  open_.erase(idlest->session->Id());
  return Done{};
}

TerminalSessions::Session TerminalSessions::Find(const std::string& user, const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = open_.find(id);
  return found == open_.end() || found->second.user != user ? nullptr : found->second.session;
}

std::vector<TerminalSessions::Session> TerminalSessions::Of(const std::string& user) const {
  std::map<std::uint64_t, Session> by_age;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, owned] : open_) {
      if (owned.user == user) by_age.emplace(owned.number, owned.session);
    }
  }
  std::vector<Session> sessions;
  for (auto& [number, session] : by_age) sessions.push_back(std::move(session));
  return sessions;
}

void TerminalSessions::Forget(const std::string& id) {
  const std::lock_guard lock(mutex_);
  open_.erase(id);
}

void TerminalSessions::Close() {
  std::map<std::string, Owned> open;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    open = open_;
  }
  for (const auto& [id, owned] : open) owned.session->Close();
}

}  // namespace repl
