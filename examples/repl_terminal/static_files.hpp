#pragma once

#include <filesystem>
#include <string_view>

#include "ws/http.hpp"

namespace repl {

// Serves the page: the files directly in its folder, and the npm packages under /vendor/ from a fixed list. No path
// from a request is used as a path on disk. Thread-safe.
class StaticFiles final {
 public:
  explicit StaticFiles(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // Returns true if all files of the page and of its packages exist.
  bool IsComplete() const;

  ws::HttpResponse Respond(const ws::HttpRequest& request) const;

 private:
  // Returns an empty path if the URL is not served.
  std::filesystem::path Locate(std::string_view url_path) const;

  std::filesystem::path folder_;
};

}  // namespace repl
