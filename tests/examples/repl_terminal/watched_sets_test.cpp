// Who watches which paths of a workspace, and what that costs.
#include <fcntl.h>

#include <filesystem>
#include <memory>
#include <string>

#include "content_hash.hpp"
#include "file_watcher.hpp"
#include "support/catch.hpp"
#include "watched_fixture.hpp"
#include "workspace_fixture.hpp"

using repl::ContentHash;
using repl::FileWatcher;
using repl::test::Fixture;
using repl::test::Listener;
using repl::test::Paths;
using repl::test::Says;
using repl::test::Watched;

namespace {

namespace fs = std::filesystem;

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
