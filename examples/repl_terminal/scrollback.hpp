#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "window_size.hpp"

namespace repl {

// The last output of a terminal, with the sizes at which it was written, so that it can be shown
// again. Not thread-safe.
class Scrollback final {
 public:
  // Output of one size.
  struct Run {
    WindowSize size;
    std::string text;
  };

  explicit Scrollback(std::size_t max_bytes, WindowSize size) : max_bytes_(max_bytes), size_(size) {}

  // Whole characters; the oldest output goes where there is no room.
  void Append(std::string_view text);
  // Of what is appended from now on.
  void Resize(WindowSize size) { size_ = size; }

  // Oldest first, neighbours of different sizes. Where something was dropped it begins with a whole
  // line. Nothing in it makes a terminal answer: see WithoutQueries.
  std::vector<Run> Runs() const;
  std::size_t Bytes() const { return bytes_; }

 private:
  static constexpr std::size_t block_bytes = 16 * 1024;  // what is dropped at once, about

  const std::size_t max_bytes_;
  WindowSize size_;
  std::deque<Run> blocks_;
  std::size_t bytes_ = 0;
  bool dropped_ = false;
};

}  // namespace repl
