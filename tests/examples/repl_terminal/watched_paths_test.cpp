// The sets of watched paths of several listeners, and the inotify watches that they use.
#include <fcntl.h>

#include <filesystem>
#include <memory>
#include <string>

#include "content_hash.hpp"
#include "file_watcher.hpp"
#include "support/catch.hpp"
#include "watcher_fixture.hpp"
#include "workspace_fixture.hpp"

using repl::ContentHash;
using repl::FileWatcher;
using repl::test::HasMessage;
using repl::test::Listener;
using repl::test::Paths;
using repl::test::WatcherFixture;
using repl::test::WorkspaceFixture;

namespace {

namespace fs = std::filesystem;

// Returns the kernel's information about this process's inotify instances.
std::string InotifyInfo() {
  std::string info;
  for (const auto& fd : fs::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    if (fs::read_symlink(fd, gone).string().find("inotify") == std::string::npos) continue;
    info += WorkspaceFixture::Get("/proc/self/fdinfo/" + fd.path().filename().string());
  }
  return info;
}

}  // namespace

TEST_CASE("each listener has its own set of paths, and a new set replaces the old one") {
  WatcherFixture w;
  const auto other = std::make_shared<Listener>();
  for (const std::string name : {"one", "two", "sentinel"}) WorkspaceFixture::Put(w.root / name, "");
  REQUIRE(w.Watch(w.listener, {"one", "sentinel"}));
  REQUIRE(w.Watch(other, {"two", "one"}));
  REQUIRE(w.Watch(other, {"two"}));
  WorkspaceFixture::Put(w.root / "one", "1");
  WorkspaceFixture::Put(w.root / "two", "2");
  CHECK(w.WaitForPending());
  CHECK(w.listener->Last("one") == ContentHash("1"));
  CHECK(w.listener->Count("two") == 0);
  CHECK(w.RunUntil([&] { return other->Last("two") == ContentHash("2"); }));
  CHECK(other->Count("one") == 0);
  w.watcher->Unwatch(other);
  other->changes.clear();
  WorkspaceFixture::Put(w.root / "two", "22");
  CHECK(w.WaitForPending());
  CHECK(w.WaitForPending());  // the batch that would contain "two" is complete
  CHECK(other->changes.empty());
}

TEST_CASE("a set of paths that is refused leaves the old set in place") {
  WatcherFixture w;
  WorkspaceFixture::Put(w.root / "sentinel", "");
  REQUIRE(w.Watch(w.listener, {"sentinel"}));
  CHECK(HasMessage(w.watcher->Watch(w.listener, {"new", "../secret"}), "leads out"));
  CHECK(HasMessage(w.watcher->Watch(w.listener, Paths(FileWatcher::max_paths + 1, "x")), "Too many paths"));
  std::string deep;
  for (std::size_t i = 0; i <= FileWatcher::max_depth; ++i) deep += "x/";
  CHECK(HasMessage(w.watcher->Watch(w.listener, {deep}), "too deeply"));
  w.listener->changes.clear();
  WorkspaceFixture::Put(w.root / "new", "");
  CHECK(w.WaitForPending());
  CHECK(w.listener->Count("new") == 0);
}

TEST_CASE("a listener without paths leaves no watch and no work, and may watch again") {
  WatcherFixture w;
  WorkspaceFixture::Put(w.root / "a/b/file", "");
  for (const std::string content : {"1", "2", "3"}) {
    REQUIRE(w.Watch(w.listener, {"a/b/file", "a", "a/b"}));
    CHECK(InotifyInfo().find("inotify wd:") != std::string::npos);
    WorkspaceFixture::Put(w.root / "a/b/file", content);
    CHECK(w.WaitForReport("a/b/file", ContentHash(content)));
    w.watcher->Unwatch(w.listener);
    w.context.restart();
    w.context.run();
    CHECK(InotifyInfo().find("inotify wd:") == std::string::npos);
  }
  const std::string info = InotifyInfo();
  CHECK(std::stoul(info.substr(info.find("flags:") + 6), nullptr, 8) & O_CLOEXEC);
}

TEST_CASE("all paths of many listeners are watched by one inotify instance") {
  WatcherFixture w;
  const auto second = std::make_shared<Listener>();
  Paths paths;
  for (std::size_t i = 0; i < FileWatcher::max_paths; ++i) paths.push_back("deep/folder/" + std::to_string(i));
  WorkspaceFixture::Put(w.root / "deep/folder/255", "");
  REQUIRE(w.Watch(w.listener, paths));
  REQUIRE(w.Watch(second, paths));
  const std::string info = InotifyInfo();
  std::size_t watches = 0;
  for (std::size_t at = info.find("inotify wd:"); at != info.npos; at = info.find("inotify wd:", at + 1)) ++watches;
  CHECK(watches == 4);  // ".", "deep", "deep/folder", and the file
  WorkspaceFixture::Put(w.root / "deep/folder/0", "0");
  CHECK(w.WaitForReport("deep/folder/0", ContentHash("0")));
  CHECK(w.RunUntil([&] { return second->Last("deep/folder/0") == ContentHash("0"); }));
}

TEST_CASE("a listener that changes its paths often gets one report for each current path") {
  WatcherFixture w;
  for (int round = 0; round < 100; ++round) {
    REQUIRE(w.watcher->Watch(w.listener, {"never"}));
    REQUIRE(w.watcher->Watch(w.listener, {"now", "sentinel"}));
  }
  CHECK(w.WaitForPending());
  CHECK(w.listener->Count("never") == 0);
  CHECK(w.listener->Count("now") == 1);
}
