#include "file_list.hpp"

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "workspace_fixture.hpp"

namespace {

namespace fs = std::filesystem;
using repl::ListFilesBelow;
using repl::test::WorkspaceFixture;
using Paths = std::vector<std::string>;

}  // namespace

TEST_CASE("all files are listed by name, except hidden folders, node_modules and links") {
  for (const auto resolver : {repl::WorkspaceRoot::Resolver::Best, repl::WorkspaceRoot::Resolver::Walk}) {
    WorkspaceFixture f(resolver);
    CHECK(f.workspace.ListFiles().paths.empty());
    for (const std::string name : {"b", "a/c", "a/b/d", ".hidden", "a-b", ".git/config", "node_modules/x/index.js",
                                   "a/node_modules/y.js", "latin1/\xE9", "a/\x1b]52;c;\a<b>"}) {
      WorkspaceFixture::Put(f.root / name, "");
    }
    fs::create_symlink(f.top, f.root / "out");
    fs::create_symlink("..", f.root / "a/up");
    fs::create_symlink("a/c", f.root / "link");
    const auto list = f.workspace.ListFiles();
    CHECK(list.paths == Paths{".hidden", "a-b", "a/\x1b]52;c;\a<b>", "a/b/d", "a/c", "b"});
    CHECK_FALSE(list.truncated);
  }
}

TEST_CASE("a file list is limited in number, depth, folders and time, and marked as truncated") {
  WorkspaceFixture f;
  for (const std::string name : {"z", "a/1", "a/b/2", "a/b/c/3", "x/4", "y/5"})
    WorkspaceFixture::Put(f.root / name, "");
  const auto& root = f.workspace.Root();
  CHECK(ListFilesBelow(root, {}).paths.size() == 6);
  const auto few = ListFilesBelow(root, {.max_files = 1});
  CHECK(few.paths == Paths{"z"});
  CHECK(few.truncated);
  CHECK_FALSE(ListFilesBelow(root, {.max_files = 6}).truncated);
  const auto flat = ListFilesBelow(root, {.max_depth = 2});
  CHECK(flat.paths == Paths{"a/1", "a/b/2", "x/4", "y/5", "z"});
  CHECK(flat.truncated);
  CHECK(ListFilesBelow(root, {.max_queued_folders = 2}).truncated);
  const auto late = ListFilesBelow(root, {.max_time = std::chrono::milliseconds(0)});
  CHECK(late.paths.empty());
  CHECK(late.truncated);
}
