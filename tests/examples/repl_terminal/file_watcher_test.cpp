#include "file_watcher.hpp"

#include <fcntl.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>

#include "content_hash.hpp"
#include "support/catch.hpp"
#include "support/patience.hpp"
#include "workspace_fixture.hpp"

namespace {

namespace fs = std::filesystem;
using repl::ContentHash;
using repl::FileChange;
using repl::FileWatcher;
using repl::Glance;
using repl::test::Fixture;
using repl::test::Says;
using Paths = std::vector<std::string>;

// Remembers what it was told.
struct Listener final : repl::ChangeListener {
  void Changed(const FileChange& change) override { told.push_back(change); }

  std::size_t Count(const std::string& path) const {
    return static_cast<std::size_t>(
        std::count_if(told.begin(), told.end(), [&](const FileChange& one) { return one.path == path; }));
  }
  // The last that was told of a path: a kind, or a hash.
  std::string Last(const std::string& path) const {
    const auto found =
        std::find_if(told.rbegin(), told.rend(), [&](const FileChange& one) { return one.path == path; });
    if (found == told.rend()) return "";
    if (found->now.kind == Glance::Kind::File) return found->now.hash;
    return found->now.kind == Glance::Kind::Folder ? "folder" : "deleted";
  }

  std::vector<FileChange> told;
};

// A workspace and its watcher, all on this thread.
struct Watched : Fixture {
  using Fixture::Fixture;

  bool Watch(const std::shared_ptr<Listener>& who, const Paths& paths) {
    const auto watching = watcher->Watch(who, paths);
    context.restart();
    context.poll();
    who->told.clear();  // what is told for a start has a test of its own
    return static_cast<bool>(watching);
  }
  // Runs the watcher until this is so; false where it never is.
  bool Until(const std::function<bool()>& is_so) {
    const auto deadline = std::chrono::steady_clock::now() + ws::test::patience;
    while (!is_so() && std::chrono::steady_clock::now() < deadline) {
      context.restart();
      context.run_one_for(std::chrono::seconds(1));
    }
    return is_so();
  }
  bool UntilTold(const std::string& path, const std::string& what) {
    return Until([&] { return listener->Last(path) == what; });
  }
  // All that has happened before is told when this returns true. "sentinel" must be watched.
  bool Settles() {
    const std::string content = std::to_string(++turn);
    Put(root / "sentinel", content);
    return UntilTold("sentinel", ContentHash(content));
  }

  boost::asio::io_context context;
  std::shared_ptr<FileWatcher> watcher = std::make_shared<FileWatcher>(context.get_executor(), workspace);
  std::shared_ptr<Listener> listener = std::make_shared<Listener>();
  int turn = 0;
};

// What the kernel tells of this process's inotify instances.
std::string InotifyInfo() {
  std::string info;
  for (const auto& fd : fs::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    if (fs::read_symlink(fd, gone).string().find("inotify") == std::string::npos) continue;
    info += Fixture::Get("/proc/self/fdinfo/" + fd.path().filename().string());
  }
  return info;
}

}  // namespace

TEST_CASE("a file that is written, deleted and made again is told, with its hash") {
  Watched w;
  Fixture::Put(w.root / "folder/file", "one");
  REQUIRE(w.Watch(w.listener, {"/folder/file"}));
  Fixture::Put(w.root / "folder/file", "two");
  CHECK(w.UntilTold("/folder/file", ContentHash("two")));
  fs::remove(w.root / "folder/file");
  CHECK(w.UntilTold("/folder/file", "deleted"));
  Fixture::Put(w.root / "folder/file", "three");
  CHECK(w.UntilTold("/folder/file", ContentHash("three")));
}

TEST_CASE("a file that is saved by a rename is told each time, also where Patch saves it") {
  Watched w;
  Fixture::Put(w.root / "file", "0");
  REQUIRE(w.Watch(w.listener, {"file"}));
  for (const std::string content : {"1", "2", "3"}) {
    Fixture::Put(w.root / "draft", content);
    fs::rename(w.root / "draft", w.root / "file");
    CHECK(w.UntilTold("file", ContentHash(content)));
  }
  const auto saved = w.workspace.Patch("file", "@@ -1 +1,2 @@\n 3\n+!\n");
  REQUIRE(saved);
  CHECK(w.UntilTold("file", *saved));
}

TEST_CASE("a folder is told when what it holds comes or goes, not when that is written") {
  Watched w;
  Fixture::Put(w.root / "folder/file", "");
  Fixture::Put(w.root / "sentinel", "");
  REQUIRE(w.Watch(w.listener, {"folder", "sentinel"}));
  Fixture::Put(w.root / "folder/file", "written");
  CHECK(w.Settles());
  CHECK(w.listener->Count("folder") == 0);
  Fixture::Put(w.root / "folder/new", "");
  CHECK(w.UntilTold("folder", "folder"));
  w.listener->told.clear();
  fs::rename(w.root / "folder/new", w.root / "folder/other");
  CHECK(w.UntilTold("folder", "folder"));
  w.listener->told.clear();
  fs::remove(w.root / "folder/other");
  CHECK(w.UntilTold("folder", "folder"));
}

