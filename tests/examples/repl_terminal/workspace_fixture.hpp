#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"
#include "workspace.hpp"

namespace repl::test {

namespace fs = std::filesystem;

// A temporary folder with a workspace and, beside it, a secret file.
struct WorkspaceFixture {
  explicit WorkspaceFixture(WorkspaceRoot::Resolver resolver = WorkspaceRoot::Resolver::Best,
                            WorkspaceLimits limits = {})
      : workspace((Prepare(), std::move(*WorkspaceRoot::Open(root, resolver))), limits) {}

  void Prepare() {
    fs::create_directories(root);
    Put(top / "secret", "secret");
  }
  static void Put(const fs::path& file, const std::string& content) {
    fs::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << content;
  }
  static std::string Get(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  std::ptrdiff_t EntriesInRoot() const { return std::distance(fs::directory_iterator(root), fs::directory_iterator()); }

  const ws::test::TemporaryFolder folder;
  const fs::path top = folder.Path();
  const fs::path root = top / "workspace";
  Workspace workspace;
};

template <class Value>
bool HasMessage(const Outcome<Value>& outcome, const std::string& words) {
  if (outcome) return false;
  INFO(outcome.Error().message);
  return outcome.Error().message.find(words) != std::string::npos;
}

}  // namespace repl::test
