#include "scrollback.hpp"

#include <algorithm>

#include "terminal_queries.hpp"

namespace repl {

void Scrollback::Append(std::string_view text) {
  if (blocks_.empty() || blocks_.back().size != size_ || blocks_.back().text.size() >= block_bytes) {
    blocks_.push_back({size_, {}});
  }
  blocks_.back().text += text;
  bytes_ += text.size();
  while (bytes_ > max_bytes_ && blocks_.size() > 1) {
    bytes_ -= blocks_.front().text.size();
    blocks_.pop_front();
    dropped_ = true;
  }
}

std::vector<Scrollback::Run> Scrollback::Runs() const {
  std::vector<Run> runs;
  for (const Run& block : blocks_) {
    if (runs.empty() || runs.back().size != block.size) runs.push_back({block.size, {}});
    runs.back().text += block.text;
  }
  if (dropped_) {
    // If the output has no line break, it starts at an escape sequence instead.
    std::string& first = runs.front().text;
    const std::string_view head = std::string_view(first).substr(0, block_bytes);
    const std::size_t line = head.find('\n'), sequence = head.find('\x1b');
    first.erase(0, line != head.npos ? line + 1 : std::min(sequence, first.size()));
  }
  for (Run& run : runs) run.text = StripQueries(run.text);
  return runs;
}

}  // namespace repl
