// A path, as a browser may send it: what is taken names a place below the root by its text alone, and says the same
// when it is read again.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "workspace_path.hpp"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

void CheckParts(const repl::WorkspacePath& path) {
  for (const std::string& part : path.Parts()) {
    Require(!part.empty() && part != "." && part != ".." && part.size() <= 255);
    Require(part.find('/') == part.npos && part.find('\0') == part.npos);
  }
}

// Whether the text goes above its start on the way, judged by counting.
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

// The path, and after a line feed another one.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string_view text = input.substr(0, input.find('\n'));
  const auto path = repl::WorkspacePath::Parse(text);
  if (!path) {
    Require(!path.Why().sentence.empty());
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
  if (below) Require(below->IsWithin(*path));  // else it is too long
  if (path->IsWithin(*other) && other->IsWithin(*path)) Require(path->Parts() == other->Parts());
  return 0;
}
