#include "file_events.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "clipboard.hpp"
#include "content_hash.hpp"
#include "json_fields.hpp"

namespace repl {
namespace {

namespace asio = boost::asio;

// What one connection works with, one thing at a time.
struct Desk {
  Desk(Workspace& its_workspace, asio::any_io_executor disk, Mode its_mode)
      : workspace(its_workspace),
        mode(its_mode),
        clipboard(its_workspace),
        strand(asio::make_strand(std::move(disk))) {}

  Workspace& workspace;
  const Mode mode;
  Clipboard clipboard;
  const asio::strand<asio::any_io_executor> strand;
};
using DeskPtr = std::shared_ptr<Desk>;

using Texts = std::vector<std::string>;

// An event of the client: the texts that its data must hold, and what they are answered with.
struct FileEvent {
  const char* name;
  std::vector<const char*> fields;
  std::function<Outcome<ws::Json>(Desk&, const Texts&)> answer;
  const char* optional = nullptr;  // one more text, empty where it is left out
};

ws::Json ToJson(const std::vector<Entry>& entries) {
  ws::Json list = ws::Json::array();
  for (const Entry& entry : entries) {
    list.push_back({{"name", entry.name},
                    {"isDir", entry.is_folder},
                    {"isLink", entry.is_link},
                    {"size", entry.size},
                    {"modified", entry.modified}});
  }
  return list;
}

Outcome<ws::Json> Success(const Outcome<>& outcome) {
  if (!outcome) return outcome.Why();
  return ws::Json{{"success", true}};
}

Outcome<ws::Json> FetchDir(Desk& desk, const Texts& texts) {
  const auto entries = desk.workspace.List(texts[0]);
  if (!entries) return entries.Why();
  return ws::Json{{"contents", ToJson(*entries)}};
}

Outcome<ws::Json> FetchContent(Desk& desk, const Texts& texts) {
  auto content = desk.workspace.Read(texts[0]);
  if (!content) return content.Why();
  const std::string hash = ContentHash(*content);
  return ws::Json{{"content", std::move(*content)}, {"hash", hash}};
}

Outcome<ws::Json> UpdateContent(Desk& desk, const Texts& texts) {
  const auto hash = desk.workspace.Patch(texts[0], texts[1], texts[2]);
  if (!hash) return hash.Why();
  return ws::Json{{"success", true}, {"hash", *hash}};
}

const std::vector<FileEvent>& FileEvents() {
  static const std::vector<FileEvent> events = {
      {"fetchDir", {"Dir"}, FetchDir},
      {"fetchContent", {"path"}, FetchContent},
      {"updateContent", {"path", "patch"}, UpdateContent, "hash"},
      {"createFile", {"path"}, [](Desk& d, const Texts& t) { return Success(d.workspace.CreateFile(t[0])); }},
      {"createFolder", {"path"}, [](Desk& d, const Texts& t) { return Success(d.workspace.CreateFolder(t[0])); }},
      {"delete", {"path"}, [](Desk& d, const Texts& t) { return Success(d.workspace.Delete(t[0])); }},
      {"rename",
       {"oldPath", "newPath"},
       [](Desk& d, const Texts& t) { return Success(d.workspace.Rename(t[0], t[1])); }},
      {"copy",
       {"sourcePath", "targetPath"},
       [](Desk& d, const Texts& t) { return Success(d.workspace.Copy(t[0], t[1])); }},
      {"cut", {"sourcePath"}, [](Desk& d, const Texts& t) { return Success(d.clipboard.Cut(t[0])); }},
      {"paste", {"targetPath"}, [](Desk& d, const Texts& t) { return Success(d.clipboard.Paste(t[0])); }},
  };
  return events;
}

// Older clients write "dir" for "Dir".
std::optional<std::string> Field(const ws::Json& data, const std::string& name) {
  auto text = TextField(data, name.c_str());
  return !text && name == "Dir" ? TextField(data, "dir") : text;
}

ws::Json ToJson(const Problem& problem) {
  ws::Json error = {{"error", problem.sentence}};
  if (problem.kind == Problem::Kind::Conflict) error["conflict"] = true;
  if (problem.kind == Problem::Kind::Binary) error.update({{"binary", true}, {"size", problem.size}});
  if (problem.kind == Problem::Kind::TooLarge) error.update({{"tooLarge", true}, {"size", problem.size}});
  return error;
}

// The paths come back as they were sent, so that the client knows what is answered.
ws::Json Answer(const FileEvent& event, Desk& desk, const ws::Json& data) {
  Texts texts;
  ws::Json paths = ws::Json::object();
  for (const std::string name : event.fields) {
    auto text = Field(data, name);
    if (!text) return {{"error", "The request lacks the text “" + name + "”."}};
    if (name != "patch") paths[name == "Dir" ? "path" : name] = *text;
    texts.push_back(std::move(*text));
  }
  if (event.optional != nullptr) {
    const bool is_given = data.contains(event.optional) && !data[event.optional].is_null();
    auto text = is_given ? TextField(data, event.optional) : "";
    if (!text) return {{"error", "“" + std::string(event.optional) + "” is not a text."}};
    texts.push_back(std::move(*text));
  }
  const auto answer = event.answer(desk, texts);
  paths.update(answer ? *answer : ToJson(answer.Why()));
  return paths;
}

// Waits for room, so that no answer is lost; fails only where the connection is over or the answer
// is larger than its queue.
asio::awaitable<void> Send(ws::Handler socket, std::string event, ws::Json answer) {
  const ws::Error error = co_await socket.EmitAsync(event, answer);
  if (error != ws::Errc::TooLarge) co_return;
  const ws::Json apology = {{"error", "The answer is too large to be sent."}};
  co_await socket.EmitAsync(event, apology);
}

asio::awaitable<void> Load(DeskPtr desk, ws::Handler peer) {
  const auto entries = desk->workspace.List("");
  const std::string event = entries ? "Loaded" : "error";
  ws::Json answer;
  if (entries) answer["rootContents"] = ToJson(*entries);
  if (entries && desk->mode == Mode::ReadOnly) answer["readOnly"] = true;
  if (!entries) answer["message"] = entries.Why().sentence;
  co_await Send(peer, event, std::move(answer));
}

asio::awaitable<ws::Json> ListFiles(DeskPtr desk) {
  FileList list = desk->workspace.ListFiles();
  ws::Json answer = {{"paths", std::move(list.paths)}, {"truncated", list.truncated}};
  co_return answer;
}

asio::awaitable<void> Do(DeskPtr desk, const FileEvent& event, ws::Handler peer, ws::Json data) {
  ws::Json answer = Answer(event, *desk, data);
  co_await Send(peer, std::string(event.name) + "Response", std::move(answer));
}

// In the order in which callbacks ask for it. What has begun is finished: the slot of its own keeps the callback's
// cancellation out, which may not reach into another executor (asio#1332).
template <class Value>
asio::awaitable<Value> At(DeskPtr desk, asio::awaitable<Value> work) {
  auto uncancelled = asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable);
  co_return co_await asio::co_spawn(desk->strand, std::move(work), std::move(uncancelled));
}

}  // namespace

// Without the connection's order: a copy that takes a while must not hold up what is typed into a terminal.
void ServeFiles(ws::Handler socket, Workspace& workspace, asio::any_io_executor disk, Mode mode) {
  const auto desk = std::make_shared<Desk>(workspace, std::move(disk), mode);
  const auto on = [&socket](const char* event, auto callback) {
    socket.On(event, std::move(callback), ws::Order::None);
  };
  on("Connection", [desk](ws::Handler& peer) { return At(desk, Load(desk, peer)); });
  on("listFiles", [desk] { return At(desk, ListFiles(desk)); });
  for (const FileEvent& event : FileEvents()) {
    on(event.name,
       [desk, &event](ws::Handler& peer, const ws::Json& data) { return At(desk, Do(desk, event, peer, data)); });
  }
}

}  // namespace repl
