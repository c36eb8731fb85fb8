#include "file_watcher.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include "content_hash.hpp"
#include "support/catch.hpp"
#include "watched_fixture.hpp"
#include "workspace_fixture.hpp"

namespace fs = std::filesystem;
using repl::ContentHash;
using repl::test::Fixture;
using repl::test::Watched;

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
