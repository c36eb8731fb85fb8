#pragma once

#include <string>
#include <string_view>

namespace repl {

// A terminal's output without the sequences that make a terminal answer (who it is, where its
// cursor is, which colours it has): shown again, they would be answered again, into a shell that
// asked for nothing. The rest stays as it is.
std::string WithoutQueries(std::string_view output);

}  // namespace repl
