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
#include <vector>

#include "clipboard.hpp"
#include "content_hash.hpp"
#include "json_fields.hpp"

namespace repl {
namespace {

namespace asio = boost::asio;

// The state of one connection. Callbacks run on the connection's strand, file operations on `disk`.
struct FileContext {
  FileContext(Workspace& the_workspace, asio::any_io_executor the_disk, Mode the_mode)
      : workspace(the_workspace), mode(the_mode), disk(std::move(the_disk)), clipboard(the_workspace) {}

  Workspace& workspace;
  const Mode mode;
  const asio::any_io_executor disk;
  Clipboard clipboard;
  // One timer for each waiting FifoLock. The first one holds the lock.
  std::deque<std::shared_ptr<asio::steady_timer>> lock_queue;
  bool is_listing = false;
};
using ContextPtr = std::shared_ptr<FileContext>;

using FieldValues = std::vector<std::string>;

// A file event: the string fields of its data, and its handler.
struct FileEvent {
  const char* name;
  std::vector<const char*> fields;
  std::function<Outcome<ws::Json>(FileContext&, const FieldValues&)> handle;
  const char* optional = nullptr;  // one more field; empty if it is missing
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
  if (!outcome) return outcome.Error();
  return ws::Json{{"success", true}};
}

Outcome<ws::Json> FetchDir(FileContext& context, const FieldValues& values) {
  const auto entries = context.workspace.List(values[0]);
  if (!entries) return entries.Error();
  return ws::Json{{"contents", ToJson(*entries)}};
}

Outcome<ws::Json> FetchContent(FileContext& context, const FieldValues& values) {
  auto content = context.workspace.Read(values[0]);
  if (!content) return content.Error();
  const std::string hash = ContentHash(*content);
  return ws::Json{{"content", std::move(*content)}, {"hash", hash}};
}

Outcome<ws::Json> UpdateContent(FileContext& context, const FieldValues& values) {
  const auto hash = context.workspace.Patch(values[0], values[1], values[2]);
  if (!hash) return hash.Error();
  return ws::Json{{"success", true}, {"hash", *hash}};
}

const std::vector<FileEvent>& FileEvents() {
  static const std::vector<FileEvent> events = {
      {"fetchDir", {"Dir"}, FetchDir},
      {"fetchContent", {"path"}, FetchContent},
      {"updateContent", {"path", "patch"}, UpdateContent, "hash"},
      {"createFile",
       {"path"},
       [](FileContext& c, const FieldValues& v) { return Success(c.workspace.CreateFile(v[0])); }},
      {"createFolder",
       {"path"},
       [](FileContext& c, const FieldValues& v) { return Success(c.workspace.CreateFolder(v[0])); }},
      {"delete", {"path"}, [](FileContext& c, const FieldValues& v) { return Success(c.workspace.Delete(v[0])); }},
      {"rename",
       {"oldPath", "newPath"},
       [](FileContext& c, const FieldValues& v) { return Success(c.workspace.Rename(v[0], v[1])); }},
      {"copy",
       {"sourcePath", "targetPath"},
       [](FileContext& c, const FieldValues& v) { return Success(c.workspace.Copy(v[0], v[1])); }},
      {"cut", {"sourcePath"}, [](FileContext& c, const FieldValues& v) { return Success(c.clipboard.Cut(v[0])); }},
      {"paste", {"targetPath"}, [](FileContext& c, const FieldValues& v) { return Success(c.clipboard.Paste(v[0])); }},
  };
  return events;
}

// Older clients send "dir" instead of "Dir".
std::optional<std::string> Field(const ws::Json& data, const std::string& name) {
  auto text = StringField(data, name.c_str());
  return !text && name == "Dir" ? StringField(data, "dir") : text;
}

ws::Json ToJson(const Problem& problem) {
  ws::Json error = {{"error", problem.message}};
  if (problem.kind == Problem::Kind::Conflict) error["conflict"] = true;
  if (problem.kind == Problem::Kind::Binary) error.update({{"binary", true}, {"size", problem.size}});
  if (problem.kind == Problem::Kind::TooLarge) error.update({{"tooLarge", true}, {"size", problem.size}});
  return error;
}

// Returns the paths as the client sent them, so that it can match the answer.
ws::Json Respond(const FileEvent& event, FileContext& context, const ws::Json& data) {
  FieldValues values;
  ws::Json paths = ws::Json::object();
  for (const std::string name : event.fields) {
    auto text = Field(data, name);
    if (!text) return {{"error", "The request needs the string “" + name + "”."}};
    if (name != "patch") paths[name == "Dir" ? "path" : name] = *text;
    values.push_back(std::move(*text));
  }
  if (event.optional != nullptr) {
    const bool is_given = data.contains(event.optional) && !data[event.optional].is_null();
    auto text = is_given ? StringField(data, event.optional) : "";
    if (!text) return {{"error", "“" + std::string(event.optional) + "” is not a string."}};
    values.push_back(std::move(*text));
  }
  const auto response = event.handle(context, values);
  paths.update(response ? *response : ToJson(response.Error()));
  return paths;
}

// Lets one coroutine of a connection at a time continue, in the order of construction.
class FifoLock {
 public:
  FifoLock(ContextPtr context, const asio::any_io_executor& executor)
      : context_(std::move(context)),
        timer_(std::make_shared<asio::steady_timer>(executor, asio::steady_timer::time_point::max())) {
    context_->lock_queue.push_back(timer_);
  }
  ~FifoLock() {
    std::erase(context_->lock_queue, timer_);
    if (!context_->lock_queue.empty()) context_->lock_queue.front()->cancel();
  }
  FifoLock(const FifoLock&) = delete;
  FifoLock& operator=(const FifoLock&) = delete;

