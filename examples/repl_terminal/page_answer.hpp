#pragma once

#include <string>

#include "ws/http.hpp"

namespace repl {

// An HTTP answer with the headers that keep a page with a shell behind it to itself: it loads and
// connects to nothing foreign, is framed by nobody, and is not cached.
ws::HttpResponse PageAnswer(unsigned status, std::string content_type, std::string body);

// The same for a sentence to read.
ws::HttpResponse TextAnswer(unsigned status, std::string sentence);

}  // namespace repl
