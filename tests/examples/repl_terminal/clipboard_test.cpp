#include "clipboard.hpp"

#include "support/catch.hpp"
#include "workspace_fixture.hpp"

using repl::test::HasMessage;
using repl::test::WorkspaceFixture;

TEST_CASE("a clipboard moves a cut file once, keeps its path after a failure, and is not shared") {
  WorkspaceFixture f;
  WorkspaceFixture::Put(f.root / "file", "olden");
  repl::Clipboard first(f.workspace), second(f.workspace);
  CHECK(HasMessage(first.Paste("x"), "nothing to paste"));
  CHECK(HasMessage(first.Cut("nope"), "does not exist"));
  CHECK_FALSE(first.Cut("/"));
  CHECK_FALSE(first.Cut("../secret"));
  CHECK(first.Cut("file"));
  CHECK(WorkspaceFixture::Get(f.root / "file") == "olden");
  CHECK_FALSE(second.Paste("other"));
  CHECK(HasMessage(first.Paste("../out"), "leads out"));
  CHECK(first.Paste("new/folder/file"));
  CHECK(WorkspaceFixture::Get(f.root / "new/folder/file") == "olden");
  CHECK_FALSE(first.Paste("again"));
}
