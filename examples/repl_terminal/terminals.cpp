#include "terminals.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>
#include <variant>

#include "json_fields.hpp"

namespace repl {
namespace {

namespace asio = boost::asio;
using Reply = std::variant<std::monostate, ws::Json, ws::Failure>;

const Problem not_here{"There is no such terminal on this connection."};

WindowSize WindowOf(const ws::Json& data) {
  return {std::clamp(SizeField(data, "cols", 80), 1, 1000), std::clamp(SizeField(data, "rows", 24), 1, 1000)};
}

bool Flag(const ws::Json& data, const char* name) {
  return data.is_object() && data.contains(name) && data[name] == true;
}

}  // namespace

void Terminals::Serve(ws::Handler socket, std::shared_ptr<TerminalSessions> sessions, Mode mode) {
  const auto self = std::make_shared<Terminals>(socket, std::move(sessions), mode);
  // A request is answered by its reply; a problem with what is no request, by `terminalError`.
  const auto on = [&](const char* event, Outcome<ws::Json> (Terminals::*act)(const ws::Json&)) {
    socket.On(event, [self, act](ws::Handler& peer, const ws::Message& message) -> Reply {
      auto outcome = (*self.*act)(message.Data());
      if (outcome) return std::move(*outcome);
      if (!message.Id().empty()) return ws::Failure{"terminal", outcome.Why().sentence};
      const std::string id = TextField(message.Data(), "sessionId").value_or("");
      peer.Emit("terminalError", {{"error", outcome.Why().sentence}, {"sessionId", id}});
      return {};
    });
  };
  on("requestTerminal", &Terminals::Open);
  on("terminalInput", &Terminals::Write);
  on("terminalResize", &Terminals::Resize);
  on("terminalAck", &Terminals::Acknowledge);
  on("detachTerminal", &Terminals::Detach);
  on("closeTerminal", &Terminals::Close);
  on("listTerminals", &Terminals::List);
  socket.On("disconnect", [self] { self->DetachAll(); });
}

Terminals::Terminals(ws::Handler socket, std::shared_ptr<TerminalSessions> sessions, Mode mode)
    : socket_(std::move(socket)), sessions_(std::move(sessions)), mode_(mode), user_(socket_.Identity().dump()) {}

Outcome<ws::Json> Terminals::Open(const ws::Json& data) {
  const WindowSize window = WindowOf(data);
  auto session = sessions_->Find(user_, TextField(data, "sessionId").value_or(""));
  SocketViewer::View view;
  view.dialect = Flag(data, "stream") ? Dialect::Streaming : Dialect::Original;
  view.read_only = mode_ == Mode::ReadOnly || Flag(data, "readOnly");
  view.resumed = session != nullptr;
  view.tag = TextField(data, "tag").value_or("").substr(0, 64);
  if (!session) {
    if (view.read_only && mode_ == Mode::Full) return Problem{"There is no such terminal to look at."};
    auto started = sessions_->Start(user_, window);
    if (!started) return started.Why();
    session = std::move(*started);
  }
  const auto forget = [weak = weak_from_this(), id = session->Id()](const SocketViewer& gone) {
    if (const auto self = weak.lock()) self->Forget(id, gone);
  };
  const auto viewer = std::make_shared<SocketViewer>(socket_, session, view, forget);
  std::shared_ptr<SocketViewer> replaced;
  {
    const std::lock_guard lock(mutex_);
    replaced = std::exchange(views_[session->Id()], {session, viewer}).viewer;
  }
  if (replaced) session->Detach(replaced);
  session->Attach(viewer, window);
  return ws::Json{{"sessionId", session->Id()}};
}

Outcome<ws::Json> Terminals::Write(const ws::Json& data) {
  const auto [session, viewer] = Find(data);
  const auto input = TextField(data, "data");
  if (!session) return not_here;
  if (!input) return Problem{"The input is not a text."};
  if (viewer->TheView().read_only) return Problem{"This window only looks at the terminal."};
  const auto error = session->Write(*input);
  if (error == boost::system::errc::no_buffer_space) {
    return Problem{"The shell does not read what was typed or pasted, so this was left out."};
  }
  return error ? Outcome<ws::Json>(not_here) : ws::Json();
}

Outcome<ws::Json> Terminals::Resize(const ws::Json& data) {
  const auto [session, viewer] = Find(data);
  if (!session) return not_here;
  session->Resize(viewer, WindowOf(data));
  return ws::Json();
}

Outcome<ws::Json> Terminals::Acknowledge(const ws::Json& data) {
  const auto [session, viewer] = Find(data);
  if (!session) return ws::Json();  // it has ended meanwhile
  const auto end = data.find("end");
  if (end == data.end() || !end->is_number_unsigned()) return Problem{"`end` is not a count."};
  asio::post(session->Executor(), [viewer = viewer, end = end->get<std::uint64_t>()] { viewer->Acknowledge(end); });
  return ws::Json();
}

Outcome<ws::Json> Terminals::Detach(const ws::Json& data) {
  const auto [session, viewer] = Find(data);
  if (!session) return not_here;
  session->Detach(viewer);
  Forget(session->Id(), *viewer);
  return ws::Json();
}

Outcome<ws::Json> Terminals::Close(const ws::Json& data) {
  const auto [session, viewer] = Find(data);
  if (!session) return not_here;
  if (viewer->TheView().read_only) return Problem{"This window only looks at the terminal."};
  session->Close();  // its viewers are told when it has ended
  return ws::Json();
}

Outcome<ws::Json> Terminals::List(const ws::Json&) {
  ws::Json list = ws::Json::array();
  for (const auto& session : sessions_->Of(user_)) {
    const auto now = session->Now();
    list.push_back(
        {{"sessionId", session->Id()}, {"cols", now.size.cols}, {"rows", now.size.rows}, {"viewers", now.viewers}});
  }
  return ws::Json{{"terminals", std::move(list)}};
}

// Another may have taken its place.
void Terminals::Forget(const std::string& id, const SocketViewer& gone) {
  const std::lock_guard lock(mutex_);
  const auto found = views_.find(id);
  if (found != views_.end() && found->second.viewer.get() == &gone) views_.erase(found);
}

void Terminals::DetachAll() {
  const std::lock_guard lock(mutex_);
  for (const auto& [id, view] : std::exchange(views_, {})) view.session->Detach(view.viewer);
}

Terminals::View Terminals::Find(const ws::Json& data) {
  const std::lock_guard lock(mutex_);
  const auto found = views_.find(TextField(data, "sessionId").value_or(""));
  return found == views_.end() ? View() : found->second;
}

}  // namespace repl
