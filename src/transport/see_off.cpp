#include "transport/see_off.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include "transport/as_tuple.hpp"

namespace ws::transport {

namespace asio = boost::asio;

asio::awaitable<void> SeeOff(std::shared_ptr<ByteStream> stream, std::chrono::seconds patience) {
  // The timer's handler may already be on its way when the peer is gone.
  asio::steady_timer timer(co_await asio::this_coro::executor, patience);
  timer.async_wait([stream](Error cancelled) {
    if (!cancelled) stream->Close();
  });
  auto shutdown = [&stream](auto handler) { stream->AsyncShutdown(std::move(handler)); };
  co_await asio::async_initiate<decltype(as_tuple), void(Error)>(shutdown, as_tuple);
  stream->Close();
}

}  // namespace ws::transport
