#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace repl {

// Conversions between a file's UTF-8 and the UTF-16 in which JavaScript counts. Both are strict:
// nothing comes of text that is not valid.
std::optional<std::u16string> ToUtf16(std::string_view text);
std::optional<std::string> ToUtf8(std::u16string_view text);

}  // namespace repl
