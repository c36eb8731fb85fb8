#include "file_events.hpp"

#include <boost/asio/post.hpp>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>
#include <utility>

#include "content_hash.hpp"
#include "service_fixture.hpp"
#include "support/catch.hpp"

namespace {

namespace fs = std::filesystem;
using repl::ContentHash;
using repl::test::Client;
using repl::test::Service;
using ws::Json;

}  // namespace

TEST_CASE("Connection is answered with the root's contents, folders first") {
  Service service;
  Client client(service.server.Port());
  client.Emit("Connection");
  const Json loaded = client.Next("Loaded");
  std::string names;
  for (const Json& entry : loaded.at("rootContents")) {
    names += entry.at("name").get<std::string>() + (entry.at("isDir").get<bool>() ? "/ " : " ");
  }
  CHECK(names == "empty/ folder/ file.txt ");
  CHECK_FALSE(loaded.contains("readOnly"));
}

TEST_CASE("a read-only server reports it in Loaded") {
  Service service({}, repl::Mode::ReadOnly);
  Client client(service.server.Port());
  client.Emit("Connection");
  CHECK(client.Next("Loaded").at("readOnly") == true);
}

TEST_CASE("every file event is answered by its response event, with the paths as they were sent") {
  Service service;
  Client client(service.server.Port());
  CHECK(client.Ask("fetchDir", {{"Dir", "/empty"}}) == Json{{"contents", Json::array()}, {"path", "/empty"}});
  CHECK(client.Ask("fetchDir", {{"dir", "empty"}}).at("path") == "empty");
  CHECK(client.Ask("fetchContent", {{"path", "/file.txt"}}) ==
        Json{{"content", "hello"}, {"path", "/file.txt"}, {"hash", ContentHash("hello")}});
  CHECK(client.Ask("updateContent", {{"path", "file.txt"}, {"patch", "@@ -1,5 +1,6 @@\n hello\n+!\n"}}).at("success") ==
        true);
  CHECK(client.Ask("createFile", {{"path", "/new/deep/file"}}) == Json{{"success", true}, {"path", "/new/deep/file"}});
  CHECK(client.Ask("createFolder", {{"path", "other"}}).at("success") == true);
  CHECK(client.Ask("rename", {{"oldPath", "file.txt"}, {"newPath", "/renamed"}}) ==
        Json{{"success", true}, {"oldPath", "file.txt"}, {"newPath", "/renamed"}});
  CHECK(client.Ask("copy", {{"sourcePath", "renamed"}, {"targetPath", "made/copy"}}).at("success") == true);
  CHECK(client.Ask("cut", {{"sourcePath", "renamed"}}).at("success") == true);
  CHECK(client.Ask("paste", {{"targetPath", "pasted"}}) == Json{{"success", true}, {"targetPath", "pasted"}});
  CHECK(client.Ask("delete", {{"path", "new"}}) == Json{{"success", true}, {"path", "new"}});
  CHECK(client.Ask("fetchContent", {{"path", "pasted"}}).at("content") == "hello!");
  CHECK(client.Ask("fetchContent", {{"path", "made/copy"}}).at("content") == "hello!");
}

TEST_CASE("invalid data and refused operations are always answered with an error") {
  Service service;
  Client client(service.server.Port());
  for (const Json& data :
       {Json(), Json(1), Json::array(), Json{{"path", 7}}, Json{{"path", "../x"}}, Json{{"path", ""}}}) {
    for (const std::string event : {"fetchContent", "updateContent", "createFile", "createFolder", "delete"}) {
      INFO(event << data);
      CHECK(client.Ask(event, data).contains("error"));
    }
  }
  for (const std::string event : {"fetchDir", "rename", "copy", "cut", "paste"})
    CHECK(client.Ask(event, {}).contains("error"));
  CHECK(fs::exists(service.root));
}

TEST_CASE("a file of the maximum size is sent completely, and can be saved with one patch") {
  Service service;
  Client client(service.server.Port());
  const std::string content = client.Ask("fetchContent", {{"path", "folder/large.txt"}}).at("content");
  CHECK(content == std::string(std::size_t{4} << 20, '"'));
  std::string quotes;
  for (std::size_t i = 0; i < content.size() - 1; ++i) quotes += "%22";
  const std::string patch = "@@ -1," + std::to_string(content.size()) + " +1 @@\n-" + quotes + "\n %22\n";
  CHECK(client.Ask("updateContent", {{"path", "folder/large.txt"}, {"patch", patch}}).contains("success"));
  CHECK(fs::file_size(service.root / "folder/large.txt") == 1);
}

