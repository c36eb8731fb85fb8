#include "ws/reply.hpp"

namespace ws {

std::string Reply::ErrorText() const {
  if (!error) return {};
  if (error != Errc::RemoteError) return error.message();
  if (failure.message.empty()) return failure.code.empty() ? error.message() : failure.code;
  return failure.code.empty() ? failure.message : failure.message + " (" + failure.code + ")";
}

}  // namespace ws
