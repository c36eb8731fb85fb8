#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace repl {

// Removes the sequences that a terminal answers (device attributes, cursor position, colours). If they were replayed,
// the terminal would answer again and type the answer into a shell that did not ask. The rest is unchanged.
std::string StripQueries(std::string_view output);

// Strips queries from output that arrives in parts. The possible start of a query is held back until the next part.
class QueryFilter {
 public:
  std::string Filter(std::string_view output);
  // Returns the output that is held back.
  std::string Flush();

 private:
  std::string FinishFlushed(std::string_view& output);

  std::string pending_;
  std::size_t flushed_ = 0;  // bytes of pending_ that Flush has returned
};

}  // namespace repl
