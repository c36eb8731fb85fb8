#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "outcome.hpp"
#include "terminal_session.hpp"

namespace repl {

// Owns the sessions of all users. A user can find only their own sessions. Thread-safe.
class TerminalSessions final : public std::enable_shared_from_this<TerminalSessions> {
 public:
  static constexpr std::size_t max_per_user = 16;

  using Session = std::shared_ptr<TerminalSession>;

  // `shell` are the options of each new shell. Sessions run on `executor`.
  TerminalSessions(boost::asio::any_io_executor executor, PtyOptions shell, TerminalLimits limits)
      : executor_(std::move(executor)), shell_(std::move(shell)), limits_(limits) {}

  // Starts a session. If the user has too many, the session that has been detached longest is ended.
  Outcome<Session> Start(const std::string& user, WindowSize window);
  // Returns null if the user has no such session.
  Session Find(const std::string& user, const std::string& id) const;
  // Returns the user's sessions, oldest first.
  std::vector<Session> SessionsOf(const std::string& user) const;

  // Ends all sessions and starts no more.
  void Close();

 private:
  struct Owned {
    std::string user;
    std::uint64_t number;  // in the order of creation
    Session session;
  };

  Outcome<> EvictIfFull(const std::string& user);
  void Remove(const std::string& id);

  const boost::asio::any_io_executor executor_;
  const PtyOptions shell_;
  const TerminalLimits limits_;

  mutable std::mutex mutex_;
  std::map<std::string, Owned> sessions_;  // by id
  std::uint64_t started_ = 0;
  bool is_closed_ = false;
};

}  // namespace repl
