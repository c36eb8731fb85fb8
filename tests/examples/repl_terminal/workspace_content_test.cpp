// The hash of a file's content, and the reasons why a file cannot be read or saved.
#include <fcntl.h>
#include <sys/fsuid.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <string>

#include "content_hash.hpp"
#include "file_content.hpp"
#include "support/catch.hpp"
#include "unique_fd.hpp"
#include "workspace_fixture.hpp"

namespace {

namespace fs = std::filesystem;
using repl::ContentHash;
using repl::FileStatus;
using repl::Problem;
using repl::test::HasMessage;
using repl::test::WorkspaceFixture;

const std::string change = "@@ -1,5 +1,6 @@\n olde\n+r\n n\n";

// Drops this thread's file permissions for its lifetime, also if the tests run as root.
class WithoutPermissions final {
 public:
  WithoutPermissions() : own_(::setfsuid(::geteuid() == 0 ? 65534 : ::geteuid())) {}
  ~WithoutPermissions() { ::setfsuid(static_cast<uid_t>(own_)); }
  WithoutPermissions(const WithoutPermissions&) = delete;
  WithoutPermissions& operator=(const WithoutPermissions&) = delete;

 private:
  int own_;
};

// A file system of 64 KiB, if the tests may mount one.
class SmallDisk final {
 public:
  explicit SmallDisk(fs::path at) : at_(std::move(at)) {
    fs::create_directories(at_);
    is_mounted_ = ::mount("tmpfs", at_.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "size=64k") == 0;
  }
  ~SmallDisk() {
    if (is_mounted_) ::umount2(at_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  explicit operator bool() const { return is_mounted_; }

 private:
  fs::path at_;
  bool is_mounted_ = false;
};

template <class Value>
Problem::Kind KindOf(const repl::Outcome<Value>& outcome) {
  REQUIRE_FALSE(outcome);
  return outcome.Error().kind;
}

}  // namespace

TEST_CASE("the hash of a content is FNV-1a with 64 bits") {
  CHECK(ContentHash("") == "cbf29ce484222325");
  CHECK(ContentHash("a") == "af63dc4c8601ec8c");
  CHECK(ContentHash("foobar") == "85944171f73967e8");
  CHECK(ContentHash(std::string("\0\xff", 2)) != ContentHash("\xff"));
}

TEST_CASE("a save returns the hash of the new content") {
  WorkspaceFixture f;
  WorkspaceFixture::Put(f.root / "file", "olden");
  const auto saved = f.workspace.Patch("file", change);
  REQUIRE(saved);
  CHECK(*saved == ContentHash("oldern"));
  CHECK(*f.workspace.Patch("file", "") == *saved);
  CHECK(f.workspace.Stat("file").hash == *saved);
}

TEST_CASE("a save with a base hash is refused if the file has changed, even if the patch would fit") {
  WorkspaceFixture f;
  WorkspaceFixture::Put(f.root / "file", "olden");
  const std::string base = ContentHash("olden");
  REQUIRE(f.workspace.Patch("file", change, base));
  WorkspaceFixture::Put(f.root / "file", "olden\n");
  const auto saved = f.workspace.Patch("file", "@@ -1,4 +1,5 @@\n+x\n olde\n", base);
  CHECK(KindOf(saved) == Problem::Kind::Conflict);
  CHECK(HasMessage(saved, "“file” has changed since it was opened, so nothing was saved."));
  CHECK(KindOf(f.workspace.Patch("file", "", base)) == Problem::Kind::Conflict);
  CHECK(KindOf(f.workspace.Patch("file", "@@ -1,4 +1,5 @@\n+x\n else\n")) == Problem::Kind::Conflict);
  CHECK(KindOf(f.workspace.Patch("file", "rubbish")) == Problem::Kind::Other);
  CHECK(KindOf(f.workspace.Patch("gone", change, base)) == Problem::Kind::Other);
  CHECK(WorkspaceFixture::Get(f.root / "file") == "olden\n");
  CHECK(f.workspace.Patch("file", "@@ -1,4 +1,5 @@\n+x\n olde\n", ContentHash("olden\n")));
}

TEST_CASE("a file that changes during a save is not overwritten") {
  WorkspaceFixture f;
  WorkspaceFixture::Put(f.root / "file", "olden");
  const auto& root = f.workspace.Root();
  struct stat old {};
  REQUIRE(::fstatat(root.Get(), "file", &old, 0) == 0);
  const auto replace = [&] { return repl::ReplaceContent(root.Get(), "file", "“file”", old, "mine"); };
  WorkspaceFixture::Put(f.root / "other", "their");
  fs::rename(f.root / "other", f.root / "file");
  CHECK(KindOf(replace()) == Problem::Kind::Conflict);
  CHECK(WorkspaceFixture::Get(f.root / "file") == "their");
  fs::remove(f.root / "file");
  CHECK(KindOf(replace()) == Problem::Kind::Conflict);
  CHECK(f.EntriesInRoot() == 0);
}

TEST_CASE("a binary or too large file is a problem of its own kind, with the size") {
  WorkspaceFixture f;
  WorkspaceFixture::Put(f.root / "binary", std::string("a\0b", 3));
  WorkspaceFixture::Put(f.root / "sparse", "");
  fs::resize_file(f.root / "sparse", 10ull << 30);
  const auto binary = f.workspace.Read("binary"), sparse = f.workspace.Read("sparse");
  CHECK(KindOf(binary) == Problem::Kind::Binary);
  CHECK(binary.Error().size == 3);
  CHECK(KindOf(sparse) == Problem::Kind::TooLarge);
  CHECK(sparse.Error().size == 10ull << 30);
  CHECK(f.workspace.Stat("binary").hash == ContentHash(std::string("a\0b", 3)));
  CHECK(f.workspace.Stat("sparse").hash.empty());
}

TEST_CASE("Stat returns the kind and the hash, and nothing about files outside") {
  WorkspaceFixture f;
  WorkspaceFixture::Put(f.root / "folder/file", "olden");
  fs::create_symlink("../secret", f.root / "out");
  fs::create_symlink("folder/file", f.root / "in");
  CHECK(f.workspace.Stat("").kind == FileStatus::Kind::Folder);
  CHECK(f.workspace.Stat("/folder/").kind == FileStatus::Kind::Folder);
  CHECK(f.workspace.Stat("folder/file").hash == ContentHash("olden"));
  CHECK(f.workspace.Stat("in").hash == ContentHash("olden"));
  for (const std::string path : {"out", "../secret", "gone", "gone/gone", "folder/file/x"}) {
    INFO(path);
    CHECK(f.workspace.Stat(path).kind == FileStatus::Kind::Missing);
  }
}

TEST_CASE("a file that is not a regular file is not even opened") {
  WorkspaceFixture f;
  const fs::path fifo = f.root / "fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  const repl::UniqueFd watch(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  REQUIRE(::inotify_add_watch(watch.Get(), fifo.c_str(), IN_OPEN) >= 0);
  CHECK_FALSE(f.workspace.Read("fifo"));
  CHECK_FALSE(f.workspace.Patch("fifo", change));
  CHECK_FALSE(f.workspace.Copy("fifo", "copy"));
  CHECK(f.workspace.Stat("fifo").kind == FileStatus::Kind::File);
  std::array<char, 4096> events;
  CHECK(::read(watch.Get(), events.data(), events.size()) < 0);
}

TEST_CASE("a missing permission is reported for files and folders") {
  WorkspaceFixture f;
  for (const std::string name : {"hidden", "fixed", "frozen/file", "locked/file"})
    WorkspaceFixture::Put(f.root / name, "olden");
  fs::permissions(f.root, fs::perms(0777));
  fs::permissions(f.root / "hidden", fs::perms(0));
  fs::permissions(f.root / "fixed", fs::perms(0444));
  fs::permissions(f.root / "frozen/file", fs::perms(0666));
  fs::permissions(f.root / "frozen", fs::perms(0555));
  fs::permissions(f.root / "locked", fs::perms(0));
  {
    const WithoutPermissions without_permissions;
    CHECK(HasMessage(f.workspace.Read("hidden"), "“hidden” may not be read: permission denied."));
    CHECK(f.workspace.Stat("hidden").hash.empty());
    CHECK(f.workspace.Read("fixed"));
    CHECK(HasMessage(f.workspace.Patch("fixed", change), "“fixed” may not be changed: permission denied."));
    CHECK(HasMessage(f.workspace.Patch("frozen/file", change), "The folder of “frozen/file” is not writable"));
    for (const auto& outcome : {f.workspace.CreateFile("frozen/new"), f.workspace.CreateFolder("frozen/new"),
                                f.workspace.Delete("frozen/file"), f.workspace.Rename("frozen/file", "frozen/new"),
                                f.workspace.Copy("fixed", "frozen/new"), f.workspace.Delete("frozen")}) {
      CHECK(HasMessage(outcome, "permission denied"));
    }
    CHECK(HasMessage(f.workspace.List("locked"), "permission denied"));
    CHECK(HasMessage(f.workspace.Read("locked/file"), "permission denied"));
  }
  for (const std::string name : {"frozen", "locked", "hidden"}) fs::permissions(f.root / name, fs::perms(0755));
  for (const std::string name : {"hidden", "fixed", "frozen/file", "locked/file"}) {
    CHECK(WorkspaceFixture::Get(f.root / name) == "olden");
  }
  CHECK(std::distance(fs::directory_iterator(f.root / "frozen"), {}) == 1);
}

TEST_CASE("a full disk is reported, and the old file stays intact") {
  WorkspaceFixture f;
  const SmallDisk disk(f.root / "disk");
  if (!disk) {
    WARN("no file system may be mounted here");
    return;
  }
  const std::string old(20'000, 'a');
  WorkspaceFixture::Put(f.root / "disk/file", old);
  WorkspaceFixture::Put(f.root / "disk/filler", std::string(60'000, '.'));
  const std::string patch = "@@ -1,4 +1,5 @@\n+x\n aaaa\n";
  CHECK(HasMessage(f.workspace.Patch("disk/file", patch), "The disk is full; “disk/file” was not written."));
  CHECK(HasMessage(f.workspace.Copy("disk/file", "disk/copy"), "The disk is full"));
  CHECK(WorkspaceFixture::Get(f.root / "disk/file") == old);
  CHECK(std::distance(fs::directory_iterator(f.root / "disk"), {}) == 2);
  REQUIRE(f.workspace.Delete("disk/filler"));
  CHECK(f.workspace.Patch("disk/file", patch, ContentHash(old)));
  CHECK(WorkspaceFixture::Get(f.root / "disk/file") == "x" + old);
}
