#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>

namespace repl {

// The reason for a failure: a sentence for the user, and a kind for the cases that the program handles separately.
struct Problem {
  enum class Kind { Other, Binary, TooLarge, Conflict };

  std::string message;
  Kind kind = Kind::Other;
  std::uintmax_t size = 0;  // of the file in bytes, if `kind` is Binary or TooLarge
};

// The value of a successful outcome that has no result.
struct Done {};

// Holds a value, or the problem that prevented it.
template <class Value = Done>
class [[nodiscard]] Outcome final {
 public:
  Outcome(Value value) : state_(std::move(value)) {}
  Outcome(Problem problem) : state_(std::move(problem)) {}

  explicit operator bool() const { return state_.index() == 0; }

  // Precondition: the outcome is a success.
  Value& operator*() { return std::get<0>(state_); }
  const Value& operator*() const { return std::get<0>(state_); }
  Value* operator->() { return &std::get<0>(state_); }
  const Value* operator->() const { return &std::get<0>(state_); }

  // Precondition: the outcome is a failure.
  const Problem& Error() const { return std::get<1>(state_); }

 private:
  std::variant<Value, Problem> state_;
};

}  // namespace repl
