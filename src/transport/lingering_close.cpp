#include "transport/lingering_close.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/this_coro.hpp>

#include "connection/asio_compat.hpp"

namespace ws::transport {

namespace asio = boost::asio;
using connection::as_tuple;

asio::awaitable<void> LingeringCloseAsync(std::shared_ptr<ByteStream> stream, asio::steady_timer::time_point deadline) {
  asio::steady_timer timer(co_await asio::this_coro::executor, deadline);
  timer.async_wait([stream](Error cancelled) {
    if (!cancelled) stream->Close();
  });
  auto shutdown = [&stream](auto handler) { stream->AsyncShutdown(std::move(handler)); };
  co_await asio::async_initiate<decltype(as_tuple), void(Error)>(shutdown, as_tuple);
  stream->Close();
}

}  // namespace ws::transport
