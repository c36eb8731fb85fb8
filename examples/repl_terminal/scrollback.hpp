#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "window_size.hpp"

namespace repl {

// Keeps the most recent output of a terminal, with the window size at which it was written, so that it can be
// replayed. Not thread-safe.
class Scrollback final {
 public:
  // Consecutive output of one window size.
  struct Run {
    WindowSize size;
    std::string text;
  };

  explicit Scrollback(std::size_t max_bytes, WindowSize size) : max_bytes_(max_bytes), size_(size) {}

  // Appends complete characters. Drops the oldest output if the limit is exceeded.
  void Append(std::string_view text);
  // Sets the window size of the output that is appended from now on.
  void Resize(WindowSize size) { size_ = size; }

  // Returns the output, oldest first. Neighbouring runs differ in size. If output was dropped, the first run starts
  // with a complete line. The text contains no terminal queries (see StripQueries).
  std::vector<Run> Runs() const;
  std::size_t Bytes() const { return bytes_; }

 private:
  static constexpr std::size_t block_bytes = 16 * 1024;  // approximate amount that is dropped at once

  const std::size_t max_bytes_;
  WindowSize size_;
  std::deque<Run> blocks_;
  std::size_t bytes_ = 0;
  bool dropped_ = false;
};

}  // namespace repl
