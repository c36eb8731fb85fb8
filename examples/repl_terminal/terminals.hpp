#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "outcome.hpp"
#include "pty.hpp"
#include "ws/handler.hpp"

namespace repl {

// The terminals of one connection, which ends them with itself: requestTerminal, terminalInput,
// terminalResize, closeTerminal. An id opens only the terminals of its own connection. Output waits
// for room in the connection's queue, so a browser that does not read stops the shell, not the
// server.
class Terminals final : public std::enable_shared_from_this<Terminals> {
 public:
  static constexpr std::size_t max_open = 16;

  // Registers the events. Shells start as `shell` says, and are attended on `executor`.
  static void Serve(ws::Handler socket, boost::asio::any_io_executor executor, PtyOptions shell);

  Terminals(ws::Handler socket, boost::asio::any_io_executor executor, PtyOptions shell);

 private:
  Outcome<> Open(const ws::Json& data);
  Outcome<> Write(const ws::Json& data);
  Outcome<> Resize(const ws::Json& data);
  Outcome<> Close(const ws::Json& data);
  void CloseAll();

  // Sends what a shell writes, from its beginning to its end.
  boost::asio::awaitable<void> Attend(std::string id, std::shared_ptr<Pty> terminal);
  std::shared_ptr<Pty> Find(const ws::Json& data);

  ws::Handler socket_;
  const boost::asio::any_io_executor executor_;
  const PtyOptions shell_;

  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Pty>> open_;  // by session id
};

}  // namespace repl
