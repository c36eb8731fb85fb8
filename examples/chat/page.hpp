#pragma once

#include <filesystem>
#include <string_view>
#include <utility>

#include "ws/http.hpp"

namespace chat {

// Serves the page's files. A request can only name a file of a fixed list, so its path never reaches the file system.
// Each request reads the file again, so an edited file takes effect when the browser reloads. Thread-safe.
class Page final {
 public:
  explicit Page(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // Returns the name of the first file that is missing in the folder, or an empty string.
  std::string_view MissingFile() const;
  ws::HttpResponse Respond(const ws::HttpRequest& request) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace chat
