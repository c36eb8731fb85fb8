// TCP_NOTSENT_LOWAT keeps the kernel's buffer of unsent bytes small, so that the library notices a slow reader's
// progress.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstdint>
#include <future>
#include <vector>

#include "support/prelude.hpp"
#include "support/test_server.hpp"
#include "ws/ws.hpp"

namespace {

using NameOf = int (*)(int, sockaddr*, socklen_t*);

std::uint16_t PortOf(int socket, NameOf name) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  const int error = name(socket, reinterpret_cast<sockaddr*>(&address), &size);
  return error != 0 || address.sin_family != AF_INET ? 0 : ntohs(address.sin_port);
}

// Returns the TCP_NOTSENT_LOWAT of each TCP socket of this process that has the port at either end.
std::vector<int> UnsentLimits(std::uint16_t port) {
  std::vector<int> limits;
  for (int socket = 3; socket < 1000; ++socket) {
    const std::uint16_t peer_port = PortOf(socket, ::getpeername);
    if (peer_port == 0 || (peer_port != port && PortOf(socket, ::getsockname) != port)) continue;
    int limit = -1;
    socklen_t size = sizeof limit;
    ::getsockopt(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &limit, &size);
    limits.push_back(limit);
  }
  return limits;
}

}  // namespace

TEST_CASE("the server and the client limit the unsent bytes in the kernel") {
  TestServer server([](Handler) {});
  ws::Client client({.url = ws::test::UrlOf(server->Port())});
  std::promise<void> connected;
  client.On("connect", [&] { connected.set_value(); });
  client.Start();
  Get(connected.get_future());
  CHECK(UnsentLimits(server->Port()) == std::vector<int>{128 << 10, 128 << 10});
}
