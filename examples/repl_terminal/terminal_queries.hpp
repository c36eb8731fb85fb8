#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace repl {

// A terminal's output without the sequences that make a terminal answer (who it is, where its
// cursor is, which colours it has): shown again, they would be answered again, into a shell that
// asked for nothing. The rest stays as it is.
std::string WithoutQueries(std::string_view output);

// The same for output that comes in parts: what may be the beginning of a query waits for the next part.
class QueryFilter {
 public:
  std::string Pass(std::string_view output);
  // What waits, to be shown all the same.
  std::string ShowRest();

 private:
  std::string EndShown(std::string_view& output);

  std::string rest_;
  std::size_t shown_ = 0;  // characters of it
};

}  // namespace repl