TEST_CASE("the root is a folder too") {
  Watched w;
  REQUIRE(w.Watch(w.listener, {"", "/"}));
  Fixture::Put(w.root / "file", "");
  CHECK(w.UntilTold("", "folder"));
  CHECK(w.UntilTold("/", "folder"));
}

TEST_CASE("folders that are deleted, moved and made again go on being watched") {
  Watched w;
  REQUIRE(w.Watch(w.listener, {"a/b/file", "a/b"}));
  for (const std::string content : {"1", "2", "3"}) {
    Fixture::Put(w.root / "a/b/file", content);
    CHECK(w.UntilTold("a/b/file", ContentHash(content)));
    CHECK(w.UntilTold("a/b", "folder"));
    Fixture::Put(w.root / "a/b/file", content + "!");  // in a folder that was not there before
    CHECK(w.UntilTold("a/b/file", ContentHash(content + "!")));
    fs::remove_all(w.root / "a");
    CHECK(w.UntilTold("a/b/file", "deleted"));
    CHECK(w.UntilTold("a/b", "deleted"));
  }
  Fixture::Put(w.root / "elsewhere/b/file", "moved");
  fs::rename(w.root / "elsewhere", w.root / "a");
  CHECK(w.UntilTold("a/b/file", ContentHash("moved")));
  Fixture::Put(w.root / "a/b/file", "written");
  CHECK(w.UntilTold("a/b/file", ContentHash("written")));
  fs::rename(w.root / "a", w.root / "elsewhere");
  CHECK(w.UntilTold("a/b/file", "deleted"));
}

TEST_CASE("what happens in a burst is told once") {
  Watched w;
  Fixture::Put(w.root / "sentinel", "");
  REQUIRE(w.Watch(w.listener, {"file", "sentinel", ""}));
  for (int i = 0; i < 500; ++i) Fixture::Put(w.root / "file", std::to_string(i));
  CHECK(w.Settles());
  CHECK(w.listener->Last("file") == ContentHash("499"));
  CHECK(w.listener->Count("file") == 1);
  CHECK(w.listener->Count("") == 1);
}

