#pragma once

#include <filesystem>
#include <string_view>

#include "ws/http.hpp"

namespace repl {

// Serves the page: the files that lie directly in its folder, and under /vendor/ those of the npm
// packages that it uses, from a fixed list. No path of a request ever reaches the disk. Threads: any.
class StaticFiles final {
 public:
  explicit StaticFiles(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // Whether the page's files and those of its packages are there.
  bool IsComplete() const;

  ws::HttpResponse Answer(const ws::HttpRequest& request) const;

 private:
  // Empty where nothing is served under that name.
  std::filesystem::path Locate(std::string_view url_path) const;

  std::filesystem::path folder_;
};

}  // namespace repl
