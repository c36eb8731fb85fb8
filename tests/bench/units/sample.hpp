// The message that bench_load sends.
#pragma once

#include <string>

namespace ws::bench {

inline std::string SampleText(std::size_t text = 100) {
  return R"({"event":"echo","data":{"n":1000,"text":")" + std::string(text, 'x') + R"("}})";
}

}  // namespace ws::bench
