#include "terminal_sessions.hpp"

#include <algorithm>

#include "random_hex.hpp"

namespace repl {

Outcome<TerminalSessions::Session> TerminalSessions::Start(const std::string& user, WindowSize window) {
  const std::string id = RandomHex(16);
  const auto on_end = [weak = weak_from_this(), id] {
    if (const auto self = weak.lock()) self->Remove(id);
  };
  const auto session = std::make_shared<TerminalSession>(id, executor_, limits_, on_end);
  PtyOptions options = shell_;
  options.cols = window.cols;
  options.rows = window.rows;
  const std::lock_guard lock(mutex_);
  if (is_closed_) return Problem{"The server is shutting down."};
  if (const auto room = EvictIfFull(user); !room) return room.Error();
  if (const auto error = session->Start(options)) {
    return Problem{"The shell could not be started: " + error.message() + "."};
  }
  sessions_.emplace(id, Owned{user, ++started_, session});
  return session;
}

// Requires mutex_.
Outcome<> TerminalSessions::EvictIfFull(const std::string& user) {
  std::size_t count = 0;
  const Owned* longest_detached = nullptr;
  for (const auto& [id, owned] : sessions_) {
    if (owned.user != user) continue;
    ++count;
    const auto summary = owned.session->Summarize();
    const bool was_attached = summary.detached != std::chrono::steady_clock::time_point::max();
    if (summary.viewers == 0 && was_attached &&
        (longest_detached == nullptr || summary.detached < longest_detached->session->Summarize().detached))
      longest_detached = &owned;
  }
  if (count < max_per_user) return Done{};
  if (longest_detached == nullptr) return Problem{"Too many terminals are open; close one first."};
  longest_detached->session->Close();
  sessions_.erase(longest_detached->session->Id());
  return Done{};
}

TerminalSessions::Session TerminalSessions::Find(const std::string& user, const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(id);
  return found == sessions_.end() || found->second.user != user ? nullptr : found->second.session;
}

std::vector<TerminalSessions::Session> TerminalSessions::SessionsOf(const std::string& user) const {
  std::map<std::uint64_t, Session> by_age;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, owned] : sessions_) {
      if (owned.user == user) by_age.emplace(owned.number, owned.session);
    }
  }
  std::vector<Session> sessions;
  for (auto& [number, session] : by_age) sessions.push_back(std::move(session));
  return sessions;
}

void TerminalSessions::Remove(const std::string& id) {
  const std::lock_guard lock(mutex_);
  sessions_.erase(id);
}

void TerminalSessions::Close() {
  std::map<std::string, Owned> open;
  {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
    open = sessions_;
  }
  for (const auto& [id, owned] : open) owned.session->Close();
}

}  // namespace repl
