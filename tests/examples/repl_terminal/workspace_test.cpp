#include "workspace.hpp"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "workspace_fixture.hpp"

namespace {

namespace fs = std::filesystem;
using repl::Outcome;
using repl::test::HasMessage;
using repl::test::WorkspaceFixture;
using Resolver = repl::WorkspaceRoot::Resolver;

const std::string insertion = "@@ -1,4 +1,5 @@\n olde\n+r\n";

}  // namespace

TEST_CASE("a listing has folders first and is sorted by name") {
  WorkspaceFixture f;
  CHECK(f.workspace.List("")->empty());
  WorkspaceFixture::Put(f.root / "b.txt", "12345");
  WorkspaceFixture::Put(f.root / "Z.txt", "");
  fs::create_directories(f.root / "zoo/inner");
  fs::create_directory(f.root / "ape");
  fs::create_symlink("zoo", f.root / "to-zoo");
  fs::create_symlink("/etc", f.root / "to-etc");
  std::string names;
  const auto entries = f.workspace.List("/");
  REQUIRE(entries);
  for (const repl::Entry& entry : *entries) names += (entry.is_folder ? "/" : "") + entry.name + " ";
  CHECK(names == "/ape /to-zoo /zoo Z.txt b.txt to-etc ");
  CHECK((*entries)[4].size == 5);
  CHECK((*entries)[4].modified > 1'600'000'000'000);
  CHECK(f.workspace.List("./zoo/../zoo/")->size() == 1);
  CHECK(f.workspace.List("zoo/inner")->empty());
  CHECK(HasMessage(f.workspace.List("b.txt"), "“b.txt” is not a folder."));
  CHECK(HasMessage(f.workspace.List("nope"), "“nope” does not exist."));
}

TEST_CASE("a new file can be read, changed, renamed, copied, moved and deleted") {
  WorkspaceFixture f;
  CHECK(f.workspace.CreateFile("/new/deep/file"));
  CHECK(f.workspace.CreateFolder("other/folder"));
  CHECK(*f.workspace.Read("new/deep/file") == "");
  CHECK(f.workspace.Patch("new/deep/file", "@@ -0,0 +1,5 @@\n+olden\n"));
  CHECK(f.workspace.Rename("new/deep/file", "/new/deep/name"));
  CHECK(f.workspace.Copy("new", "a/b/copied"));
  CHECK(f.workspace.Move("/new/deep/name", "c/d/moved"));
  CHECK(WorkspaceFixture::Get(f.root / "a/b/copied/deep/name") == "olden");
  CHECK(WorkspaceFixture::Get(f.root / "c/d/moved") == "olden");
  CHECK(f.workspace.List("new/deep")->empty());
  CHECK(f.workspace.Delete("a"));
  CHECK(f.workspace.Delete("a"));
  CHECK(f.workspace.Delete("not/even/its/folder"));
  CHECK_FALSE(fs::exists(f.root / "a"));
}

TEST_CASE("links inside the workspace are followed by Read, but copied and deleted as links") {
  WorkspaceFixture f;
  WorkspaceFixture::Put(f.root / "folder/file", "olden");
  fs::create_symlink("folder/file", f.root / "inner");
  fs::create_symlink("../../secret", f.root / "folder/outer");
  CHECK(*f.workspace.Read("inner") == "olden");
  CHECK(HasMessage(f.workspace.Patch("inner", insertion), "is a link"));
  CHECK(f.workspace.Copy("folder", "copied"));
  CHECK(fs::read_symlink(f.root / "copied/outer") == "../../secret");
  CHECK(HasMessage(f.workspace.Read("copied/outer"), "leads out"));
  CHECK(f.workspace.Delete("copied"));
  CHECK(WorkspaceFixture::Get(f.top / "secret") == "secret");
}

TEST_CASE("the root cannot be created, deleted, renamed, copied or replaced") {
  WorkspaceFixture f;
  WorkspaceFixture::Put(f.root / "file", "olden");
  for (const std::string path : {"", "/", ".", "./", "x/.."}) {
    CHECK_FALSE(f.workspace.Delete(path));
    CHECK_FALSE(f.workspace.CreateFile(path));
    CHECK_FALSE(f.workspace.CreateFolder(path));
    CHECK_FALSE(f.workspace.Rename(path, "new"));
    CHECK_FALSE(f.workspace.Rename("file", path));
    CHECK_FALSE(f.workspace.Copy(path, "new"));
    CHECK_FALSE(f.workspace.Move("file", path));
    CHECK_FALSE(f.workspace.Patch(path, insertion));
  }
  CHECK(WorkspaceFixture::Get(f.root / "file") == "olden");
}

