// Parses arbitrary paths, as a browser may send them. Checks that an accepted path stays below the root, judged by its
// text alone, and that parsing its normalised form gives the same path.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "workspace_path.hpp"

namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

void CheckParts(const repl::WorkspacePath& path) {
  for (const std::string& part : path.Parts()) {
    Require(!part.empty() && part != "." && part != ".." && part.size() <= 255);
    Require(part.find('/') == part.npos && part.find('\0') == part.npos);
  }
}

// Returns true if a prefix of the path leads above its start.
bool LeadsOut(std::string_view text) {
  long depth = 0;
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find('/'));
    text.remove_prefix(part.size() == text.size() ? part.size() : part.size() + 1);
    if (!part.empty() && part != ".") depth += part == ".." ? -1 : 1;
    if (depth < 0) return true;
  }
  return false;
}

}  // namespace

// Input: a path, a line feed, another path.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string_view text = input.substr(0, input.find('\n'));
  const auto path = repl::WorkspacePath::Parse(text);
  if (!path) {
    Require(!path.Error().message.empty());
    return 0;
  }
  Require(!LeadsOut(text) && text.find('\0') == text.npos);
  CheckParts(*path);
  const std::string joined = path->Joined();
  Require(!joined.starts_with('/') && (joined == ".") == path->IsRoot());
  const auto again = repl::WorkspacePath::Parse(joined);
  Require(again && again->Parts() == path->Parts());
  if (!path->IsRoot()) Require(path->IsWithin(path->Parent()) && !path->Parent().IsWithin(*path));

  const auto other = repl::WorkspacePath::Parse(input.substr(std::min(input.size(), text.size() + 1)));
  if (!other) return 0;
  CheckParts(*other);
  const auto below = repl::WorkspacePath::Parse(joined + "/" + other->Joined());
  if (below) Require(below->IsWithin(*path));  // Parse fails if the joined path is too long
  if (path->IsWithin(*other) && other->IsWithin(*path)) Require(path->Parts() == other->Parts());
  return 0;
}
