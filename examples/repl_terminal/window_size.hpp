#pragma once

#include <algorithm>

namespace repl {

// The size of a terminal in characters.
struct WindowSize {
  int cols = 80;
  int rows = 24;

  friend bool operator==(const WindowSize&, const WindowSize&) = default;
};

// Returns the largest size that fits into both.
inline WindowSize Smaller(WindowSize a, WindowSize b) {
  return {std::min(a.cols, b.cols), std::min(a.rows, b.rows)};
}

}  // namespace repl
