#include "file_watcher.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include "content_hash.hpp"
#include "support/catch.hpp"
#include "watcher_fixture.hpp"
#include "workspace_fixture.hpp"

namespace fs = std::filesystem;
using repl::ContentHash;
using repl::test::WatcherFixture;
using repl::test::WorkspaceFixture;

TEST_CASE("a file that is written, deleted and created again is reported with its hash") {
  WatcherFixture w;
  WorkspaceFixture::Put(w.root / "folder/file", "one");
  REQUIRE(w.Watch(w.listener, {"/folder/file"}));
  WorkspaceFixture::Put(w.root / "folder/file", "two");
  CHECK(w.WaitForReport("/folder/file", ContentHash("two")));
  fs::remove(w.root / "folder/file");
  CHECK(w.WaitForReport("/folder/file", "deleted"));
  WorkspaceFixture::Put(w.root / "folder/file", "three");
  CHECK(w.WaitForReport("/folder/file", ContentHash("three")));
}

TEST_CASE("a file that is replaced by a rename is reported each time, also if Patch replaces it") {
  WatcherFixture w;
  WorkspaceFixture::Put(w.root / "file", "0");
  REQUIRE(w.Watch(w.listener, {"file"}));
  for (const std::string content : {"1", "2", "3"}) {
    WorkspaceFixture::Put(w.root / "draft", content);
    fs::rename(w.root / "draft", w.root / "file");
    CHECK(w.WaitForReport("file", ContentHash(content)));
  }
  const auto saved = w.workspace.Patch("file", "@@ -1 +1,2 @@\n 3\n+!\n");
  REQUIRE(saved);
  CHECK(w.WaitForReport("file", *saved));
}

TEST_CASE("a folder is reported if an entry is added or removed, not if an entry is written") {
  WatcherFixture w;
  WorkspaceFixture::Put(w.root / "folder/file", "");
  WorkspaceFixture::Put(w.root / "sentinel", "");
  REQUIRE(w.Watch(w.listener, {"folder", "sentinel"}));
  WorkspaceFixture::Put(w.root / "folder/file", "written");
  CHECK(w.WaitForPending());
  CHECK(w.listener->Count("folder") == 0);
  WorkspaceFixture::Put(w.root / "folder/new", "");
  CHECK(w.WaitForReport("folder", "folder"));
  w.listener->changes.clear();
  fs::rename(w.root / "folder/new", w.root / "folder/other");
  CHECK(w.WaitForReport("folder", "folder"));
  w.listener->changes.clear();
  fs::remove(w.root / "folder/other");
  CHECK(w.WaitForReport("folder", "folder"));
}

TEST_CASE("the root can be watched as a folder") {
  WatcherFixture w;
  REQUIRE(w.Watch(w.listener, {"", "/"}));
  WorkspaceFixture::Put(w.root / "file", "");
  CHECK(w.WaitForReport("", "folder"));
  CHECK(w.WaitForReport("/", "folder"));
}

TEST_CASE("folders that are deleted, moved and created again are still watched") {
  WatcherFixture w;
  REQUIRE(w.Watch(w.listener, {"a/b/file", "a/b"}));
  for (const std::string content : {"1", "2", "3"}) {
    WorkspaceFixture::Put(w.root / "a/b/file", content);
    CHECK(w.WaitForReport("a/b/file", ContentHash(content)));
    CHECK(w.WaitForReport("a/b", "folder"));
    WorkspaceFixture::Put(w.root / "a/b/file", content + "!");  // in the folder that was just created
    CHECK(w.WaitForReport("a/b/file", ContentHash(content + "!")));
    fs::remove_all(w.root / "a");
    CHECK(w.WaitForReport("a/b/file", "deleted"));
    CHECK(w.WaitForReport("a/b", "deleted"));
  }
  WorkspaceFixture::Put(w.root / "elsewhere/b/file", "moved");
  fs::rename(w.root / "elsewhere", w.root / "a");
  CHECK(w.WaitForReport("a/b/file", ContentHash("moved")));
  WorkspaceFixture::Put(w.root / "a/b/file", "written");
  CHECK(w.WaitForReport("a/b/file", ContentHash("written")));
  fs::rename(w.root / "a", w.root / "elsewhere");
  CHECK(w.WaitForReport("a/b/file", "deleted"));
}