TEST_CASE("each connection has its own clipboard") {
  Service service;
  Client first(service.server.Port()), second(service.server.Port());
  CHECK(first.Ask("cut", {{"sourcePath", "file.txt"}}).contains("success"));
  CHECK(second.Ask("paste", {{"targetPath", "stolen"}}).contains("error"));
  CHECK(first.Ask("paste", {{"targetPath", "moved"}}).contains("success"));
}

TEST_CASE("content is sent with its hash, and a save with another base hash is a conflict") {
  Service service;
  Client client(service.server.Port());
  const std::string patch = "@@ -1,5 +1,6 @@\n hello\n+!\n", hash = ContentHash("hello");
  const Json update = {{"path", "/file.txt"}, {"patch", patch}, {"hash", hash}};
  CHECK(client.Ask("updateContent", update) ==
        Json{{"success", true}, {"path", "/file.txt"}, {"hash", ContentHash("hello!")}});
  const Json again = client.Ask("updateContent", update);
  CHECK(again.at("conflict") == true);
  CHECK(again.at("path") == "/file.txt");
  CHECK(again.contains("error"));
  CHECK(client.Ask("updateContent", {{"path", "file.txt"}, {"patch", patch}, {"hash", 1}}).contains("error"));
  CHECK(client.Ask("updateContent", {{"path", "file.txt"}, {"patch", "@@ -1,4 +1,5 @@\n+x\n nono\n"}}).at("conflict") ==
        true);
  CHECK(client.Ask("fetchContent", {{"path", "file.txt"}}).at("content") == "hello!");
  CHECK(client.Ask("updateContent", {{"path", "file.txt"}, {"patch", ""}, {"hash", nullptr}}).contains("success"));
}

TEST_CASE("a binary or too large file is reported as an error event with its size") {
  Service service;
  Client client(service.server.Port());
  std::ofstream(service.root / "binary") << '\0';
  std::ofstream(service.root / "sparse");
  fs::resize_file(service.root / "sparse", 10ull << 30);
  const Json binary = client.Ask("fetchContent", {{"path", "binary"}});
  CHECK(binary == Json{{"path", "binary"}, {"error", binary.at("error")}, {"binary", true}, {"size", 1}});
  const Json sparse = client.Ask("fetchContent", {{"path", "sparse"}});
  CHECK(sparse == Json{{"path", "sparse"}, {"error", sparse.at("error")}, {"tooLarge", true}, {"size", 10737418240}});
}

TEST_CASE("names with escape sequences or HTML pass through unchanged") {
  Service service;
  Client client(service.server.Port());
  for (const std::string name :
       {"\x1b]52;c;YWJj\a\x1b[6n", "<img src=x onerror=alert(1)>", "\"';&amp;\n\t\\", "\u202egpj.exe"}) {
    INFO(name);
    CHECK(client.Ask("createFile", {{"path", "named/" + name}}).at("path") == "named/" + name);
    CHECK(fs::exists(service.root / "named" / name));
    const Json listed = client.Ask("fetchDir", {{"Dir", "named"}}).at("contents");
    CHECK(listed.size() == 1);
    CHECK(listed[0].at("name") == name);
    CHECK(client.Ask("fetchContent", {{"path", "named/" + name}}).at("content") == "");
    CHECK(client.Request("listFiles").at("data").at("paths")[2] == "named/" + name);
    CHECK(client.Ask("delete", {{"path", "named/" + name}}).contains("success"));
  }
}

TEST_CASE("listFiles replies with all files") {
  Service service;
  Client client(service.server.Port());
  CHECK(client.Request("listFiles").at("data") ==
        Json{{"paths", {"file.txt", "folder/large.txt"}}, {"truncated", false}});
}

TEST_CASE("a file event that is a request gets an empty reply and its response event") {
  Service service;
  Client client(service.server.Port());
  const Json reply = client.Request("fetchContent", {{"path", "file.txt"}});
  CHECK_FALSE(reply.contains("error"));
  CHECK(reply.value("data", Json()).is_null());
}

