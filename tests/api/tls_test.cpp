// Init on a caller's own TLS stream, and certificates of the server. tests/conformance tests RFC 6455 over TLS.
#include "ws/ws.hpp"

#if WS_HAS_TLS
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <fstream>
#include <ostream>
#include <string>
#include <thread>

#include "support/memory_session.hpp"
#include "support/prelude.hpp"
#include "support/test_server.hpp"
#include "support/tls.hpp"

namespace beast = boost::beast;
using asio::ip::tcp;

namespace {

template <class Stream>
asio::awaitable<Error> Mount(tcp::acceptor& acceptor, asio::ssl::context& tls, Handler socket) {
  Stream stream(co_await acceptor.async_accept(asio::use_awaitable), tls);
  // The caller sets a deadline for its TLS handshake.
  if constexpr (requires { stream.next_layer().expires_after(200ms); }) stream.next_layer().expires_after(200ms);
  co_await stream.async_handshake(asio::ssl::stream_base::server, asio::use_awaitable);
  beast::flat_buffer leftover;
  beast::http::request<beast::http::empty_body> request;
  co_await beast::http::async_read(stream, leftover, request, asio::use_awaitable);
  co_return co_await socket.Init(std::move(stream), request, leftover);
}

asio::ssl::context MakeContext() {
  const ws::test::Certificate certificate = ws::test::MakeCertificate();
  asio::ssl::context tls(asio::ssl::context::tls_server);
  tls.use_certificate_chain(asio::buffer(certificate.chain));
  tls.use_private_key(asio::buffer(certificate.key), asio::ssl::context::pem);
  return tls;
}

}  // namespace

TEMPLATE_TEST_CASE("a TLS stream over either type of TCP stream is upgraded", "", asio::ssl::stream<tcp::socket>,
                   asio::ssl::stream<beast::tcp_stream>) {
  asio::io_context context(1);
  asio::ssl::context tls = MakeContext();
  tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
  Handler socket;
  auto close_reason = CloseReasonOf(socket);
  socket.On("x", [](const Json& data) { return data; });
  auto result = asio::co_spawn(context, Mount<TestType>(acceptor, tls, socket), asio::use_future);
  std::thread thread([&context] { context.run(); });
  TestClient client(ws::test::DialTls(acceptor.local_endpoint().port()));
  client.SendBytes(ws::test::UpgradeText() +
                   ws::test::MaskedFrame(ws::protocol::Opcode::Text, R"({"event":"x","id":1,"data":7})"));
  CHECK(client.ReceiveResponse().status == 101);
  CHECK(client.Receive()["data"] == 7);
  CHECK_FALSE(Get(std::move(result)));
  CHECK(socket.Handshake().secure);
  CHECK(socket.Handshake().remote_address == "127.0.0.1");
  const std::string large(500'000, 'x');
  client.Send("x", large, 2);
  CHECK(client.Receive()["data"] == large);
  SECTION("the caller's deadline does not apply after the handshake") {
    CHECK(close_reason.wait_for(400ms) == std::future_status::timeout);
    client.Send("x", "later", 3);
    CHECK(client.Receive()["data"] == "later");
    client.Close();
  }
  SECTION("the close handshake ends the connection on both sides") {
    CHECK(client.Close(4000).code == 4000);
    CHECK(Get(std::move(close_reason)).code == 4000);
  }
  SECTION("a client that disconnects without a close frame is a transport error") {
    client.DropConnection();
    CHECK(Get(std::move(close_reason)).reason == EndReason::TransportError);
  }
  thread.join();
}

TEST_CASE("the handshake deadline does not end open connections, with TLS and without") {
  const bool secure = GENERATE(false, true);
  const ws::test::CertificateFiles files;
  ws::ServerOptions options{.connection = {.handshake_timeout = 300ms}};
  if (secure) options.tls = ws::TlsFiles{files.Chain(), files.Key()};
  Recorder recorder;
  TestServer server(std::move(options), [&](ws::Server& prepared) {
    prepared.Route("/ws", [&](Handler socket) {
      socket.On("x", [](const Json& data) { return data; });
      socket.On("disconnect", [&] { recorder.Add("disconnect"); });
    });
  });
  TestClient client(secure ? ws::test::DialTls(server->Port()) : ws::test::DialTcp(server->Port()));
  client.Upgrade();
  std::promise<void> never;
  CHECK(never.get_future().wait_for(600ms) == std::future_status::timeout);
  client.Send("x", "later", 1);
  CHECK(client.Receive()["data"] == "later");
  CHECK(recorder.Size() == 0);
  client.Close();
}

TEST_CASE("a close in a route's callback reaches the client after the 101, with TLS and without") {
  const bool secure = GENERATE(false, true);
  const ws::test::CertificateFiles files;
  ws::ServerOptions options;
  if (secure) options.tls = ws::TlsFiles{files.Chain(), files.Key()};
  TestServer server(std::move(options), [](ws::Server& prepared) {
    prepared.Route("/ws", [](Handler socket) { socket.Close(4000, "full"); });
  });
  for (int round = 0; round < 20; ++round) {
    TestClient client(secure ? ws::test::DialTls(server->Port()) : ws::test::DialTcp(server->Port()));
    client.Upgrade();
    REQUIRE(client.ReceiveClose().code == 4000);
  }
}

TEST_CASE("ReloadTls replaces the certificate of a running server, and open connections continue") {
  ws::test::CertificateFiles files;
  TestServer server({.tls = ws::TlsFiles{files.Chain(), files.Key()}}, [](ws::Server& prepared) {
    prepared.Route("/ws", [](Handler socket) { socket.On("x", [](const Json& data) { return data; }); });
  });
  TestClient before(ws::test::DialTls(server->Port()));
  before.Upgrade();
  const std::string old = ws::test::CertificateOf(server->Port());
  files.Renew();
  CHECK(ws::test::CertificateOf(server->Port()) == old);
  CHECK_FALSE(server->ReloadTls());
  const std::string renewed = ws::test::CertificateOf(server->Port());
  CHECK(renewed != old);
  before.Send("x", "still here", 1);
  CHECK(before.Receive()["data"] == "still here");

  // An invalid pair, here with the key of another certificate, changes nothing.
  std::ofstream(files.Key()) << ws::test::MakeCertificate().key;
  CHECK(server->ReloadTls());
  CHECK(ws::test::CertificateOf(server->Port()) == renewed);
  before.Close();
  server->Stop();
  CHECK(server->ReloadTls() == Errc::Closed);
  CHECK_THROWS_AS(ws::Server().ReloadTls(), std::logic_error);
}

TEST_CASE("certificates can be replaced while clients connect") {
  const ws::test::CertificateFiles files;
  TestServer server({.tls = ws::TlsFiles{files.Chain(), files.Key()}},
                    [](ws::Server& prepared) { prepared.Route("/ws", [](Handler) {}); });
  std::atomic<bool> done = false;
  std::thread reloading([&] {
    while (!done) CHECK_FALSE(server->ReloadTls());
  });
  for (int count = 0; count < 50; ++count) CHECK_FALSE(ws::test::CertificateOf(server->Port()).empty());
  done = true;
  reloading.join();
}
#endif