TEST_CASE("a burst of changes is reported once") {
  WatcherFixture w;
  WorkspaceFixture::Put(w.root / "sentinel", "");
  REQUIRE(w.Watch(w.listener, {"file", "sentinel", ""}));
  for (int i = 0; i < 500; ++i) WorkspaceFixture::Put(w.root / "file", std::to_string(i));
  CHECK(w.WaitForPending());
  CHECK(w.listener->Last("file") == ContentHash("499"));
  CHECK(w.listener->Count("file") == 1);
  CHECK(w.listener->Count("") == 1);
}

TEST_CASE("every watched path is reported if the kernel's queue overflows") {
  WatcherFixture w;
  std::size_t queue = 0;
  std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> queue;
  if (queue > 100'000) {
    WARN("the queue is too long here to be filled");
    return;
  }
  WorkspaceFixture::Put(w.root / "kept/file", "same");
  REQUIRE(w.Watch(w.listener, {"kept/file", "kept", "gone", ""}));
  const std::string name = w.root / "noise";
  for (std::size_t i = 0; i <= queue / 2; ++i) {
    ::close(::open(name.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    ::unlink(name.c_str());
  }
  CHECK(w.WaitForReport("kept/file", ContentHash("same")));
  CHECK(w.WaitForReport("kept", "folder"));
  CHECK(w.WaitForReport("gone", "deleted"));
  w.listener->changes.clear();
  WorkspaceFixture::Put(w.root / "kept/file", "other");
  CHECK(w.WaitForReport("kept/file", ContentHash("other")));
}

TEST_CASE("nothing outside is watched, even if links lead there") {
  for (const auto resolver : {repl::WorkspaceRoot::Resolver::Best, repl::WorkspaceRoot::Resolver::Walk}) {
    WatcherFixture w(resolver);
    WorkspaceFixture::Put(w.root / "real/secret", "public");
    WorkspaceFixture::Put(w.root / "sentinel", "");
    fs::create_symlink("../secret", w.root / "file");
    fs::create_symlink(w.top, w.root / "folder");
    REQUIRE(w.Watch(w.listener, {"file", "folder", "folder/secret", "real/secret", "sentinel"}));
    fs::rename(w.root / "real", w.root / "was");
    fs::rename(w.root / "folder", w.root / "real");
    CHECK(w.WaitForReport("real/secret", "deleted"));
    CHECK(w.WaitForPending());
    w.listener->changes.clear();
    WorkspaceFixture::Put(w.top / "secret", "changed");
    WorkspaceFixture::Put(w.top / "new", "");
    CHECK(w.WaitForPending());
    CHECK(w.listener->changes.size() == 1);
  }
}

TEST_CASE("a link inside the workspace is followed to its current target") {
  WatcherFixture w;
  WorkspaceFixture::Put(w.root / "first/file", "1");
  WorkspaceFixture::Put(w.root / "second/file", "2");
  fs::create_directory_symlink("first", w.root / "current");
  fs::create_symlink("first/file", w.root / "link");
  REQUIRE(w.Watch(w.listener, {"current/file", "link"}));
  WorkspaceFixture::Put(w.root / "first/file", "11");
  CHECK(w.WaitForReport("current/file", ContentHash("11")));
  CHECK(w.WaitForReport("link", ContentHash("11")));
  fs::create_directory_symlink("second", w.root / "draft");
  fs::rename(w.root / "draft", w.root / "current");
  CHECK(w.WaitForReport("current/file", ContentHash("2")));
  WorkspaceFixture::Put(w.root / "second/file", "22");
  CHECK(w.WaitForReport("current/file", ContentHash("22")));
}

TEST_CASE("the current status of files and missing paths is reported when they are first watched") {
  WatcherFixture w;
  WorkspaceFixture::Put(w.root / "sentinel", "");
  WorkspaceFixture::Put(w.root / "file", "one");
  fs::create_directory(w.root / "folder");
  REQUIRE(w.watcher->Watch(w.listener, {"/file", "folder", "gone"}));
  CHECK(w.WaitForReport("gone", "deleted"));
  CHECK(w.listener->Last("/file") == ContentHash("one"));
  REQUIRE(w.watcher->Watch(w.listener, {"/file", "folder", "gone", "sentinel"}));
  CHECK(w.WaitForReport("sentinel", ContentHash("")));
  CHECK(w.listener->changes.size() == 3);
}
