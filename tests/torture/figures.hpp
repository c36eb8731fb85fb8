// The results of a row, printed as lines that torture.py parses, and the iteration counts of a row.
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

// Returns the count for a brief or a full run.
template <class Count>
Count Pick(Count brief, Count full) {
  return std::getenv("TORTURE_BRIEF") != nullptr ? brief : full;
}

// Prints one result.
template <class Value>
void Print(std::string_view what, const Value& value, std::string_view bound) {
  std::ostringstream line;
  line << "figure: " << what << ": " << value << " | bound: " << bound << "\n";
  std::cout << line.str() << std::flush;
}

// Prints a result without a limit.
template <class Value>
void Tell(std::string_view what, const Value& value) {
  Print(what, value, "-");
}

// Prints a result and checks that it equals `expected`.
template <class Value>
void Exactly(std::string_view what, const Value& value, const Value& expected) {
  std::ostringstream bound;
  bound << expected;
  Print(what, value, bound.str());
  INFO(what);
  CHECK(value == expected);
}

// Prints a result and checks that it is at most `most`.
template <class Value>
void AtMost(std::string_view what, const Value& value, const Value& most, std::string_view unit = {}) {
  std::ostringstream bound;
  bound << "<= " << most << " " << unit;
  Print(what, std::to_string(value).append(" ").append(unit), bound.str());
  INFO(what);
  CHECK(value <= most);
}

// Prints an amount of memory. Checks it only without a sanitizer, because a sanitizer uses memory of its own.
inline void MemoryBelow(std::string_view what, std::ptrdiff_t kib, std::ptrdiff_t bound) {
  Print(what, std::to_string(kib) + " KiB",
        is_sanitized ? std::string("not judged: a sanitizer") : "< " + std::to_string(bound) + " KiB");
  INFO(what << ": " << kib << " KiB");
  if (!is_sanitized) CHECK(kib < bound);
}

// Measures the growth of this process's memory since construction.
class Growth {
 public:
  Growth() { test::ResetPeakMemory(); }

  std::ptrdiff_t Now() const { return static_cast<std::ptrdiff_t>(test::MemoryKib()) - before_; }
  std::ptrdiff_t Peak() const { return static_cast<std::ptrdiff_t>(test::PeakMemoryKib()) - before_; }

 private:
  const std::ptrdiff_t before_ = static_cast<std::ptrdiff_t>(test::MemoryKib());
};

}  // namespace ws::torture
