// Futures for the results that a connection reports by callback.
#pragma once

#include <chrono>
#include <future>
#include <memory>
#include <string_view>
#include <utility>

#include "ws/close_reason.hpp"
#include "ws/json.hpp"
#include "ws/reply.hpp"

namespace ws::test {

// The close reason that the `disconnect` event of a Handler or a Client will report, once.
template <class Socket>
std::future<CloseReason> CloseReasonOf(Socket& socket) {
  const auto promise = std::make_shared<std::promise<CloseReason>>();
  socket.OnTyped("disconnect", [promise](const CloseReason& reason) { promise->set_value(reason); });
  return promise->get_future();
}

// Sends a request by a Handler or a Client. The future has the reply.
template <class Sender>
std::future<Reply> RequestFuture(Sender& sender, std::string_view event, const Json& data = nullptr,
                                 std::chrono::milliseconds timeout = {}) {
  const auto promise = std::make_shared<std::promise<Reply>>();
  sender.Request(
      event, data, [promise](Reply reply) { promise->set_value(std::move(reply)); }, timeout);
  return promise->get_future();
}

}  // namespace ws::test