TEST_CASE("existing files are not overwritten") {
  WorkspaceFixture f;
  WorkspaceFixture::Put(f.root / "one", "1");
  WorkspaceFixture::Put(f.root / "two", "2");
  fs::create_directory(f.root / "folder");
  for (const std::string target : {"two", "folder", "one"}) {
    CHECK(HasMessage(f.workspace.Rename("one", target), "already exists"));
    CHECK_FALSE(f.workspace.Copy("one", target));
    CHECK_FALSE(f.workspace.Move("one", target));
    CHECK(HasMessage(f.workspace.CreateFile(target), "already exists"));
    CHECK(HasMessage(f.workspace.CreateFolder(target), "already exists"));
  }
  CHECK(HasMessage(f.workspace.Rename("nope", "new"), "“nope” does not exist"));
  CHECK(HasMessage(f.workspace.Rename("one", "nope/new"), "does not exist"));
  CHECK(WorkspaceFixture::Get(f.root / "one") == "1");
  CHECK(WorkspaceFixture::Get(f.root / "two") == "2");
  CHECK(f.EntriesInRoot() == 3);
}

TEST_CASE("a folder is not copied or moved into itself, for every spelling of the path") {
  WorkspaceFixture f;
  WorkspaceFixture::Put(f.root / "folder/inner/file", "olden");
  fs::create_symlink("folder/inner", f.root / "alias");
  for (const std::string target : {"folder/new", "folder/inner/new", "/folder/../folder/new", "alias/new", "folder"}) {
    INFO(target);
    CHECK(HasMessage(f.workspace.Copy("folder", target), "into itself"));
    CHECK_FALSE(f.workspace.Move("folder", target));
  }
  CHECK(f.workspace.List("folder")->size() == 1);
  CHECK(f.workspace.List("folder/inner")->size() == 1);
}

TEST_CASE("a file that is not a regular text file is refused with the reason") {
  WorkspaceFixture f;
  REQUIRE(::mkfifo((f.root / "fifo").c_str(), 0600) == 0);
  WorkspaceFixture::Put(f.root / "binary", std::string("a\0b", 3));
  WorkspaceFixture::Put(f.root / "latin1", "caf\xE9");
  WorkspaceFixture::Put(f.root / "sparse", "");
  fs::resize_file(f.root / "sparse", 10ull << 30);
  fs::create_directory(f.root / "folder");
  CHECK(HasMessage(f.workspace.Read("fifo"), "“fifo” is not a regular file"));
  CHECK(HasMessage(f.workspace.Read("binary"), "binary file (3 bytes)"));
  CHECK(HasMessage(f.workspace.Read("latin1"), "binary file"));
  CHECK(HasMessage(f.workspace.Read("sparse"), "too large to open here: 10 GiB, and the limit is 4 MiB"));
  CHECK(HasMessage(f.workspace.Read("folder"), "is a folder"));
  CHECK(HasMessage(f.workspace.Read("binary/x"), "is not a folder"));
  CHECK(HasMessage(f.workspace.Copy("fifo", "copy"), "not a regular file"));
  CHECK(HasMessage(f.workspace.Copy("sparse", "copy"), "too much"));
  for (const std::string path : {"fifo", "binary", "sparse", "folder"}) CHECK_FALSE(f.workspace.Patch(path, insertion));
  CHECK(f.EntriesInRoot() == 5);
  if (::mknod((f.root / "device").c_str(), S_IFCHR | 0600, makedev(1, 5)) == 0) {
    CHECK_FALSE(f.workspace.Read("device"));
  }
}

TEST_CASE("a save keeps the mode, and a patch that does not fit changes nothing") {
  WorkspaceFixture f;
  WorkspaceFixture::Put(f.root / "script", "olden");
  fs::permissions(f.root / "script", fs::perms(0751));
  CHECK(f.workspace.Patch("script", "@@ -1,5 +1,6 @@\n olde\n+r\n n\n"));
  CHECK(WorkspaceFixture::Get(f.root / "script") == "oldern");
  CHECK(fs::status(f.root / "script").permissions() == fs::perms(0751));
  CHECK(HasMessage(f.workspace.Patch("script", "@@ -1,5 +1,6 @@\n else\n+r\n n\n"),
                   "has changed where this edit applies"));
  CHECK(HasMessage(f.workspace.Patch("script", "rubbish"), "not valid diff-match-patch"));
  CHECK(WorkspaceFixture::Get(f.root / "script") == "oldern");
  CHECK(f.EntriesInRoot() == 1);
}

