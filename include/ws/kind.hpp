// The two kinds of data message.
#pragma once

#include <cstdint>

namespace ws {

// RFC 6455 5.6; a Text message is valid UTF-8.
enum class Kind : std::uint8_t { Text, Binary };

}  // namespace ws
