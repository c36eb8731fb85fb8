// TLS: Init on a stream of the caller's own. The server's is held to RFC 6455 by tests/conformance.
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

#include "support/catch.hpp"
#include "support/memory_session.hpp"
#include "support/test_server.hpp"
#include "support/tls.hpp"

namespace asio = boost::asio;
using namespace std::chrono_literals;
namespace beast = boost::beast;
using asio::ip::tcp;
using ws::Error;
using ws::Handler;
using ws::Json;
using ws::test::Get;
using ws::test::TestClient;

namespace {

template <class Stream>
asio::awaitable<Error> Mount(tcp::acceptor& acceptor, asio::ssl::context& tls, Handler socket) {
  Stream stream(co_await acceptor.async_accept(asio::use_awaitable), tls);
  // A deadline of the caller's own for its handshake.
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

TEMPLATE_TEST_CASE("a TLS stream over either kind of TCP stream is upgraded", "", asio::ssl::stream<tcp::socket>,
                   asio::ssl::stream<beast::tcp_stream>) {
  asio::io_context context(1);
  asio::ssl::context tls = MakeContext();
  tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
  Handler socket;
  auto end = ws::test::EndOf(socket);
  socket.On("x", [](const Json& data) { return data; });
  auto result = asio::co_spawn(context, Mount<TestType>(acceptor, tls, socket), asio::use_future);
  std::thread thread([&context] { context.run(); });
  TestClient client(ws::test::DialTls(acceptor.local_endpoint().port()));
  client.SendBytes(ws::test::UpgradeText() +
                   ws::test::MaskedFrame(ws::protocol::Opcode::Text, R"({"event":"x","id":1,"data":7})"));
  CHECK(client.ReadAnswer().status == 101);
  CHECK(client.Receive()["data"] == 7);
  CHECK_FALSE(Get(std::move(result)));
  CHECK(socket.Handshake().secure);
  CHECK(socket.Handshake().remote_address == "127.0.0.1");
  const std::string large(500'000, 'x');
  client.Send("x", large, 2);
  CHECK(client.Receive()["data"] == large);
  SECTION("the caller's deadline ends with its handshake") {
    CHECK(end.wait_for(400ms) == std::future_status::timeout);
    client.Send("x", "later", 3);
    CHECK(client.Receive()["data"] == "later");
    client.Close();
  }
  SECTION("the close handshake ends both sides") {
    CHECK(client.Close(4000).code == 4000);
    CHECK(Get(std::move(end)).code == 4000);
  }
  SECTION("a client that is gone without a close frame is a transport error") {
    client.Cut();
    CHECK(Get(std::move(end)).reason == ws::EndReason::TransportError);
  }
  thread.join();
}

TEST_CASE("a server's connections outlive the handshake's deadline, with TLS and without") {
  const bool secure = GENERATE(false, true);
  const ws::test::CertificateFiles files;
  ws::ServerOptions options{.connection = {.handshake_timeout = 300ms}};
  if (secure) options.tls = ws::TlsFiles{files.Chain(), files.Key()};
  ws::test::Journal journal;
  ws::test::TestServer server(std::move(options), [&](ws::Server& one) {
    one.Route("/ws", [&](Handler socket) {
      socket.On("x", [](const Json& data) { return data; });
      socket.On("disconnect", [&] { journal.Add("disconnect"); });
    });
  });
  TestClient client(secure ? ws::test::DialTls(server->Port()) : ws::test::DialTcp(server->Port()));
  client.Upgrade();
  std::promise<void> never;
  CHECK(never.get_future().wait_for(600ms) == std::future_status::timeout);
  client.Send("x", "later", 1);
  CHECK(client.Receive()["data"] == "later");
  CHECK(journal.Size() == 0);
  client.Close();
}

TEST_CASE("a route that closes is heard behind the 101, with TLS and without") {
  const bool secure = GENERATE(false, true);
  const ws::test::CertificateFiles files;
  ws::ServerOptions options;
  if (secure) options.tls = ws::TlsFiles{files.Chain(), files.Key()};
  ws::test::TestServer server(std::move(options), [](ws::Server& one) {
    one.Route("/ws", [](Handler socket) { socket.Close(4000, "full"); });
  });
  for (int round = 0; round < 20; ++round) {
    TestClient client(secure ? ws::test::DialTls(server->Port()) : ws::test::DialTcp(server->Port()));
    client.Upgrade();
    REQUIRE(client.ReceiveClose().code == 4000);
  }
}

TEST_CASE("a certificate is swapped while the server runs; open connections keep theirs") {
  ws::test::CertificateFiles files;
  ws::test::TestServer server({.tls = ws::TlsFiles{files.Chain(), files.Key()}}, [](ws::Server& one) {
    one.Route("/ws", [](Handler socket) { socket.On("x", [](const Json& data) { return data; }); });
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

  // What cannot be used changes nothing: here a key of another certificate.
  std::ofstream(files.Key()) << ws::test::MakeCertificate().key;
  CHECK(server->ReloadTls());
  CHECK(ws::test::CertificateOf(server->Port()) == renewed);
  before.Close();
  server->Stop();
  CHECK(server->ReloadTls() == ws::Errc::Closed);
  CHECK_THROWS_AS(ws::Server().ReloadTls(), std::logic_error);
}

TEST_CASE("certificates are swapped while clients connect") {
  const ws::test::CertificateFiles files;
  ws::test::TestServer server({.tls = ws::TlsFiles{files.Chain(), files.Key()}},
                              [](ws::Server& one) { one.Route("/ws", [](Handler) {}); });
  std::atomic<bool> done = false;
  std::thread swapping([&] {
    while (!done) CHECK_FALSE(server->ReloadTls());
  });
  for (int count = 0; count < 50; ++count) CHECK_FALSE(ws::test::CertificateOf(server->Port()).empty());
  done = true;
  swapping.join();
}
#endif