TEST_CASE("a connection is notified of every change in its watched paths") {
  Service service;
  Client client(service.server.Port()), other(service.server.Port());
  client.Emit("watch", {{"paths", {"/file.txt", "folder", "gone"}}});
  CHECK(client.Next("changed") == Json{{"path", "/file.txt"}, {"kind", "file"}, {"hash", ContentHash("hello")}});
  CHECK(client.Next("changed") == Json{{"path", "gone"}, {"kind", "deleted"}});

  const Json saved = other.Ask("updateContent", {{"path", "file.txt"}, {"patch", "@@ -1,5 +1,6 @@\n hello\n+!\n"}});
  CHECK(client.Next("changed") == Json{{"path", "/file.txt"}, {"kind", "file"}, {"hash", saved.at("hash")}});
  CHECK(other.Ask("createFile", {{"path", "folder/new"}}).contains("success"));
  CHECK(client.Next("changed") == Json{{"path", "folder"}, {"kind", "folder"}});
  fs::remove(service.root / "file.txt");
  CHECK(client.Next("changed") == Json{{"path", "/file.txt"}, {"kind", "deleted"}});

  CHECK_FALSE(client.Request("watch", {{"paths", {"folder"}}}).contains("error"));
  std::ofstream(service.root / "file.txt") << "again";
  CHECK(other.Ask("delete", {{"path", "folder/new"}}).contains("success"));
  CHECK(client.Next("changed") == Json{{"path", "folder"}, {"kind", "folder"}});
}

TEST_CASE("invalid watch requests are refused") {
  Service service;
  Client client(service.server.Port());
  for (const Json& data : {Json(), Json(1), Json{{"paths", 1}}, Json{{"paths", {1}}}, Json{{"paths", {"../x"}}},
                           Json{{"paths", std::vector<std::string>(257, "x")}}}) {
    INFO(data);
    CHECK(client.Ask("watch", data).contains("error"));
    CHECK(client.Request("watch", data).contains("error"));
  }
}

namespace {

// Blocks both threads of the disk pool until Resume.
class BlockedDisk {
 public:
  explicit BlockedDisk(Service& service) {
    for (int thread = 0; thread < 2; ++thread)
      boost::asio::post(service.disk, [resumed = resumed_] { resumed.wait(); });
  }
  ~BlockedDisk() { Resume(); }
  BlockedDisk(const BlockedDisk&) = delete;
  BlockedDisk& operator=(const BlockedDisk&) = delete;

  void Resume() {
    if (!std::exchange(is_resumed_, true)) promise_.set_value();
  }

 private:
  std::promise<void> promise_;
  std::shared_future<void> resumed_ = promise_.get_future().share();
  bool is_resumed_ = false;
};

}  // namespace

TEST_CASE("a blocked disk does not block a shell, and file events run one at a time") {
  Service service;
  Client client(service.server.Port());
  const std::string session = client.OpenTerminal();
  BlockedDisk disk(service);
  client.Emit("createFile", {{"path", "first"}});
  client.Emit("rename", {{"oldPath", "first"}, {"newPath", "second"}});
  const std::string patch = "@@ -1,5 +1,2000005 @@\n hello\n+" + std::string(2'000'000, 'x') + "\n";
  client.Emit("updateContent", {{"path", "file.txt"}, {"patch", patch}});
  client.Type(session, "echo typed:$((1+1))\n");
  client.OutputUntil("typed:2");
  CHECK_FALSE(fs::exists(service.root / "first"));
  disk.Resume();
  CHECK(client.Next("createFileResponse").at("success") == true);
  CHECK(client.Next("renameResponse").at("success") == true);
  CHECK(client.Next("updateContentResponse").at("success") == true);
}

TEST_CASE("every file event is answered, even if the answers exceed the write queue") {
  Service service;
  Client client(service.server.Port());
  constexpr int requests = 6;  // of 8 MiB each; the queue holds 32 MiB
  for (int count = 0; count < requests; ++count) client.Emit("fetchContent", {{"path", "folder/large.txt"}});
  for (int count = 0; count < requests; ++count) CHECK(client.Next("fetchContentResponse").contains("content"));
}

TEST_CASE("only one listFiles request runs at a time") {
  Service service;
  Client client(service.server.Port());
  BlockedDisk disk(service);
  constexpr int requests = 20;
  for (int count = 0; count < requests; ++count) client.Send({{"event", "listFiles"}, {"id", count}});
  for (int count = 1; count < requests; ++count) CHECK(client.Next("$ack", "error").at("code") == "busy");
  disk.Resume();
  CHECK(client.Next("$ack").contains("paths"));
}

TEST_CASE("file events that have not started when the connection ends are dropped") {
  Service service;
  BlockedDisk disk(service);
  {
    Client client(service.server.Port());
    for (const char* name : {"one", "two", "three"}) client.Emit("createFile", {{"path", name}});
    client.Request("ping");
  }
  while (service.server.Hub().Size() != 0) std::this_thread::yield();
  disk.Resume();
  service.server.Stop();
  CHECK_FALSE(fs::exists(service.root / "three"));
}
