#include "terminals.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "json_fields.hpp"
#include "random_hex.hpp"

namespace repl {
namespace {

namespace asio = boost::asio;

const Problem not_here{"There is no such terminal on this connection."};

asio::awaitable<void> Report(ws::Handler socket, ws::Json id, Outcome<> outcome) {
  if (outcome) co_return;
  const ws::Json problem = {{"error", outcome.Why().sentence}, {"sessionId", std::move(id)}};
  co_await socket.EmitAsync("terminalError", problem);
}

}  // namespace

void Terminals::Serve(ws::Handler socket, asio::any_io_executor executor, PtyOptions shell) {
  const auto self = std::make_shared<Terminals>(socket, std::move(executor), std::move(shell));
  const auto on = [&](const char* event, Outcome<> (Terminals::*act)(const ws::Json&)) {
    socket.On(event, [self, act](ws::Handler& peer, const ws::Json& data) {
      return Report(peer, TextField(data, "sessionId").value_or(""), (*self.*act)(data));
    });
  };
  on("requestTerminal", &Terminals::Open);
  on("terminalInput", &Terminals::Write);
  on("terminalResize", &Terminals::Resize);
  on("closeTerminal", &Terminals::Close);
  socket.On("disconnect", [self] { self->CloseAll(); });
}

Terminals::Terminals(ws::Handler socket, asio::any_io_executor executor, PtyOptions shell)
    : socket_(std::move(socket)), executor_(std::move(executor)), shell_(std::move(shell)) {}

Outcome<> Terminals::Open(const ws::Json& data) {
  const std::lock_guard lock(mutex_);
  if (open_.size() == max_open) return Problem{"Too many terminals are open; close one first."};
  PtyOptions options = shell_;
  options.cols = SizeField(data, "cols", options.cols);
  options.rows = SizeField(data, "rows", options.rows);
  const auto terminal = std::make_shared<Pty>(executor_);
  if (const auto error = terminal->Start(options)) {
    return Problem{"The shell could not be started: " + error.message() + "."};
  }
  const std::string id = RandomHex(16);
  open_.emplace(id, terminal);
  asio::co_spawn(terminal->Executor(), Attend(id, terminal), asio::detached);
  return Done{};
}

asio::awaitable<void> Terminals::Attend(std::string id, std::shared_ptr<Pty> terminal) {
  const auto self = shared_from_this();
  const ws::Json session = {{"sessionId", id}};
  ws::Error error = co_await socket_.EmitAsync("terminalConnected", session);
  while (!error) {
    const ws::Json chunk = co_await terminal->ReadAsync();
    if (chunk.get_ref<const std::string&>().empty()) break;
    error = co_await socket_.EmitAsync("terminalResponse", chunk);
  }
  terminal->Close();
  const PtyExit exit = co_await terminal->ClosedAsync();
  {
    const std::lock_guard lock(mutex_);
    open_.erase(id);
  }
  const ws::Json end = {{"sessionId", id}, {"code", exit.code}, {"signal", exit.signal}};
  co_await socket_.EmitAsync("terminalClosed", end);
}

Outcome<> Terminals::Write(const ws::Json& data) {
  const auto terminal = Find(data);
  const auto input = TextField(data, "data");
  if (!terminal) return not_here;
  if (!input) return Problem{"The input is not a text."};
  const auto error = terminal->Write(*input);
  if (error == boost::system::errc::no_buffer_space) {
    return Problem{"The shell does not read what was typed or pasted, so this was left out."};
  }
  return error ? Outcome<>(not_here) : Done{};
}

Outcome<> Terminals::Resize(const ws::Json& data) {
  const auto terminal = Find(data);
  if (!terminal) return not_here;
  terminal->Resize(SizeField(data, "cols", shell_.cols), SizeField(data, "rows", shell_.rows));
  return Done{};
}

Outcome<> Terminals::Close(const ws::Json& data) {
  const auto terminal = Find(data);
  if (!terminal) return not_here;
  terminal->Close();  // Attend tells when it has ended
  return Done{};
}

void Terminals::CloseAll() {
  const std::lock_guard lock(mutex_);
  for (const auto& [id, terminal] : open_) terminal->Close();
}

std::shared_ptr<Pty> Terminals::Find(const ws::Json& data) {
  const std::lock_guard lock(mutex_);
  const auto found = open_.find(TextField(data, "sessionId").value_or(""));
  return found == open_.end() ? nullptr : found->second;
}

}  // namespace repl
