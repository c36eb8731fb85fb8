// What a file's content is told by: its hash, and why it cannot be had or saved.
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
using repl::Glance;
using repl::Problem;
using repl::test::Fixture;
using repl::test::Says;

const std::string change = "@@ -1,5 +1,6 @@\n olde\n+r\n n\n";

// As long as it lives this thread has nobody's rights to files, also where the tests run as root.
class AsNobody final {
 public:
  AsNobody() : own_(::setfsuid(::geteuid() == 0 ? 65534 : ::geteuid())) {}
  ~AsNobody() { ::setfsuid(static_cast<uid_t>(own_)); }
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;

 private:
  int own_;
};

// A disk of 64 KiB, where the tests may mount one.
class SmallDisk final {
 public:
  explicit SmallDisk(fs::path at) : at_(std::move(at)) {
    fs::create_directories(at_);
    is_there_ = ::mount("tmpfs", at_.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "size=64k") == 0;
  }
  ~SmallDisk() {
    if (is_there_) ::umount2(at_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  explicit operator bool() const { return is_there_; }

 private:
  fs::path at_;
  bool is_there_ = false;
};

template <class Value>
Problem::Kind KindOf(const repl::Outcome<Value>& outcome) {
  REQUIRE_FALSE(outcome);
  return outcome.Why().kind;
}

}  // namespace

TEST_CASE("the hash of a content is FNV-1a with 64 bits") {
  CHECK(ContentHash("") == "cbf29ce484222325");
  CHECK(ContentHash("a") == "af63dc4c8601ec8c");
  CHECK(ContentHash("foobar") == "85944171f73967e8");
  CHECK(ContentHash(std::string("\0\xff", 2)) != ContentHash("\xff"));
}

TEST_CASE("a save tells the hash of what is then on the disk") {
  Fixture f;
  Fixture::Put(f.root / "file", "olden");
  const auto saved = f.workspace.Patch("file", change);
  REQUIRE(saved);
  CHECK(*saved == ContentHash("oldern"));
  CHECK(*f.workspace.Patch("file", "") == *saved);
  CHECK(f.workspace.Look("file").hash == *saved);
}

TEST_CASE("a save that names its base is refused where the file is another, though the patch would fit") {
  Fixture f;
  Fixture::Put(f.root / "file", "olden");
  const std::string base = ContentHash("olden");
  REQUIRE(f.workspace.Patch("file", change, base));
  Fixture::Put(f.root / "file", "olden\n");
  const auto saved = f.workspace.Patch("file", "@@ -1,4 +1,5 @@\n+x\n olde\n", base);
  CHECK(KindOf(saved) == Problem::Kind::Conflict);
  CHECK(Says(saved, "“file” has changed since it was opened, so nothing was saved."));
  CHECK(KindOf(f.workspace.Patch("file", "", base)) == Problem::Kind::Conflict);
  CHECK(KindOf(f.workspace.Patch("file", "@@ -1,4 +1,5 @@\n+x\n else\n")) == Problem::Kind::Conflict);
  CHECK(KindOf(f.workspace.Patch("file", "rubbish")) == Problem::Kind::Other);
  CHECK(KindOf(f.workspace.Patch("gone", change, base)) == Problem::Kind::Other);
  CHECK(Fixture::Get(f.root / "file") == "olden\n");
  CHECK(f.workspace.Patch("file", "@@ -1,4 +1,5 @@\n+x\n olde\n", ContentHash("olden\n")));
}

TEST_CASE("a file that somebody else changed while its new content was written is left to them") {
  Fixture f;
  Fixture::Put(f.root / "file", "olden");
  const auto& root = f.workspace.Root();
  struct stat old {};
  REQUIRE(::fstatat(root.Get(), "file", &old, 0) == 0);
  const auto replace = [&] { return repl::ReplaceContent(root.Get(), "file", "“file”", old, "mine"); };
  Fixture::Put(f.root / "other", "their");
  fs::rename(f.root / "other", f.root / "file");
  CHECK(KindOf(replace()) == Problem::Kind::Conflict);
  CHECK(Fixture::Get(f.root / "file") == "their");
  fs::remove(f.root / "file");
  CHECK(KindOf(replace()) == Problem::Kind::Conflict);
  CHECK(f.EntriesInRoot() == 0);
}

TEST_CASE("what is binary or too large is told apart, with its size") {
  Fixture f;
  Fixture::Put(f.root / "binary", std::string("a\0b", 3));
  Fixture::Put(f.root / "sparse", "");
  fs::resize_file(f.root / "sparse", 10ull << 30);
  const auto binary = f.workspace.Read("binary"), sparse = f.workspace.Read("sparse");
  CHECK(KindOf(binary) == Problem::Kind::Binary);
  CHECK(binary.Why().size == 3);
  CHECK(KindOf(sparse) == Problem::Kind::TooLarge);
  CHECK(sparse.Why().size == 10ull << 30);
  CHECK(f.workspace.Look("binary").hash == ContentHash(std::string("a\0b", 3)));
  CHECK(f.workspace.Look("sparse").hash.empty());
}

TEST_CASE("a glance tells what there is, and sees nothing outside") {
  Fixture f;
  Fixture::Put(f.root / "folder/file", "olden");
  fs::create_symlink("../secret", f.root / "out");
  fs::create_symlink("folder/file", f.root / "in");
  CHECK(f.workspace.Look("").kind == Glance::Kind::Folder);
  CHECK(f.workspace.Look("/folder/").kind == Glance::Kind::Folder);
  CHECK(f.workspace.Look("folder/file").hash == ContentHash("olden"));
  CHECK(f.workspace.Look("in").hash == ContentHash("olden"));
  for (const std::string path : {"out", "../secret", "gone", "gone/gone", "folder/file/x"}) {
    INFO(path);
    CHECK(f.workspace.Look(path).kind == Glance::Kind::Nothing);
  }
}

TEST_CASE("what is no ordinary file is not even opened, since its other end would notice") {
  Fixture f;
  const fs::path fifo = f.root / "fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  const repl::UniqueFd watch(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  REQUIRE(::inotify_add_watch(watch.Get(), fifo.c_str(), IN_OPEN) >= 0);
  CHECK_FALSE(f.workspace.Read("fifo"));
  CHECK_FALSE(f.workspace.Patch("fifo", change));
  CHECK_FALSE(f.workspace.Copy("fifo", "copy"));
  CHECK(f.workspace.Look("fifo").kind == Glance::Kind::File);
  std::array<char, 4096> events;
  CHECK(::read(watch.Get(), events.data(), events.size()) < 0);
}

TEST_CASE("files and folders without permission are refused in words") {
  Fixture f;
  for (const std::string name : {"hidden", "fixed", "frozen/file", "locked/file"}) Fixture::Put(f.root / name, "olden");
  fs::permissions(f.root, fs::perms(0777));
  fs::permissions(f.root / "hidden", fs::perms(0));
  fs::permissions(f.root / "fixed", fs::perms(0444));
  fs::permissions(f.root / "frozen/file", fs::perms(0666));
  fs::permissions(f.root / "frozen", fs::perms(0555));
  fs::permissions(f.root / "locked", fs::perms(0));
  {
    const AsNobody nobody;
    CHECK(Says(f.workspace.Read("hidden"), "“hidden” may not be read: permission denied."));
    CHECK(f.workspace.Look("hidden").hash.empty());
    CHECK(f.workspace.Read("fixed"));
    CHECK(Says(f.workspace.Patch("fixed", change), "“fixed” may not be changed: permission denied."));
    CHECK(Says(f.workspace.Patch("frozen/file", change), "The folder of “frozen/file” may not be written to"));
    for (const auto& outcome : {f.workspace.CreateFile("frozen/new"), f.workspace.CreateFolder("frozen/new"),
                                f.workspace.Delete("frozen/file"), f.workspace.Rename("frozen/file", "frozen/new"),
                                f.workspace.Copy("fixed", "frozen/new"), f.workspace.Delete("frozen")}) {
      CHECK(Says(outcome, "permission denied"));
    }
    CHECK(Says(f.workspace.List("locked"), "permission denied"));
    CHECK(Says(f.workspace.Read("locked/file"), "permission denied"));
  }
  for (const std::string name : {"frozen", "locked", "hidden"}) fs::permissions(f.root / name, fs::perms(0755));
  for (const std::string name : {"hidden", "fixed", "frozen/file", "locked/file"}) {
    CHECK(Fixture::Get(f.root / name) == "olden");
  }
  CHECK(std::distance(fs::directory_iterator(f.root / "frozen"), {}) == 1);
}

TEST_CASE("a full disk is said so, and leaves the old file whole") {
  Fixture f;
  const SmallDisk disk(f.root / "disk");
  if (!disk) {
    WARN("no file system may be mounted here");
    return;
  }
  const std::string old(20'000, 'a');
  Fixture::Put(f.root / "disk/file", old);
  Fixture::Put(f.root / "disk/filler", std::string(60'000, '.'));
  const std::string patch = "@@ -1,4 +1,5 @@\n+x\n aaaa\n";
  CHECK(Says(f.workspace.Patch("disk/file", patch), "The disk is full; “disk/file” was not written."));
  CHECK(Says(f.workspace.Copy("disk/file", "disk/copy"), "The disk is full"));
  CHECK(Fixture::Get(f.root / "disk/file") == old);
  CHECK(std::distance(fs::directory_iterator(f.root / "disk"), {}) == 2);
  REQUIRE(f.workspace.Delete("disk/filler"));
  CHECK(f.workspace.Patch("disk/file", patch, ContentHash(old)));
  CHECK(Fixture::Get(f.root / "disk/file") == "x" + old);
}
