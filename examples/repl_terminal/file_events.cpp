#include "file_events.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "clipboard.hpp"
#include "content_hash.hpp"
#include "json_fields.hpp"

namespace repl {
namespace {

// What one connection works with.
struct Desk {
  explicit Desk(Workspace& its_workspace) : workspace(its_workspace), clipboard(its_workspace) {}

  Workspace& workspace;
  Clipboard clipboard;
  std::atomic<bool> is_listing = false;
};

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

// Once at a time, so that nobody takes all threads. Neither the clipboard nor the order is touched.
std::variant<std::monostate, ws::Json, ws::Failure> ListFiles(Desk& desk) {
  if (desk.is_listing.exchange(true)) return ws::Failure{"busy", "The files are being listed already."};
  FileList list = desk.workspace.ListFiles();
  desk.is_listing = false;
  return ws::Json{{"paths", std::move(list.paths)}, {"truncated", list.truncated}};
}

// Waits for room, so that no answer is lost; fails only where the connection is over or the answer
// is larger than its queue.
boost::asio::awaitable<void> Send(ws::Handler socket, std::string event, ws::Json answer) {
  const ws::Error error = co_await socket.EmitAsync(event, answer);
  if (error != ws::Errc::TooLarge) co_return;
  const ws::Json apology = {{"error", "The answer is too large to be sent."}};
  co_await socket.EmitAsync(event, apology);
}

}  // namespace

void ServeFiles(ws::Handler socket, Workspace& workspace) {
  const auto desk = std::make_shared<Desk>(workspace);
  socket.On("Connection", [desk](ws::Handler& peer) {
    const auto entries = desk->workspace.List("");
    if (!entries) return Send(peer, "error", {{"message", entries.Why().sentence}});
    return Send(peer, "Loaded", {{"rootContents", ToJson(*entries)}});
  });
  // It may take a while, so it lets what is typed pass.
  socket.On(
      "listFiles", [desk] { return ListFiles(*desk); }, ws::Order::None);
  for (const FileEvent& event : FileEvents()) {
    socket.On(event.name, [desk, &event](ws::Handler& peer, const ws::Json& data) {
      return Send(peer, std::string(event.name) + "Response", Answer(event, *desk, data));
    });
  }
}

}  // namespace repl
