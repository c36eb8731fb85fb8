#include "ws/detail/transport/stream_adapter.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/strand.hpp>

namespace ws {

void LimitUnsentBytes(int socket) noexcept {
  constexpr int bytes = 128 << 10;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes, sizeof bytes);
}

std::span<char> ThreadReadBuffer() {
  constexpr std::size_t size = std::size_t{64} << 10;
  static thread_local const std::unique_ptr<char[]> buffer(new char[size]);
  return {buffer.get(), size};
}

boost::asio::any_io_executor MakeStrand(boost::asio::any_io_executor executor) {
  return boost::asio::make_strand(std::move(executor));
}

}  // namespace ws
