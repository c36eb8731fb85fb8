#include "file_events.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>
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

namespace asio = boost::asio;

// What one connection works with. Its callbacks are on one strand, the connection's, and work is done on the disk.
struct Desk {
  Desk(Workspace& its_workspace, asio::any_io_executor its_disk, Mode its_mode)
      : workspace(its_workspace), mode(its_mode), disk(std::move(its_disk)), clipboard(its_workspace) {}

  Workspace& workspace;
  const Mode mode;
  const asio::any_io_executor disk;
  Clipboard clipboard;
  // Those who wait for their turn, the first of which has it.
  std::deque<std::shared_ptr<asio::steady_timer>> turns;
  bool is_listing = false;
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

// One thing after the other, in the order in which it was asked for.
class Turn {
 public:
  Turn(DeskPtr desk, const asio::any_io_executor& executor)
      : desk_(std::move(desk)),
        mine_(std::make_shared<asio::steady_timer>(executor, asio::steady_timer::time_point::max())) {
    desk_->turns.push_back(mine_);
  }
  ~Turn() {
    std::erase(desk_->turns, mine_);
    if (!desk_->turns.empty()) desk_->turns.front()->cancel();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  // Throws where the connection has ended meanwhile.
  asio::awaitable<void> Wait() {
    ws::Error cancelled;
    while (desk_->turns.front() != mine_) {
      co_await mine_->async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    }
  }

 private:
  const DeskPtr desk_;
  const std::shared_ptr<asio::steady_timer> mine_;
};

asio::awaitable<ws::Json> Run(std::function<ws::Json()> work) {
  co_return work();
}

// What has begun is finished: the slot of its own keeps the callback's cancellation out, which may not reach into
// another executor (asio#1332).
asio::awaitable<ws::Json> OnDisk(DeskPtr desk, std::function<ws::Json()> work) {
  auto uncancelled = asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable);
  auto run = Run(std::move(work));
  co_return co_await asio::co_spawn(desk->disk, std::move(run), std::move(uncancelled));
}

// Waits for room, so that no answer is lost.
asio::awaitable<void> Send(ws::Handler socket, std::string event, ws::Json answer) {
  const ws::Error error = co_await socket.EmitAsync(event, answer);
  if (!error || error == ws::Errc::Closed) co_return;
  const ws::Json apology = {{"error", "The answer could not be sent: " + error.message() + "."}};
  co_await socket.EmitAsync(event, apology);
}

asio::awaitable<void> Do(DeskPtr desk, const FileEvent& event, ws::Handler peer, const ws::Json& data) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  Turn turn(desk, executor);
  co_await turn.Wait();
  std::function<ws::Json()> work = [desk, &event, data] { return Answer(event, *desk, data); };
  ws::Json answer = co_await OnDisk(desk, std::move(work));
  co_await Send(peer, std::string(event.name) + "Response", std::move(answer));
}

ws::Json ListRoot(Desk& desk) {
  const auto entries = desk.workspace.List("");
  ws::Json answer =
      entries ? ws::Json{{"rootContents", ToJson(*entries)}} : ws::Json{{"message", entries.Why().sentence}};
  if (desk.mode == Mode::ReadOnly) answer["readOnly"] = true;
  return answer;
}

asio::awaitable<void> Load(DeskPtr desk, ws::Handler peer) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  Turn turn(desk, executor);
  co_await turn.Wait();
  std::function<ws::Json()> work = [desk] { return ListRoot(*desk); };
  ws::Json answer = co_await OnDisk(desk, std::move(work));
  const char* const event = answer.contains("message") ? "error" : "Loaded";
  co_await Send(peer, event, std::move(answer));
}

using Listed = std::variant<std::monostate, ws::Json, ws::Failure>;

ws::Json ListFiles(const Workspace& workspace) {
  FileList list = workspace.ListFiles();
  return {{"paths", std::move(list.paths)}, {"truncated", list.truncated}};
}

// Out of turn, since it is only looked at; once at a time, since its reply is large.
asio::awaitable<Listed> List(DeskPtr desk) {
  if (std::exchange(desk->is_listing, true)) co_return ws::Failure{"busy", "The files are being listed already."};
  const std::shared_ptr<void> listing(nullptr, [desk](void*) { desk->is_listing = false; });
  std::function<ws::Json()> work = [desk] { return ListFiles(desk->workspace); };
  ws::Json files = co_await OnDisk(desk, std::move(work));
  co_return files;
}

}  // namespace

// Without the connection's order: a copy that takes a while must not hold up what is typed into a terminal.
void ServeFiles(ws::Handler socket, Workspace& workspace, asio::any_io_executor disk, Mode mode) {
  const auto desk = std::make_shared<Desk>(workspace, std::move(disk), mode);
  const auto on = [&socket](const char* event, auto callback) {
    socket.On(event, std::move(callback), ws::Order::Concurrent);
  };
  on("Connection", [desk](ws::Handler& peer) { return Load(desk, peer); });
  on("listFiles", [desk] { return List(desk); });
  for (const FileEvent& event : FileEvents()) {
    on(event.name, [desk, &event](ws::Handler& peer, const ws::Json& data) { return Do(desk, event, peer, data); });
  }
}

}  // namespace repl
