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
    std::string& first = runs.front().text;
    first.erase(0, std::min(first.find('\n'), first.size() - 1) + 1);
  }
  for (Run& run : runs) run.text = WithoutQueries(run.text);
  return runs;
}

}  // namespace repl
