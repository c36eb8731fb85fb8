#include "clipboard.hpp"

#include "support/catch.hpp"
#include "workspace_fixture.hpp"

using repl::test::Fixture;
using repl::test::Says;

TEST_CASE("a clipboard moves what was cut once, keeps it after a problem, and is one person's") {
  Fixture f;
  Fixture::Put(f.root / "file", "olden");
  repl::Clipboard mine(f.workspace), yours(f.workspace);
  CHECK(Says(mine.Paste("x"), "nothing to paste"));
  CHECK(Says(mine.Cut("nope"), "does not exist"));
  CHECK_FALSE(mine.Cut("/"));
  CHECK_FALSE(mine.Cut("../secret"));
  CHECK(mine.Cut("file"));
  CHECK(Fixture::Get(f.root / "file") == "olden");
  CHECK_FALSE(yours.Paste("stolen"));
  CHECK(Says(mine.Paste("../out"), "leads out"));
  CHECK(mine.Paste("new/folder/file"));
  CHECK(Fixture::Get(f.root / "new/folder/file") == "olden");
  CHECK_FALSE(mine.Paste("again"));
}
