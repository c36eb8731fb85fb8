#include "socket_viewer.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <utility>

namespace repl {
namespace {

namespace asio = boost::asio;

// Limit of the output that is sent but not drawn yet. Enough for every network, and small enough for Ctrl+C to act
// soon.
constexpr std::size_t high_water_mark = 256 * 1024;
constexpr std::size_t max_replay_units = 128 * 1024;  // limit of one message

// Returns the length in UTF-16 units, as JavaScript counts. The text must be valid UTF-8.
std::size_t CountUtf16(std::string_view text) {
  std::size_t units = 0;
  for (const char c : text) {
    const unsigned char byte = static_cast<unsigned char>(c);
    units += (byte & 0xC0u) == 0x80 ? 0 : byte >= 0xF0 ? 2 : 1;
  }
  return units;
}

// Returns a prefix of about `bytes` bytes that ends between two characters.
std::string_view Prefix(std::string_view text, std::size_t bytes) {
  while (bytes < text.size() && (static_cast<unsigned char>(text[bytes]) & 0xC0u) == 0x80) ++bytes;
  return text.substr(0, bytes);
}

}  // namespace

SocketViewer::SocketViewer(ws::Handler socket, const std::shared_ptr<TerminalSession>& session, Options options,
                           std::function<void(const SocketViewer&)> on_detached)
    : socket_(std::move(socket)),
      session_(session),
      id_(session->Id()),
      options_(options),
      on_detached_(std::move(on_detached)) {}

void SocketViewer::OnAttached(WindowSize size, const std::vector<Scrollback::Run>& shown) {
  ws::Json data = {{"sessionId", id_}};
  if (options_.output_mode == OutputMode::Streaming) {
    data.update(
        {{"cols", size.cols}, {"rows", size.rows}, {"readOnly", options_.read_only}, {"resumed", options_.resumed}});
    if (!options_.tag.empty()) data["tag"] = options_.tag;
  }
  Send("terminalConnected", std::move(data));
  for (const Scrollback::Run& run : shown) {
    for (std::string_view rest = run.text; !rest.empty();) {
      const std::string_view part = Prefix(rest, max_replay_units);
      rest.remove_prefix(part.size());
      if (options_.output_mode == OutputMode::Plain) {
        Send("terminalResponse", part, CountUtf16(part));
      } else {
        const ws::Json one = {{"cols", run.size.cols}, {"rows", run.size.rows}, {"data", part}};
        Send("terminalReplay", {{"sessionId", id_}, {"runs", ws::Json::array({one})}, {"last", false}},
             CountUtf16(part));
      }
    }
  }
  if (options_.output_mode == OutputMode::Streaming && options_.resumed) {
    Send("terminalReplay", {{"sessionId", id_}, {"runs", ws::Json::array()}, {"last", true}});
  }
}

void SocketViewer::OnOutput(const std::shared_ptr<const std::string>& output) {
  const std::size_t units = CountUtf16(*output);
  if (options_.output_mode == OutputMode::Plain) return Send("terminalResponse", *output, units);
  end_ += units;
  Send("terminalOutput", {{"sessionId", id_}, {"data", *output}, {"end", end_}}, units);
}

void SocketViewer::OnResized(WindowSize size, std::size_t viewers) {
  if (options_.output_mode == OutputMode::Plain) return;
  ws::Json data = {{"sessionId", id_}, {"cols", size.cols}, {"rows", size.rows}, {"viewers", viewers}};
  const bool replaces = !outbox_.empty() && outbox_.back().event == "terminalSize";  // replaces an unsent size
  if (!replaces) return Send("terminalSize", std::move(data));
  outbox_.back().data = std::move(data);
}

void SocketViewer::OnEnded(const PtyExit& exit) {
  Send("terminalClosed", {{"sessionId", id_}, {"code", exit.code}, {"signal", exit.signal}});
  on_detached_(*this);
}

void SocketViewer::OnDetached() {
  Send("terminalDetached", {{"sessionId", id_}, {"reason", "This window was too slow and was detached."}});
  on_detached_(*this);
}

bool SocketViewer::HasRoom() const {
  const bool is_behind = options_.output_mode == OutputMode::Streaming && end_ - acknowledged_ >= high_water_mark;
  return queued_units_ < high_water_mark && !is_behind;
}

void SocketViewer::Acknowledge(std::uint64_t end) {
  const bool had_room = HasRoom();
  acknowledged_ = std::clamp(end, acknowledged_, end_);
  const auto session = session_.lock();
  if (session && !had_room && HasRoom()) session->NotifyRoom();
}

void SocketViewer::Send(std::string event, ws::Json data, std::size_t units) {
  queued_units_ += units;
  outbox_.push_back({std::move(event), std::move(data), units});
  if (std::exchange(is_sending_, true)) return;
  if (const auto session = session_.lock())
    asio::co_spawn(session->Executor(), SendAll(shared_from_this()), asio::detached);
}

// Sends one message at a time, when the connection's write queue has room.
asio::awaitable<void> SocketViewer::SendAll(std::shared_ptr<SocketViewer> self) {
  while (!self->outbox_.empty()) {
    const Outgoing next = std::move(self->outbox_.front());
    self->outbox_.pop_front();
    co_await self->socket_.EmitAsync(next.event, next.data);  // fails at once after the connection has ended
    const bool had_room = self->HasRoom();
    self->queued_units_ -= next.units;
    const auto session = self->session_.lock();
    if (session && !had_room && self->HasRoom()) session->NotifyRoom();
  }
  self->is_sending_ = false;
}

}  // namespace repl
