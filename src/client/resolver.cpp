#include "client/resolver.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <thread>

namespace ws::client {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

Addresses LookUp(const std::string& host, const std::string& port) {
  asio::io_context context;
  Addresses found;
  for (const auto& entry : tcp::resolver(context).resolve(host, port, found.error))
    found.endpoints.push_back(entry.endpoint());
  return found;
}

}  // namespace

// Handler of a wait on the coroutine's context. If it is destroyed without a call, the context is being destroyed, and
// so the coroutine is destroyed too.
struct Resolver::ContextGuard {
  std::shared_ptr<Resolver> resolver;
  std::shared_ptr<asio::steady_timer> timer;

  ContextGuard(std::shared_ptr<Resolver> of, std::shared_ptr<asio::steady_timer> waits)
      : resolver(std::move(of)), timer(std::move(waits)) {}
  ContextGuard(ContextGuard&&) = default;
  ~ContextGuard() {
    if (resolver) resolver->DropWaiter();
  }
  void operator()(Error) { resolver.reset(); }
};

asio::awaitable<Addresses> Resolver::ResolveAsync(std::shared_ptr<Resolver> self, std::string host, std::string port) {
  Error error;
  const asio::ip::address address = asio::ip::make_address(host, error);
  if (!error) {
    Addresses found;
    found.endpoints.emplace_back(address, static_cast<std::uint16_t>(std::stoul(port)));
    co_return found;
  }
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  const auto timer = std::make_shared<asio::steady_timer>(executor, asio::steady_timer::time_point::max());
  timer->async_wait(ContextGuard(self, timer));
  auto look_up = [&](auto handler) {
    const auto keep = self;  // the coroutine may end before this lambda returns
    {
      const std::lock_guard lock(keep->mutex_);
      keep->waiter_.emplace(executor, std::move(handler));
    }
    std::thread([keep, host, port] { keep->Finish(LookUp(host, port)); }).detach();
  };
  Addresses found =
      co_await asio::async_initiate<const asio::use_awaitable_t<>, void(Addresses)>(look_up, asio::use_awaitable);
  timer->cancel();
  co_return found;
}

// While the lock is held, the context is not destroyed: see ContextGuard.
void Resolver::Finish(Addresses found) {
  const std::lock_guard lock(mutex_);
  if (!waiter_) return;
  std::move(*waiter_).Complete([found = std::move(found)] { return found; });
  waiter_.reset();
}

void Resolver::DropWaiter() {
  std::optional<connection::Completion<Addresses>> waiter;  // destroyed without the lock
  const std::lock_guard lock(mutex_);
  if (!waiter_) return;
  waiter.emplace(std::move(*waiter_));
  waiter_.reset();
}

}  // namespace ws::client