  // Throws if the coroutine is cancelled because the connection has ended.
  asio::awaitable<void> AcquireAsync() {
    ws::Error cancelled;
    while (context_->lock_queue.front() != timer_) {
      co_await timer_->async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    }
  }

 private:
  const ContextPtr context_;
  const std::shared_ptr<asio::steady_timer> timer_;
};

asio::awaitable<ws::Json> Run(std::function<ws::Json()> work) {
  co_return work();
}

// Runs to completion once started. The empty slot keeps out the callback's cancellation, which must not be emitted
// from another executor (asio#1332).
asio::awaitable<ws::Json> RunOnDisk(ContextPtr context, std::function<ws::Json()> work) {
  auto uncancelled = asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable);
  auto run = Run(std::move(work));
  co_return co_await asio::co_spawn(context->disk, std::move(run), std::move(uncancelled));
}

// Waits for room in the write queue, so that no answer is lost.
asio::awaitable<void> Send(ws::Handler socket, std::string event, ws::Json response) {
  const ws::Error error = co_await socket.EmitAsync(event, response);
  if (!error || error == ws::Errc::Closed) co_return;
  const ws::Json fallback = {{"error", "The answer could not be sent: " + error.message() + "."}};
  co_await socket.EmitAsync(event, fallback);
}

asio::awaitable<void> HandleEvent(ContextPtr context, const FileEvent& event, ws::Handler socket,
                                  const ws::Json& data) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  FifoLock lock(context, executor);
  co_await lock.AcquireAsync();
  std::function<ws::Json()> work = [context, &event, data] { return Respond(event, *context, data); };
  ws::Json response = co_await RunOnDisk(context, std::move(work));
  co_await Send(socket, std::string(event.name) + "Response", std::move(response));
}

ws::Json ListRoot(FileContext& context) {
  const auto entries = context.workspace.List("");
  ws::Json response =
      entries ? ws::Json{{"rootContents", ToJson(*entries)}} : ws::Json{{"message", entries.Error().message}};
  if (context.mode == Mode::ReadOnly) response["readOnly"] = true;
  return response;
}

asio::awaitable<void> HandleConnection(ContextPtr context, ws::Handler socket) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  FifoLock lock(context, executor);
  co_await lock.AcquireAsync();
  std::function<ws::Json()> work = [context] { return ListRoot(*context); };
  ws::Json response = co_await RunOnDisk(context, std::move(work));
  const char* const event = response.contains("message") ? "error" : "Loaded";
  co_await Send(socket, event, std::move(response));
}

using ListReply = ws::Result;

ws::Json ListFiles(const Workspace& workspace) {
  FileList list = workspace.ListFiles();
  return {{"paths", std::move(list.paths)}, {"truncated", list.truncated}};
}

// Takes no FifoLock, because it changes nothing. Only one listing may run, because its reply is large.
asio::awaitable<ListReply> HandleListFiles(ContextPtr context) {
  if (std::exchange(context->is_listing, true)) co_return ws::Failure{"busy", "The files are already being listed."};
  const std::shared_ptr<void> listing(nullptr, [context](void*) { context->is_listing = false; });
  std::function<ws::Json()> work = [context] { return ListFiles(context->workspace); };
  ws::Json files = co_await RunOnDisk(context, std::move(work));
  co_return files;
}

}  // namespace

// The events are concurrent, so that a slow copy does not hold up terminal input.
void ServeFiles(ws::Handler socket, Workspace& workspace, asio::any_io_executor disk, Mode mode) {
  const auto context = std::make_shared<FileContext>(workspace, std::move(disk), mode);
  const auto on = [&socket](const char* event, auto callback) {
    socket.On(event, std::move(callback), ws::Order::Concurrent);
  };
  on("Connection", [context](ws::Handler& socket) { return HandleConnection(context, socket); });
  on("listFiles", [context] { return HandleListFiles(context); });
  for (const FileEvent& event : FileEvents()) {
    on(event.name, [context, &event](ws::Handler& socket, const ws::Json& data) {
      return HandleEvent(context, event, socket, data);
    });
  }
}

}  // namespace repl
