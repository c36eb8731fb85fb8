// Close during the handshake.
#include <boost/asio/post.hpp>
#include <functional>
#include <future>
#include <utility>

#include "support/memory_session.hpp"
#include "support/prelude.hpp"

using ws::Authorization;

namespace {

// A handshake whose response is blocked, so that a test can act between authorize and the 101.
class BlockedHandshake {
 public:
  explicit BlockedHandshake(Options options = {}) : session(WithAuthorize(std::move(options), *this)) {
    session.BlockWrites(true);
  }

  // Starts Init. `then` runs on the connection's thread while the response is blocked.
  std::future<Error> Init(std::function<void()> then) {
    on_authorize_ = [this, then = std::move(then)] { asio::post(session.Context(), then); };
    return session.Init();
  }
  // Calls Close, and then runs `then` after the connection has processed it.
  void CloseAndThen(std::function<void()> then) {
    session.socket.Close(4000, "full");
    asio::post(session.Context(), std::move(then));
  }

 private:
  static Options WithAuthorize(Options options, BlockedHandshake& self) {
    options.authorize = [&self](const HttpRequest&) {
      self.on_authorize_();
      return Authorization::Accept();
    };
    return options;
  }

  std::function<void()> on_authorize_;

 public:
  MemorySession session;
};

}  // namespace

TEST_CASE("if Close is called while the 101 is being written, the peer receives the close frame after it") {
  BlockedHandshake handshake;
  auto close_reason = CloseReasonOf(handshake.session.socket);
  auto result = handshake.Init([&] { handshake.CloseAndThen([&] { handshake.session.BlockWrites(false); }); });
  CHECK(handshake.session.peer.ReceiveResponse().status == 101);
  CHECK_FALSE(Get(std::move(result)));
  const auto closed = handshake.session.peer.Close();
  CHECK(closed.code == 4000);
  CHECK(closed.text == "full");
  CHECK(Get(std::move(close_reason)).reason == EndReason::LocalClose);
}

TEST_CASE("if Close is called while the 101 is blocked, Init returns closed within close_timeout") {
  const auto timeout = GENERATE(0ms, 1'000'000ms);
  BlockedHandshake handshake(Options{.handshake_timeout = timeout, .close_timeout = 50ms});
  CHECK(Get(handshake.Init([&] { handshake.session.socket.Close(); })) == Errc::Closed);
  CHECK_FALSE(Get(handshake.session.Spawn(handshake.session.socket.ClosedAsync())));
}

TEST_CASE("if Close is called and the peer disconnects while the 101 is being written, Init returns closed") {
  BlockedHandshake handshake;
  auto result = handshake.Init([&] { handshake.CloseAndThen([&] { handshake.session.peer.DropConnection(); }); });
  CHECK(Get(std::move(result)) == Errc::Closed);
}

TEST_CASE("Close in authorize aborts the handshake") {
  Handler* socket = nullptr;
  Options options;
  options.authorize = [&](const HttpRequest&) {
    socket->Close();
    return Authorization::Accept();
  };
  MemorySession session(std::move(options));
  socket = &session.socket;
  CHECK(Get(session.Init()) == Errc::Closed);
  CHECK(session.peer.ReceiveUntilEof().empty());
}
