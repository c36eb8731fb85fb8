#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace repl {

// Convert between UTF-8 (files) and UTF-16 (JavaScript). Both return nothing if the text is invalid.
std::optional<std::u16string> ToUtf16(std::string_view text);
std::optional<std::string> ToUtf8(std::u16string_view text);

}  // namespace repl
