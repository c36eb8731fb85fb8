#include "ws/error.hpp"

#include <string>

namespace ws {

namespace {

class ErrorCategory final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "ws"; }
  std::string message(int value) const override {
    switch (static_cast<Errc>(value)) {
      case Errc::Closed:
        return "the connection is closed";
      case Errc::QueueFull:
        return "the write queue is full";
      case Errc::TooLarge:
        return "the message is larger than the bound of the write queue";
      case Errc::InvalidEvent:
        return "the event name is reserved, empty or too long";
      case Errc::TimedOut:
        return "the reply did not arrive in time";
      case Errc::Cancelled:
        return "the wait was cancelled";
      case Errc::WouldDeadlock:
        return "a callback cannot wait for the end of its own connection";
      case Errc::TooManyRequests:
        return "too many requests are open";
      case Errc::RemoteError:
        return "the peer answered with an error";
      case Errc::Refused:
        return "the handshake was refused";
      case Errc::HandshakeTimeout:
        return "the handshake took too long";
    }
    return "unknown error";
  }
};

}  // namespace

const boost::system::error_category& Category() noexcept {
  static const ErrorCategory category;
  return category;
}

}  // namespace ws