TEST_CASE("a write that fails leaves the old file intact and no temporary file") {
  WorkspaceFixture f;
  const std::string old(8000, 'a');
  WorkspaceFixture::Put(f.root / "file", old);
  const rlimit no_limit{RLIM_INFINITY, RLIM_INFINITY}, small{4096, RLIM_INFINITY};
  ::signal(SIGXFSZ, SIG_IGN);
  ::setrlimit(RLIMIT_FSIZE, &small);
  const auto saved = f.workspace.Patch("file", "@@ -1,4 +1,5 @@\n+x\n aaaa\n");
  const Outcome<> copied = f.workspace.Copy("file", "copy");
  ::setrlimit(RLIMIT_FSIZE, &no_limit);
  CHECK(HasMessage(saved, "“file” would be larger than the system allows"));
  CHECK_FALSE(copied);
  CHECK(WorkspaceFixture::Get(f.root / "file") == old);
  CHECK(f.EntriesInRoot() == 1);
  CHECK(f.workspace.Patch("file", "@@ -1,4 +1,5 @@\n+x\n aaaa\n"));
}

TEST_CASE("concurrent saves are all applied, and a reader never sees an incomplete one") {
  WorkspaceFixture f;
  const std::string tail = std::string(100'000, '.') + "\nend\n";
  WorkspaceFixture::Put(f.root / "file", "000:end0\n111:end1\n222:end2\n333:end3\n" + tail);
  std::atomic<int> running = 4;
  std::vector<std::thread> savers;
  for (const std::string digit : {"0", "1", "2", "3"}) {
    savers.emplace_back([&, word = digit + digit + digit + ":", digit] {
      const std::string patch = "@@ -10,8 +10,12 @@\n " + word + "\n+" + word + "\n end" + digit + "\n";
      for (int i = 0; i < 20; ++i) (void)f.workspace.Patch("file", patch);
      --running;
    });
  }
  bool always_whole = true;
  while (running > 0) {
    const auto content = f.workspace.Read("file");
    always_whole = always_whole && content && content->ends_with(tail);
  }
  for (std::thread& saver : savers) saver.join();
  CHECK(always_whole);
  CHECK(f.workspace.Read("file")->size() == 4 * (9 + 20 * 4) + tail.size());
  CHECK(f.EntriesInRoot() == 1);
}

TEST_CASE("size, number and depth are bounded") {
  WorkspaceFixture f(
      Resolver::Best,
      {.max_file_bytes = 10, .max_list_entries = 5, .max_tree_entries = 5, .max_tree_depth = 3, .max_copy_bytes = 20});
  WorkspaceFixture::Put(f.root / "ten", std::string(10, 'x'));
  WorkspaceFixture::Put(f.root / "eleven", std::string(11, 'x'));
  CHECK(f.workspace.Read("ten"));
  CHECK(HasMessage(f.workspace.Read("eleven"), "too large"));
  CHECK(HasMessage(f.workspace.Patch("ten", "@@ -1,4 +1,5 @@\n+x\n xxxx\n"), "too large"));
  for (int i = 0; i < 6; ++i) WorkspaceFixture::Put(f.root / "many" / std::to_string(i), "");
  CHECK_FALSE(f.workspace.List("many"));
  CHECK_FALSE(f.workspace.Copy("many", "copy"));
  WorkspaceFixture::Put(f.root / "deep/2/3/4", "");
  CHECK_FALSE(f.workspace.Copy("deep", "copy"));
  CHECK_FALSE(f.workspace.Delete("deep"));
  WorkspaceFixture::Put(f.root / "large/1", std::string(11, 'x'));
  WorkspaceFixture::Put(f.root / "large/2", std::string(11, 'x'));
  CHECK_FALSE(f.workspace.Copy("large", "copy"));
  CHECK(HasMessage(f.workspace.CreateFile(std::string(256, 'n')), "too long"));
  CHECK(HasMessage(f.workspace.Read(std::string(5000, '/')), "too long"));
  CHECK_FALSE(fs::exists(f.root / "copy"));
  CHECK(f.EntriesInRoot() == 5);
}
