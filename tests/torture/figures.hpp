// What a row found, in the lines that torture.py reads, and the counts that it works with.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>
#include <string_view>

#include "support/catch.hpp"
#include "support/process_figures.hpp"

namespace ws::torture {

using ws::test::is_sanitized;

template <class Count>
Count Pick(Count brief, Count full) {
  return std::getenv("TORTURE_BRIEF") != nullptr ? brief : full;
}

template <class Value>
void Print(std::string_view what, const Value& value, std::string_view bound) {
  std::ostringstream line;
  line << "figure: " << what << ": " << value << " | bound: " << bound << "\n";
  std::cout << line.str() << std::flush;
}

// A figure that has no bound.
template <class Value>
void Tell(std::string_view what, const Value& value) {
  Print(what, value, "-");
}

template <class Value>
void Exactly(std::string_view what, const Value& value, const Value& due) {
  std::ostringstream bound;
  bound << due;
  Print(what, value, bound.str());
  INFO(what);
  CHECK(value == due);
}

template <class Value>
void AtMost(std::string_view what, const Value& value, const Value& most, std::string_view unit = {}) {
  std::ostringstream bound;
  bound << "<= " << most << " " << unit;
  Print(what, std::to_string(value).append(" ").append(unit), bound.str());
  INFO(what);
  CHECK(value <= most);
}

// Measured anywhere, judged where no sanitizer has its shadow in it.
inline void MemoryBelow(std::string_view what, std::ptrdiff_t kib, std::ptrdiff_t bound) {
  Print(what, std::to_string(kib) + " KiB",
        is_sanitized ? std::string("not judged: a sanitizer") : "< " + std::to_string(bound) + " KiB");
  INFO(what << ": " << kib << " KiB");
  if (!is_sanitized) CHECK(kib < bound);
}

// What this process takes from here on.
class Growth {
 public:
  Growth() { test::ForgetPeak(); }

  std::ptrdiff_t Now() const { return static_cast<std::ptrdiff_t>(test::MemoryKib()) - before_; }
  std::ptrdiff_t Peak() const { return static_cast<std::ptrdiff_t>(test::PeakMemoryKib()) - before_; }

 private:
  const std::ptrdiff_t before_ = static_cast<std::ptrdiff_t>(test::MemoryKib());
};

}  // namespace ws::torture
