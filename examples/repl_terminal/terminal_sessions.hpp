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

// The sessions of all users. An id opens only those of its own user. Threads: any.
class TerminalSessions final : public std::enable_shared_from_this<TerminalSessions> {
 public:
  static constexpr std::size_t max_of_user = 16;

  using Session = std::shared_ptr<TerminalSession>;

  // Shells start as `shell` says, and are attended on `executor`.
  TerminalSessions(boost::asio::any_io_executor executor, PtyOptions shell, TerminalLimits limits)
      : executor_(std::move(executor)), shell_(std::move(shell)), limits_(limits) {}

  // A new one. Where the user has enough, the one that nobody has looked at for longest is ended.
  Outcome<Session> Start(const std::string& user, WindowSize window);
  // Null where the user has no such session.
  Session Find(const std::string& user, const std::string& id) const;
  // By age.
  std::vector<Session> Of(const std::string& user) const;

  // Ends them all and starts no more.
  void Close();

 private:
  struct Owned {
    std::string user;
    std::uint64_t number;  // in the order of starting
    Session session;
  };

  Outcome<> MakeRoom(const std::string& user);
  void Forget(const std::string& id);

  const boost::asio::any_io_executor executor_;
  const PtyOptions shell_;
  const TerminalLimits limits_;

  mutable std::mutex mutex_;
  std::map<std::string, Owned> open_;  // by id
  std::uint64_t started_ = 0;
  bool closed_ = false;
};

}  // namespace repl
