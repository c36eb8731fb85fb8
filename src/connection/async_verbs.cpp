#include "connection/async_verbs.hpp"

#include <atomic>
#include <boost/asio/async_result.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace ws::connection {

namespace asio = boost::asio;

namespace {

asio::awaitable<Error> WaitForAsync(std::shared_ptr<Connection> connection, State state) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  auto wait = [&](auto handler) {
    const auto keep = connection;  // the coroutine may end before this lambda returns
    static std::atomic<std::uint64_t> last_id = 0;
    const std::uint64_t id = ++last_id;
    Completion<Error> waiter(executor, std::move(handler));
    waiter.OnCancel([weak = std::weak_ptr(keep), state, id] {
      const auto cancelled = weak.lock();
      auto removed = cancelled ? cancelled->Life().RemoveWaiter(state, id) : std::nullopt;
      if (removed) std::move(*removed).Complete([] { return Error(Errc::Cancelled); });
    });
    auto reached = keep->Life().AddWaiter(state, id, std::move(waiter));
    if (reached) std::move(*reached).Complete([] { return Error(); });
  };
  const auto [error] = co_await asio::async_initiate<decltype(as_tuple), void(Error)>(wait, as_tuple);
  co_return error;
}

}  // namespace

asio::awaitable<Error> EmitAsync(std::shared_ptr<Connection> connection, protocol::FramePtr frame) {
  if (const std::optional<Error> error = connection->EmitIfRoom(frame)) co_return *error;
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  auto emit = [&](auto handler) {
    const auto keep = connection;  // the coroutine may be destroyed before EmitWhenRoom returns
    keep->EmitWhenRoom(std::move(frame), Completion<Error>(executor, std::move(handler)));
  };
  const auto [error] = co_await asio::async_initiate<decltype(as_tuple), void(Error)>(emit, as_tuple);
  co_return error;
}

asio::awaitable<Reply> RequestAsync(std::shared_ptr<Connection> connection, PreparedRequest request,
                                    std::chrono::milliseconds timeout) {
  constexpr auto token = asio::use_awaitable;
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  auto send = [&](auto handler) {
    const auto keep = connection;  // the coroutine may be destroyed before SendRequest returns
    keep->SendRequest(std::move(request), timeout, Completion<Reply>(executor, std::move(handler)));
  };
  co_return co_await asio::async_initiate<decltype(token), void(Reply)>(send, token);
}

asio::awaitable<Error> DisconnectedAsync(std::shared_ptr<Connection> connection) {
  return WaitForAsync(std::move(connection), State::Disconnected);
}

asio::awaitable<Error> FinishedAsync(std::shared_ptr<Connection> connection) {
  if (connection->RunningInThisThread()) co_return Errc::WouldDeadlock;
  co_return co_await WaitForAsync(std::move(connection), State::Finished);
}

}  // namespace ws::connection
