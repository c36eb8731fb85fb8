#pragma once

#include <filesystem>
#include <string_view>
#include <utility>

#include "ws/http.hpp"

namespace chat {

// Serves the page's files from a fixed list: no path of a request ever reaches the disk. They are read when they are
// asked for, so that who works on the page sees his change. Threads: any.
class Page final {
 public:
  explicit Page(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // The first file that is not there; empty where all are.
  std::string_view Missing() const;
  ws::HttpResponse Answer(const ws::HttpRequest& request) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace chat
