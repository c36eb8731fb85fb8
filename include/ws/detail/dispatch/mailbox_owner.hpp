// The connection as its mailbox sees it.
#pragma once

#include <string>
#include <string_view>

#include "ws/detail/dispatch/callback_list.hpp"
#include "ws/message.hpp"

namespace ws::dispatch {

enum class EventKind {
  Message,     // an event from the peer
  Raw,         // a data message from the peer, for OnMessage
  Connect,     // lifecycle
  Disconnect,  // lifecycle, the last event of a connection
  Drain        // OnDrain
};

// Lifecycle events and OnDrain are made by the library, not by the peer.
constexpr bool IsFromPeer(EventKind kind) noexcept {
  return kind == EventKind::Message || kind == EventKind::Raw;
}

// The result of all callbacks of one message: an error if there was one, else the first value.
struct DispatchResult {
  Result result = {};
  std::string path = {};  // JSON pointer, set for `invalid_payload`
  bool has_callback = true;
};

// Interface of the connection that owns a mailbox. Called on the mailbox's strand or on a pool thread, without a lock
// of the mailbox.
class MailboxOwner {
 public:
  virtual ~MailboxOwner() = default;

  // True if the next message may start. After a false, the owner calls Mailbox::Resume when this has changed.
  virtual bool CanStart() = 0;
  virtual ConnectionPtr Self() = 0;
  virtual CallbackList FindCallbacks(EventKind kind, const Message& message) = 0;
  // Removes a Once callback from its table when it fires.
  virtual void RemoveOnce(const Registration& registration) = 0;
  // All callbacks of a message have returned. After EventKind::Disconnect nothing else runs.
  virtual void OnHandled(EventKind kind, const Message& message, DispatchResult result) = 0;
  // A callback threw; `what` is for the log only.
  virtual void OnCallbackException(const Message& message, std::string_view what) = 0;
  // Memory ran out while a message was handled. The owner closes the connection.
  virtual void OnFailure() = 0;
  // A message was dropped without being handled.
  virtual void OnDiscarded(const Message& message) = 0;
};

}  // namespace ws::dispatch
