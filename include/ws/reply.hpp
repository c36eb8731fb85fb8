// The answer to a request.
#pragma once

#include <string>

#include "ws/callback.hpp"
#include "ws/error.hpp"
#include "ws/json.hpp"

namespace ws {

// The answer to a request. Converts to true if the peer replied without an error.
struct Reply {
  // Empty on success. Errc::RemoteError if the peer answered with an error; else the request failed on this side.
  Error error = {};
  // The peer's value; null if it sent none.
  Json data = nullptr;
  // The peer's error if `error` is Errc::RemoteError; else empty.
  Failure failure = {};

  explicit operator bool() const noexcept { return !error; }
  // The error as a text for people: the peer's message with its code in brackets, or the message of `error`. Empty on
  // success.
  std::string ErrorText() const;
};

}  // namespace ws
