#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>

namespace repl {

// Why something was not done: a sentence for the person who asked, and for the program the cases
// that it treats on their own.
struct Problem {
  enum class Kind { Other, Binary, TooLarge, Conflict };

  std::string sentence;
  Kind kind = Kind::Other;
  std::uintmax_t size = 0;  // bytes of the file that is Binary or TooLarge
};

// The outcome's value where there is nothing to give back.
struct Done {};

// A value, or the problem that came instead of it.
template <class Value = Done>
class [[nodiscard]] Outcome final {
 public:
  Outcome(Value value) : state_(std::move(value)) {}
  Outcome(Problem problem) : state_(std::move(problem)) {}

  explicit operator bool() const { return state_.index() == 0; }

  // Only when true.
  Value& operator*() { return std::get<0>(state_); }
  const Value& operator*() const { return std::get<0>(state_); }
  Value* operator->() { return &std::get<0>(state_); }
  const Value* operator->() const { return &std::get<0>(state_); }

  // Only when false.
  const Problem& Why() const { return std::get<1>(state_); }

 private:
  std::variant<Value, Problem> state_;
};

}  // namespace repl
