// A client over TLS: whom it trusts.
#include "ws/ws.hpp"

#if WS_HAS_TLS
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/error.hpp>
#include <future>
#include <string>

#include "support/catch.hpp"
#include "support/patience.hpp"
#include "support/test_server.hpp"
#include "support/tls.hpp"

using namespace std::chrono_literals;
using ws::Client;
using ws::ClientOptions;
using ws::Handler;
using ws::Json;
using ws::test::CertificateFiles;
using ws::test::Get;
using ws::test::TestServer;

namespace {

TestServer MakeServer(const CertificateFiles& files) {
  return TestServer({.tls = ws::TlsFiles{files.Chain(), files.Key()}}, [](ws::Server& server) {
    server.Route("/ws", [](Handler socket) { socket.On("echo", [](const Json& data) { return data; }); });
  });
}

std::string UrlOf(const std::string& host, TestServer& server) {
  return "wss://" + host + ":" + std::to_string(server->Port()) + "/ws";
}

// Why its first attempt failed.
ws::Error FirstFailure(ClientOptions options) {
  std::promise<ws::Error> failed;
  std::atomic<bool> told = false;
  options.backoff_base = 1ms;
  Client client(std::move(options));
  client.OnReconnecting([&](const ws::Reconnecting& next) {
    if (!told.exchange(true)) failed.set_value(next.error);
  });
  client.On("connect", [] { FAIL_CHECK("it connected"); });
  client.Start();
  return Get(failed.get_future());
}

}  // namespace

TEST_CASE("a client speaks TLS to a server whose authority it was told") {
  const CertificateFiles files;
  TestServer server = MakeServer(files);
  Client client({.url = UrlOf("localhost", server), .ca_file = files.Chain()});
  client.Start();
  const std::string large(300'000, 'x');
  std::promise<Json> answered;
  client.Request("echo", large, [&](ws::Reply reply) { answered.set_value(std::move(reply.data)); });
  CHECK(Get(answered.get_future()) == large);
  client.Stop();
}

TEST_CASE("a client refuses a certificate that it does not trust, or that is another host's") {
  const CertificateFiles files, others;
  TestServer server = MakeServer(files);
  CHECK(FirstFailure({.url = UrlOf("localhost", server)}).category() == boost::asio::error::get_ssl_category());
  CHECK(FirstFailure({.url = UrlOf("localhost", server), .ca_file = others.Chain()}).category() ==
        boost::asio::error::get_ssl_category());
  CHECK(FirstFailure({.url = UrlOf("127.0.0.1", server), .ca_file = files.Chain()}).category() ==
        boost::asio::error::get_ssl_category());
}

TEST_CASE("a server that speaks no TLS is an error to a client that does") {
  const CertificateFiles files;
  TestServer server([](Handler) {});
  CHECK(FirstFailure({.url = UrlOf("localhost", server), .ca_file = files.Chain()}));
}

TEST_CASE("Stop ends a TLS handshake that the server does not answer") {
  const CertificateFiles files;
  boost::asio::io_context context;
  boost::asio::ip::tcp::acceptor silent(context, {boost::asio::ip::address_v4::loopback(), 0});
  Client client(
      {.url = "wss://localhost:" + std::to_string(silent.local_endpoint().port()) + "/", .ca_file = files.Chain()});
  client.Start();
  silent.accept();
  client.Stop();
  CHECK(client.Emit("x") == ws::Errc::Closed);
}
#endif