TEST_CASE("more than the kernel's queue holds is told as if all had changed") {
  Watched w;
  std::size_t queue = 0;
  std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> queue;
  if (queue > 100'000) {
    WARN("the queue is too long here to be filled");
    return;
  }
  Fixture::Put(w.root / "kept/file", "same");
  REQUIRE(w.Watch(w.listener, {"kept/file", "kept", "gone", ""}));
  const std::string name = w.root / "noise";
  for (std::size_t i = 0; i <= queue / 2; ++i) {
    ::close(::open(name.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    ::unlink(name.c_str());
  }
  CHECK(w.UntilTold("kept/file", ContentHash("same")));
  CHECK(w.UntilTold("kept", "folder"));
  CHECK(w.UntilTold("gone", "deleted"));
  w.listener->told.clear();
  Fixture::Put(w.root / "kept/file", "other");
  CHECK(w.UntilTold("kept/file", ContentHash("other")));
}

TEST_CASE("nothing outside is watched, whatever links lead there") {
  for (const auto resolver : {repl::WorkspaceRoot::Resolver::Best, repl::WorkspaceRoot::Resolver::Walk}) {
    Watched w(resolver);
    Fixture::Put(w.root / "real/secret", "public");
    Fixture::Put(w.root / "sentinel", "");
    fs::create_symlink("../secret", w.root / "file");
    fs::create_symlink(w.top, w.root / "folder");
    REQUIRE(w.Watch(w.listener, {"file", "folder", "folder/secret", "real/secret", "sentinel"}));
    fs::rename(w.root / "real", w.root / "was");
    fs::rename(w.root / "folder", w.root / "real");
    CHECK(w.UntilTold("real/secret", "deleted"));
    CHECK(w.Settles());
    w.listener->told.clear();
    Fixture::Put(w.top / "secret", "changed");
    Fixture::Put(w.top / "new", "");
    CHECK(w.Settles());
    CHECK(w.listener->told.size() == 1);
  }
}

TEST_CASE("a link inside is followed, to where it leads now") {
  Watched w;
  Fixture::Put(w.root / "first/file", "1");
  Fixture::Put(w.root / "second/file", "2");
  fs::create_directory_symlink("first", w.root / "current");
  fs::create_symlink("first/file", w.root / "link");
  REQUIRE(w.Watch(w.listener, {"current/file", "link"}));
  Fixture::Put(w.root / "first/file", "11");
  CHECK(w.UntilTold("current/file", ContentHash("11")));
  CHECK(w.UntilTold("link", ContentHash("11")));
  fs::create_directory_symlink("second", w.root / "draft");
  fs::rename(w.root / "draft", w.root / "current");
  CHECK(w.UntilTold("current/file", ContentHash("2")));
  Fixture::Put(w.root / "second/file", "22");
  CHECK(w.UntilTold("current/file", ContentHash("22")));
}

TEST_CASE("files, and what is not there, are told as they are when they are first watched") {
  Watched w;
  Fixture::Put(w.root / "sentinel", "");
  Fixture::Put(w.root / "file", "one");
  fs::create_directory(w.root / "folder");
  REQUIRE(w.watcher->Watch(w.listener, {"/file", "folder", "gone"}));
  CHECK(w.UntilTold("gone", "deleted"));
  CHECK(w.listener->Last("/file") == ContentHash("one"));
  REQUIRE(w.watcher->Watch(w.listener, {"/file", "folder", "gone", "sentinel"}));
  CHECK(w.UntilTold("sentinel", ContentHash("")));
  CHECK(w.listener->told.size() == 3);
}

TEST_CASE("each listener has a set of its own, which the next one replaces") {
  Watched w;
  const auto other = std::make_shared<Listener>();
  for (const std::string name : {"one", "two", "sentinel"}) Fixture::Put(w.root / name, "");
  REQUIRE(w.Watch(w.listener, {"one", "sentinel"}));
  REQUIRE(w.Watch(other, {"two", "one"}));
  REQUIRE(w.Watch(other, {"two"}));
  Fixture::Put(w.root / "one", "1");
  Fixture::Put(w.root / "two", "2");
  CHECK(w.Settles());
  CHECK(w.listener->Last("one") == ContentHash("1"));
  CHECK(w.listener->Count("two") == 0);
  CHECK(w.Until([&] { return other->Last("two") == ContentHash("2"); }));
  CHECK(other->Count("one") == 0);
  w.watcher->Leave(other);
  other->told.clear();
  Fixture::Put(w.root / "two", "22");
  CHECK(w.Settles());
  CHECK(w.Settles());  // the turn in which "two" would be told is over
  CHECK(other->told.empty());
}

TEST_CASE("a set that is refused leaves the one before it") {
  Watched w;
  Fixture::Put(w.root / "sentinel", "");
  REQUIRE(w.Watch(w.listener, {"sentinel"}));
  CHECK(Says(w.watcher->Watch(w.listener, {"new", "../secret"}), "leads out"));
  CHECK(Says(w.watcher->Watch(w.listener, Paths(FileWatcher::max_paths + 1, "x")), "more than can be watched"));
  std::string deep;
  for (std::size_t i = 0; i <= FileWatcher::max_depth; ++i) deep += "x/";
  CHECK(Says(w.watcher->Watch(w.listener, {deep}), "too deep"));
  w.listener->told.clear();
  Fixture::Put(w.root / "new", "");
  CHECK(w.Settles());
  CHECK(w.listener->Count("new") == 0);
}

TEST_CASE("who watches nothing any more leaves no watch and no work behind, and may watch again") {
  Watched w;
  Fixture::Put(w.root / "a/b/file", "");
  for (const std::string content : {"1", "2", "3"}) {
    REQUIRE(w.Watch(w.listener, {"a/b/file", "a", "a/b"}));
    CHECK(InotifyInfo().find("inotify wd:") != std::string::npos);
    Fixture::Put(w.root / "a/b/file", content);
    CHECK(w.UntilTold("a/b/file", ContentHash(content)));
    w.watcher->Leave(w.listener);
    w.context.restart();
    w.context.run();
    CHECK(InotifyInfo().find("inotify wd:") == std::string::npos);
  }
  const std::string info = InotifyInfo();
  CHECK(std::stoul(info.substr(info.find("flags:") + 6), nullptr, 8) & O_CLOEXEC);
}

TEST_CASE("all paths of many listeners are watched by one inotify instance") {
  Watched w;
  const auto second = std::make_shared<Listener>();
  Paths paths;
  for (std::size_t i = 0; i < FileWatcher::max_paths; ++i) paths.push_back("deep/folder/" + std::to_string(i));
  Fixture::Put(w.root / "deep/folder/255", "");
  REQUIRE(w.Watch(w.listener, paths));
  REQUIRE(w.Watch(second, paths));
  const std::string info = InotifyInfo();
  std::size_t watches = 0;
  for (std::size_t at = info.find("inotify wd:"); at != info.npos; at = info.find("inotify wd:", at + 1)) ++watches;
  CHECK(watches == 4);  // ".", "deep", "deep/folder", and the file
  Fixture::Put(w.root / "deep/folder/0", "0");
  CHECK(w.UntilTold("deep/folder/0", ContentHash("0")));
  CHECK(w.Until([&] { return second->Last("deep/folder/0") == ContentHash("0"); }));
}

TEST_CASE("who watches other files again and again is told of what he watches now, once") {
  Watched w;
  for (int round = 0; round < 100; ++round) {
    REQUIRE(w.watcher->Watch(w.listener, {"never"}));
    REQUIRE(w.watcher->Watch(w.listener, {"now", "sentinel"}));
  }
  CHECK(w.Settles());
  CHECK(w.listener->Count("never") == 0);
  CHECK(w.listener->Count("now") == 1);
}
