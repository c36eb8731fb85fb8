// Close before the connection is open.
#include <boost/asio/post.hpp>
#include <functional>
#include <future>
#include <utility>

#include "support/catch.hpp"
#include "support/memory_session.hpp"

namespace asio = boost::asio;
using namespace std::chrono_literals;
using ws::Authorization;
using ws::Errc;
using ws::HttpRequest;
using ws::Options;
using ws::test::Get;
using ws::test::MemorySession;

namespace {

// A peer that does not take our answer until it is told to, and what happens meanwhile.
class Stuck {
 public:
  explicit Stuck(Options options = {}) : session(Asking(std::move(options), *this)) { session.BlockWrites(true); }

  // Init; `then` runs on the connection's thread while the answer is on its way.
  std::future<ws::Error> Init(std::function<void()> then) {
    asked_ = [this, then = std::move(then)] { asio::post(session.Context(), then); };
    return session.Init();
  }
  // Closes, and calls `then` when the connection knows of it.
  void CloseAndThen(std::function<void()> then) {
    session.socket.Close(4000, "full");
    asio::post(session.Context(), std::move(then));
  }

 private:
  static Options Asking(Options options, Stuck& self) {
    options.authorize = [&self](const HttpRequest&) {
      self.asked_();
      return Authorization::Accept();
    };
    return options;
  }

  std::function<void()> asked_;

 public:
  MemorySession session;
};

}  // namespace

TEST_CASE("Close while the 101 is on its way reaches the peer behind it") {
  Stuck stuck;
  auto end = ws::test::EndOf(stuck.session.socket);
  auto result = stuck.Init([&] { stuck.CloseAndThen([&] { stuck.session.BlockWrites(false); }); });
  CHECK(stuck.session.peer.ReadAnswer().status == 101);
  CHECK_FALSE(Get(std::move(result)));
  const auto closed = stuck.session.peer.Close();
  CHECK(closed.code == 4000);
  CHECK(closed.text == "full");
  CHECK(Get(std::move(end)).reason == ws::EndReason::LocalClose);
}

TEST_CASE("Close while the 101 is stuck ends within the time that closing has, and Init says closed") {
  const auto handshake = GENERATE(0ms, 1'000'000ms);
  Stuck stuck(Options{.handshake_timeout = handshake, .close_timeout = 50ms});
  CHECK(Get(stuck.Init([&] { stuck.session.socket.Close(); })) == Errc::Closed);
  CHECK_FALSE(Get(stuck.session.Start(stuck.session.socket.ClosedAsync())));
}

TEST_CASE("where the peer goes while the 101 is on its way and Close was called, Init says closed") {
  Stuck stuck;
  auto result = stuck.Init([&] { stuck.CloseAndThen([&] { stuck.session.peer.Cut(); }); });
  CHECK(Get(std::move(result)) == Errc::Closed);
}

TEST_CASE("Close in authorize ends the handshake") {
  ws::Handler* socket = nullptr;
  Options options;
  options.authorize = [&](const HttpRequest&) {
    socket->Close();
    return Authorization::Accept();
  };
  MemorySession session(std::move(options));
  socket = &session.socket;
  CHECK(Get(session.Init()) == Errc::Closed);
  CHECK(session.peer.ReceiveEnd().empty());
}
