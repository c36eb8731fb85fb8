#include "socket_viewer.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <utility>

namespace repl {
namespace {

namespace asio = boost::asio;

// So much is drawn at once, or on its way to be: enough for any network, and an interrupt is not
// far behind it.
constexpr std::size_t max_under_way = 256 * 1024;
constexpr std::size_t max_replay_units = 128 * 1024;  // a message

// As JavaScript counts; of valid UTF-8.
std::size_t CountUtf16(std::string_view text) {
  std::size_t units = 0;
  for (const char c : text) {
    const unsigned char byte = static_cast<unsigned char>(c);
    units += (byte & 0xC0u) == 0x80 ? 0 : byte >= 0xF0 ? 2 : 1;
  }
  return units;
}

// The first part of a text that is not much longer than so many bytes, cut between characters.
std::string_view Head(std::string_view text, std::size_t bytes) {
  while (bytes < text.size() && (static_cast<unsigned char>(text[bytes]) & 0xC0u) == 0x80) ++bytes;
  return text.substr(0, bytes);
}

}  // namespace

SocketViewer::SocketViewer(ws::Handler socket, const std::shared_ptr<TerminalSession>& session, View view,
                           std::function<void(const SocketViewer&)> on_gone)
    : socket_(std::move(socket)), session_(session), id_(session->Id()), view_(view), on_gone_(std::move(on_gone)) {}

void SocketViewer::Begin(WindowSize size, const std::vector<Scrollback::Run>& shown) {
  ws::Json data = {{"sessionId", id_}};
  if (view_.dialect == Dialect::Streaming) {
    data.update({{"cols", size.cols}, {"rows", size.rows}, {"readOnly", view_.read_only}, {"resumed", view_.resumed}});
    if (!view_.tag.empty()) data["tag"] = view_.tag;
  }
  Send("terminalConnected", std::move(data));
  for (const Scrollback::Run& run : shown) {
    for (std::string_view rest = run.text; !rest.empty();) {
      const std::string_view part = Head(rest, max_replay_units);
      rest.remove_prefix(part.size());
      if (view_.dialect == Dialect::Original) {
        Send("terminalResponse", part, CountUtf16(part));
      } else {
        const ws::Json one = {{"cols", run.size.cols}, {"rows", run.size.rows}, {"data", part}};
        Send("terminalReplay", {{"sessionId", id_}, {"runs", ws::Json::array({one})}, {"last", false}},
             CountUtf16(part));
      }
    }
  }
  if (view_.dialect == Dialect::Streaming && view_.resumed) {
    Send("terminalReplay", {{"sessionId", id_}, {"runs", ws::Json::array()}, {"last", true}});
  }
}

void SocketViewer::Show(const std::shared_ptr<const std::string>& output) {
  const std::size_t units = CountUtf16(*output);
  if (view_.dialect == Dialect::Original) return Send("terminalResponse", *output, units);
  end_ += units;
  Send("terminalOutput", {{"sessionId", id_}, {"data", *output}, {"end", end_}}, units);
}

void SocketViewer::Resized(WindowSize size, std::size_t viewers) {
  if (view_.dialect == Dialect::Original) return;
  ws::Json data = {{"sessionId", id_}, {"cols", size.cols}, {"rows", size.rows}, {"viewers", viewers}};
  const bool replaces = !outbox_.empty() && outbox_.back().event == "terminalSize";  // only the last one matters
  if (!replaces) return Send("terminalSize", std::move(data));
  outbox_.back().data = std::move(data);
}

void SocketViewer::Ended(const PtyExit& exit) {
  Send("terminalClosed", {{"sessionId", id_}, {"code", exit.code}, {"signal", exit.signal}});
  on_gone_(*this);
}

void SocketViewer::LeftBehind() {
  Send("terminalDetached", {{"sessionId", id_}, {"reason", "This window did not keep up with the others."}});
  on_gone_(*this);
}

bool SocketViewer::HasRoom() const {
  const bool is_behind = view_.dialect == Dialect::Streaming && end_ - acknowledged_ >= max_under_way;
  return waiting_ < max_under_way && !is_behind;
}

void SocketViewer::Acknowledge(std::uint64_t end) {
  const bool had_room = HasRoom();
  acknowledged_ = std::clamp(end, acknowledged_, end_);
  const auto session = session_.lock();
  if (session && !had_room && HasRoom()) session->RoomAgain();
}

void SocketViewer::Send(std::string event, ws::Json data, std::size_t units) {
  waiting_ += units;
  outbox_.push_back({std::move(event), std::move(data), units});
  if (std::exchange(sending_, true)) return;
  if (const auto session = session_.lock())
    asio::co_spawn(session->Executor(), SendAll(shared_from_this()), asio::detached);
}

// One after the other, each when the connection's queue has room.
asio::awaitable<void> SocketViewer::SendAll(std::shared_ptr<SocketViewer> self) {
  while (!self->outbox_.empty()) {
    const Outgoing next = std::move(self->outbox_.front());
    self->outbox_.pop_front();
    co_await self->socket_.EmitAsync(next.event, next.data);  // after the connection's end it fails at once
    const bool had_room = self->HasRoom();
    self->waiting_ -= next.units;
    const auto session = self->session_.lock();
    if (session && !had_room && self->HasRoom()) session->RoomAgain();
  }
  self->sending_ = false;
}

}  // namespace repl
