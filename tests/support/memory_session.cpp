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

std::future<CloseReason> EndOf(Handler& socket) {
  const auto promise = std::make_shared<std::promise<CloseReason>>();
  socket.OnTyped("disconnect", [promise](const CloseReason& reason) { promise->set_value(reason); });
  return promise->get_future();
}

MemorySession::MemorySession(Options options)
    : callbacks_(options.executor),
      work_(asio::make_work_guard(*context_)),
      pair_(context_->get_executor()),
      thread_([&context = *context_] { context.run(); }),
      socket(WithPool(std::move(options), pool_)),
      peer(OverPipes(pair_.to_second, pair_.to_first)) {}

MemorySession::~MemorySession() {
  if (context_) {
    peer.Cut();
    socket.Close();
    Start(socket.ClosedAsync()).wait_for(patience);
    // Its threads may still be posting to the context; of one that is not ours the last callback is waited for.
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
  return Start(std::move(init));
}

void MemorySession::Open(std::string leftover) {
  auto result = Init(UpgradeRequest(), std::move(leftover));
  const HttpAnswer answer = peer.ReadAnswer();
  if (answer.status != 101) throw std::runtime_error("refused: " + answer.head);
  if (const Error error = Get(std::move(result))) throw boost::system::system_error(error);
}

std::future<Error> MemorySession::Start(asio::awaitable<Error> work) {
  return asio::co_spawn(*context_, std::move(work), asio::use_future);
}

std::future<Reply> MemorySession::Start(asio::awaitable<Reply> work) {
  return asio::co_spawn(*context_, std::move(work), asio::use_future);
}

void MemorySession::Settle() {
  for (int turn = 0; turn < 50; ++turn) {
    std::promise<void> settled;
    asio::post(*context_, [&] { settled.set_value(); });
    Get(settled.get_future());
  }
}

void MemorySession::DestroyContext() {
  work_.reset();
  context_->stop();
  thread_.join();
  context_.reset();
}

}  // namespace ws::test
