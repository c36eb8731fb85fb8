#include "support/memory_session.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>

namespace ws::test {

namespace asio = boost::asio;

namespace {

Options WithPool(Options options, asio::thread_pool& pool) {
  if (!options.executor) options.executor = pool.get_executor();
  return options;
}

}  // namespace

HttpRequest UpgradeRequest() {
  HttpRequest request;
  request.method = "GET";
  request.target = "/ws";
  request.headers = {{"Host", "localhost"},
                     {"Connection", "Upgrade"},
                     {"Upgrade", "websocket"},
                     {"Sec-WebSocket-Version", "13"},
                     {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}};
  return request;
}

MemorySession::MemorySession(Options options)
    : callbacks_(options.executor),
      work_(asio::make_work_guard(*context_)),
      pair_(context_->get_executor()),
      thread_([&context = *context_] { context.run(); }),
      socket(WithPool(std::move(options), pool_)),
      peer(MakePipeChannel(pair_.to_second, pair_.to_first)) {}

MemorySession::~MemorySession() {
  if (context_) {
    peer.DropConnection();
    socket.Close();
    Spawn(socket.ClosedAsync()).wait_for(wait_timeout);
    // The pool's threads may still post to the context, so they end first. An executor of the test cannot be
    // joined here: the posted handler runs after the last callback.
    pool_.join();
    if (callbacks_) {
      std::promise<void> left;
      asio::post(callbacks_, [&] { left.set_value(); });
      left.get_future().wait();
    }
    DestroyContext();
  }
  pool_.join();
}

std::future<Error> MemorySession::Init(HttpRequest request, std::string leftover) {
  auto init = socket.Init(std::move(pair_.first), std::move(request), leftover);
  return Spawn(std::move(init));
}

void MemorySession::Open(std::string leftover) {
  auto result = Init(UpgradeRequest(), std::move(leftover));
  const RawResponse answer = peer.ReceiveResponse();
  if (answer.status != 101) throw std::runtime_error("refused: " + answer.head);
  if (const Error error = Get(std::move(result))) throw boost::system::system_error(error);
}

std::future<Error> MemorySession::Spawn(asio::awaitable<Error> work) {
  return asio::co_spawn(*context_, std::move(work), asio::use_future);
}

std::future<Reply> MemorySession::Spawn(asio::awaitable<Reply> work) {
  return asio::co_spawn(*context_, std::move(work), asio::use_future);
}

void MemorySession::RunReadyHandlers() {
  for (int round = 0; round < 50; ++round) {
    std::promise<void> done;
    asio::post(*context_, [&] { done.set_value(); });
    Get(done.get_future());
  }
}

void MemorySession::DestroyContext() {
  work_.reset();
  context_->stop();
  thread_.join();
  context_.reset();
}

}  // namespace ws::test
