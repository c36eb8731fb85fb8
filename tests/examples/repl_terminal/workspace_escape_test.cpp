// No path leads out of a workspace.
#include <fcntl.h>
#include <stdio.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "content_hash.hpp"
#include "support/catch.hpp"
#include "workspace.hpp"
#include "workspace_fixture.hpp"

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using repl::Outcome;
using repl::Workspace;
using repl::test::HasMessage;
using repl::test::WorkspaceFixture;
using Resolver = repl::WorkspaceRoot::Resolver;

// Calls every function with the path. Functions with two paths are called twice, with the path on either side.
std::vector<Outcome<>> EveryVerb(Workspace& workspace, const std::string& path) {
  const auto plain = [](const auto& outcome) -> Outcome<> {
    if (!outcome) return outcome.Error();
    return repl::Done{};
  };
  std::vector<Outcome<>> outcomes;
  outcomes.push_back(plain(workspace.List(path)));
  outcomes.push_back(plain(workspace.Read(path)));
  outcomes.push_back(plain(workspace.Patch(path, "@@ -0,0 +1,5 @@\n+hello\n")));
  outcomes.push_back(workspace.CreateFile(path));
  outcomes.push_back(workspace.CreateFolder(path));
  outcomes.push_back(workspace.Copy(path, "copy"));
  outcomes.push_back(workspace.Copy("file", path));
  outcomes.push_back(workspace.Move(path, "moved"));
  outcomes.push_back(workspace.Move("file", path));
  outcomes.push_back(workspace.Rename(path, "renamed"));
  outcomes.push_back(workspace.Rename("file", path));
  outcomes.push_back(workspace.Delete(path));
  outcomes.push_back(workspace.Find(path));
  return outcomes;
}

// Swaps a folder and a link that leads out in a loop.
void SwapInALoop(Resolver resolver, std::chrono::milliseconds time) {
  WorkspaceFixture f(resolver);
  WorkspaceFixture::Put(f.root / "real/secret", "public");
  fs::create_symlink(f.top, f.root / "link");
  std::atomic<bool> stop = false;
  std::thread swapper([&] {
    while (!stop) {
      ::renameat2(AT_FDCWD, (f.root / "real").c_str(), AT_FDCWD, (f.root / "link").c_str(), RENAME_EXCHANGE);
    }
  });
  int read = 0, refused = 0;
  const auto deadline = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < deadline) {
    const auto content = f.workspace.Read("real/secret");
    const std::string hash = f.workspace.Stat("real/secret").hash;
    CHECK((hash.empty() || hash == repl::ContentHash("public")));
    for (const std::string& path : f.workspace.ListFiles().paths) CHECK(path.find("workspace") == path.npos);
    if (content) CHECK(*content == "public");
    ++(content ? read : refused);
    (void)f.workspace.CreateFile("real/new");
    (void)f.workspace.Delete("real/new");
    (void)f.workspace.Delete("real/workspace");
    (void)f.workspace.Rename("real/secret", "real/secret2");
    (void)f.workspace.Rename("real/secret2", "real/secret");
  }
  stop = true;
  swapper.join();
  CHECK(read > 0);
  CHECK(refused > 0);
  CHECK(std::distance(fs::directory_iterator(f.top), {}) == 2);
  CHECK(WorkspaceFixture::Get(f.top / "secret") == "secret");
}

}  // namespace

TEST_CASE("a path that leaves the workspace by its text is refused by every function") {
  for (const Resolver resolver : {Resolver::Best, Resolver::Walk}) {
    WorkspaceFixture f(resolver);
    WorkspaceFixture::Put(f.root / "file", "olden");
    for (const std::string path : {"..", "../secret", "/../secret", "a/../../secret", "nope/../../../x", "./..//secret",
                                   "file/../../workspace/file"}) {
      INFO(path);
      for (const Outcome<>& outcome : EveryVerb(f.workspace, path)) CHECK(HasMessage(outcome, "leads out"));
    }
    for (const Outcome<>& outcome : EveryVerb(f.workspace, std::string("file\0x", 6)))
      CHECK(HasMessage(outcome, "NUL"));
    CHECK(HasMessage(f.workspace.Read("%2e%2e/secret"), "does not exist"));
    CHECK(HasMessage(f.workspace.Read((f.top / "secret").string()), "does not exist"));
    CHECK(f.EntriesInRoot() == 1);
    CHECK(WorkspaceFixture::Get(f.top / "secret") == "secret");
  }
}

TEST_CASE("a path that leaves the workspace through a link is refused by every function") {
  for (const Resolver resolver : {Resolver::Best, Resolver::Walk}) {
    WorkspaceFixture f(resolver);
    WorkspaceFixture::Put(f.root / "file", "olden");
    fs::create_symlink(f.top, f.root / "absolute");
    fs::create_symlink("..", f.root / "relative");
    fs::create_symlink("/proc/self/root", f.root / "magic");
    fs::create_symlink("../nowhere", f.root / "dangling");
    for (const std::string path :
         {"absolute/secret", "relative/secret", "magic/etc/passwd", "absolute/new/new", "dangling/new"}) {
      INFO(path);
      for (const Outcome<>& outcome : EveryVerb(f.workspace, path)) CHECK(HasMessage(outcome, "leads out"));
    }
    CHECK(HasMessage(f.workspace.Delete("dangling/x/y"), "leads out"));
    CHECK(HasMessage(f.workspace.List("absolute"), "leads out"));
    CHECK_FALSE(fs::exists(f.top / "new"));
    CHECK(WorkspaceFixture::Get(f.top / "secret") == "secret");
    CHECK(f.EntriesInRoot() == 5);
  }
}

TEST_CASE("folders and links swapped in a loop do not expose files outside") {
  for (const Resolver resolver : {Resolver::Best, Resolver::Walk}) SwapInALoop(resolver, 500ms);
}

TEST_CASE("folders and links swapped in a loop for a minute do not expose files outside", "[.minutes]") {
  for (const Resolver resolver : {Resolver::Best, Resolver::Walk}) SwapInALoop(resolver, 60s);
}

TEST_CASE("problems contain the path as it was sent, and no path of the server") {
  WorkspaceFixture f;
  for (const Outcome<>& outcome : EveryVerb(f.workspace, "/no/such/../<b>thing</b>/x")) {
    if (!outcome) CHECK(outcome.Error().message.find(f.top.string()) == std::string::npos);
  }
  CHECK(HasMessage(f.workspace.Read("/no/such"), "“/no/such” does not exist."));
}
