#include "support/test_server.hpp"

#include <utility>

namespace ws::test {

namespace {

ServerOptions OnFreePort(ServerOptions options) {
  options.port = 0;
  if (options.workers == 0) options.workers = 2;
  return options;
}

void StartOrThrow(Server& server) {
  if (const Error error = server.Start()) throw boost::system::system_error(error);
}

}  // namespace

TestServer::TestServer(std::function<void(Handler)> opened, Options options, ServerOptions server)
    : server_(OnFreePort(std::move(server))) {
  server_.Route("/ws", std::move(options), std::move(opened));
  StartOrThrow(server_);
}

TestServer::TestServer(ServerOptions server, const std::function<void(Server&)>& prepare)
    : server_(OnFreePort(std::move(server))) {
  prepare(server_);
  StartOrThrow(server_);
}

TestClient TestServer::Connect(const std::string& target, const std::string& headers) const {
  TestClient client = Dial();
  client.Upgrade(target, headers);
  return client;
}

}  // namespace ws::test
