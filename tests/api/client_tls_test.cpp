// A client over TLS: which certificates it trusts.
#include "ws/ws.hpp"

#if WS_HAS_TLS
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/error.hpp>
#include <future>
#include <string>

#include "support/prelude.hpp"
#include "support/test_server.hpp"
#include "support/tls.hpp"

using ws::Client;
using ws::ClientOptions;
using ws::test::CertificateFiles;

namespace {

TestServer MakeServer(const CertificateFiles& files) {
  return TestServer({.tls = ws::TlsFiles{files.Chain(), files.Key()}}, [](ws::Server& server) {
    server.Route("/ws", [](Handler socket) { socket.On("echo", [](const Json& data) { return data; }); });
  });
}

std::string UrlOf(const std::string& host, TestServer& server) {
  return "wss://" + host + ":" + std::to_string(server->Port()) + "/ws";
}

// Returns the error of the client's first attempt.
Error FirstFailure(ClientOptions options) {
  std::promise<Error> failed;
  std::atomic<bool> told = false;
  options.backoff_base = 1ms;
  Client client(std::move(options));
  client.OnReconnecting([&](const ws::Reconnecting& next) {
    if (!told.exchange(true)) failed.set_value(next.error);
  });
  client.On("connect", [] { FAIL_CHECK("the client connected"); });
  client.Start();
  return Get(failed.get_future());
}

}  // namespace

TEST_CASE("a client connects by TLS to a server whose certificate authority it was given") {
  const CertificateFiles files;
  TestServer server = MakeServer(files);
  Client client({.url = UrlOf("localhost", server), .ca_file = files.Chain()});
  client.Start();
  const std::string large(300'000, 'x');
  std::promise<Json> answered;
  client.Request("echo", large, [&](Reply reply) { answered.set_value(std::move(reply.data)); });
  CHECK(Get(answered.get_future()) == large);
  client.Stop();
}

TEST_CASE("a client refuses a certificate that it does not trust, or that belongs to another host") {
  const CertificateFiles files, others;
  TestServer server = MakeServer(files);
  CHECK(FirstFailure({.url = UrlOf("localhost", server)}).category() == asio::error::get_ssl_category());
  CHECK(FirstFailure({.url = UrlOf("localhost", server), .ca_file = others.Chain()}).category() ==
        asio::error::get_ssl_category());
  CHECK(FirstFailure({.url = UrlOf("127.0.0.1", server), .ca_file = files.Chain()}).category() ==
        asio::error::get_ssl_category());
}

TEST_CASE("a TLS client reports an error if the server does not use TLS") {
  const CertificateFiles files;
  TestServer server([](Handler) {});
  CHECK(FirstFailure({.url = UrlOf("localhost", server), .ca_file = files.Chain()}));
}

TEST_CASE("Stop aborts a TLS handshake that the server does not answer") {
  const CertificateFiles files;
  asio::io_context context;
  asio::ip::tcp::acceptor silent(context, {asio::ip::address_v4::loopback(), 0});
  Client client(
      {.url = "wss://localhost:" + std::to_string(silent.local_endpoint().port()) + "/", .ca_file = files.Chain()});
  client.Start();
  silent.accept();
  client.Stop();
  CHECK(client.Emit("x") == Errc::Closed);
}
#endif
