#include "terminal_events.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "json_fields.hpp"

namespace repl {
namespace {

namespace asio = boost::asio;
using Reply = ws::Result;

const Problem not_attached{"This connection is not attached to such a terminal."};

WindowSize WindowOf(const ws::Json& data) {
  return {std::clamp(IntField(data, "cols", 80), 1, 1000), std::clamp(IntField(data, "rows", 24), 1, 1000)};
}

bool BoolField(const ws::Json& data, const char* name) {
  return data.is_object() && data.contains(name) && data[name] == true;
}

}  // namespace

void TerminalEvents::Serve(ws::Handler socket, std::shared_ptr<TerminalSessions> sessions, Mode mode) {
  const auto self = std::make_shared<TerminalEvents>(socket, std::move(sessions), mode);
  // The reply answers a request. If the message is not a request, a problem is sent as `terminalError`.
  const auto on = [&](const char* event, Outcome<ws::Json> (TerminalEvents::*method)(const ws::Json&)) {
    socket.On(event, [self, method](ws::Handler& socket, const ws::Message& message) -> Reply {
      auto outcome = (*self.*method)(message.Data());
      if (outcome) return std::move(*outcome);
      if (!message.Id().empty()) return ws::Failure{"terminal", outcome.Error().message};
      const std::string id = StringField(message.Data(), "sessionId").value_or("");
      socket.Emit("terminalError", {{"error", outcome.Error().message}, {"sessionId", id}});
      return {};
    });
  };
  on("requestTerminal", &TerminalEvents::Open);
  on("terminalInput", &TerminalEvents::Write);
  on("terminalResize", &TerminalEvents::Resize);
  on("terminalAck", &TerminalEvents::Acknowledge);
  on("detachTerminal", &TerminalEvents::Detach);
  on("closeTerminal", &TerminalEvents::Close);
  on("listTerminals", &TerminalEvents::List);
  socket.On("disconnect", [self] { self->DetachAll(); });
}

TerminalEvents::TerminalEvents(ws::Handler socket, std::shared_ptr<TerminalSessions> sessions, Mode mode)
    : socket_(std::move(socket)), sessions_(std::move(sessions)), mode_(mode), user_(socket_.Identity().dump()) {}

Outcome<ws::Json> TerminalEvents::Open(const ws::Json& data) {
  const WindowSize window = WindowOf(data);
  auto session = sessions_->Find(user_, StringField(data, "sessionId").value_or(""));
  SocketViewer::Options options;
  options.output_mode = BoolField(data, "stream") ? OutputMode::Streaming : OutputMode::Plain;
  options.read_only = mode_ == Mode::ReadOnly || BoolField(data, "readOnly");
  options.resumed = session != nullptr;
  options.tag = StringField(data, "tag").value_or("").substr(0, 64);
  if (!session) {
    if (options.read_only && mode_ == Mode::Full) return Problem{"This terminal does not exist."};
    auto started = sessions_->Start(user_, window);
    if (!started) return started.Error();
    session = std::move(*started);
  }
  const auto remove = [weak = weak_from_this(), id = session->Id()](const SocketViewer& viewer) {
    if (const auto self = weak.lock()) self->Remove(id, viewer);
  };
  const auto viewer = std::make_shared<SocketViewer>(socket_, session, options, remove);
  std::shared_ptr<SocketViewer> replaced;
  {
    const std::lock_guard lock(mutex_);
    replaced = std::exchange(attachments_[session->Id()], {session, viewer}).viewer;
  }
  if (replaced) session->Detach(replaced);
  session->Attach(viewer, window);
  return ws::Json{{"sessionId", session->Id()}};
}

Outcome<ws::Json> TerminalEvents::Write(const ws::Json& data) {
  const auto [session, viewer] = Find(data);
  const auto input = StringField(data, "data");
  if (!session) return not_attached;
  if (!input) return Problem{"The input is not a string."};
  if (viewer->IsReadOnly()) return Problem{"This window can only view the terminal."};
  const auto error = session->Write(*input);
  if (error == boost::system::errc::no_buffer_space) {
    return Problem{"The shell does not read its input, so the last input was dropped."};
  }
  return error ? Outcome<ws::Json>(not_attached) : ws::Json();
}

Outcome<ws::Json> TerminalEvents::Resize(const ws::Json& data) {
  const auto [session, viewer] = Find(data);
  if (!session) return not_attached;
  session->Resize(viewer, WindowOf(data));
  return ws::Json();
}

Outcome<ws::Json> TerminalEvents::Acknowledge(const ws::Json& data) {
  const auto [session, viewer] = Find(data);
  if (!session) return ws::Json();  // the session may have ended meanwhile
  const auto end = data.find("end");
  if (end == data.end() || !end->is_number_unsigned()) return Problem{"“end” is not an unsigned integer."};
  asio::post(session->Executor(), [viewer = viewer, end = end->get<std::uint64_t>()] { viewer->Acknowledge(end); });
  return ws::Json();
}

Outcome<ws::Json> TerminalEvents::Detach(const ws::Json& data) {
  const auto [session, viewer] = Find(data);
  if (!session) return not_attached;
  session->Detach(viewer);
  Remove(session->Id(), *viewer);
  return ws::Json();
}

Outcome<ws::Json> TerminalEvents::Close(const ws::Json& data) {
  const auto [session, viewer] = Find(data);
  if (!session) return not_attached;
  if (viewer->IsReadOnly()) return Problem{"This window can only view the terminal."};
  session->Close();  // viewers are notified when the session has ended
  return ws::Json();
}

Outcome<ws::Json> TerminalEvents::List(const ws::Json&) {
  ws::Json list = ws::Json::array();
  for (const auto& session : sessions_->SessionsOf(user_)) {
    const auto summary = session->Summarize();
    list.push_back({{"sessionId", session->Id()},
                    {"cols", summary.size.cols},
                    {"rows", summary.size.rows},
                    {"viewers", summary.viewers}});
  }
  return ws::Json{{"terminals", std::move(list)}};
}

// Checks the viewer, because another viewer may have replaced it.
void TerminalEvents::Remove(const std::string& id, const SocketViewer& viewer) {
  const std::lock_guard lock(mutex_);
  const auto found = attachments_.find(id);
  if (found != attachments_.end() && found->second.viewer.get() == &viewer) attachments_.erase(found);
}

void TerminalEvents::DetachAll() {
  const std::lock_guard lock(mutex_);
  for (const auto& [id, options] : std::exchange(attachments_, {})) options.session->Detach(options.viewer);
}

TerminalEvents::Attachment TerminalEvents::Find(const ws::Json& data) {
  const std::lock_guard lock(mutex_);
  const auto found = attachments_.find(StringField(data, "sessionId").value_or(""));
  return found == attachments_.end() ? Attachment() : found->second;
}

}  // namespace repl
