// What a request comes back with, and how a callback says no.
#pragma once

#include <string>

#include "ws/error.hpp"
#include "ws/json.hpp"

namespace ws {

// Returned by a callback: an error reply of the application's own. A code of letters and underscores
// reads best beside the library's ("not_found"); both texts reach the peer.
struct Failure {
  std::string code = {};
  std::string message = {};
};

// A request's result. `error` is empty on success; RemoteError means that `failure` says why.
struct Reply {
  Error error = {};
  Json data = nullptr;
  Failure failure = {};
};

}  // namespace ws
