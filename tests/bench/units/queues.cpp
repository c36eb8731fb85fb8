// Measures the send queue and the mailbox. A time is that of one batch; an item is a message.
#include <benchmark/benchmark.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <vector>

#include "units/sample.hpp"
#include "ws/detail/dispatch/mailbox.hpp"
#include "ws/detail/protocol/message_frames.hpp"
#include "ws/detail/protocol/send_queue.hpp"

namespace {

using ws::dispatch::EventDispatch;
using ws::dispatch::EventKind;
using ws::dispatch::Mailbox;

void PushAndTake(benchmark::State& state) {
  const auto frame = ws::protocol::RawFrame(ws::bench::SampleText(), ws::MessageType::Text);
  ws::protocol::SendQueue<int> queue({});
  std::vector<ws::protocol::Outgoing> batch;
  for (auto _ : state) {
    for (auto left = state.range(0); left > 0; --left) queue.Emit({frame});
    queue.PopBatch(batch, 256, std::size_t{1} << 20);
    queue.CompleteBatch(batch);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(PushAndTake)->Arg(1)->Arg(32);

// A connection with one callback that does nothing.
class Owner final : public ws::dispatch::MailboxOwner {
 public:
  struct NoHandler {
    explicit NoHandler(ws::dispatch::ConnectionPtr) {}
  };

  Owner() {
    table_.Add("echo", ws::dispatch::MakeCallback<NoHandler>([] {}));
  }

  bool CanStart() override { return true; }
  ws::dispatch::ConnectionPtr Self() override { return nullptr; }
  ws::dispatch::CallbackList FindCallbacks(EventKind, const ws::Message& message) override {
    ws::dispatch::CallbackList found;
    found.Add(table_.Find(message.Event()));
    return found;
  }
  void RemoveOnce(const ws::dispatch::Registration&) override {}
  void OnHandled(EventKind, const ws::Message&, ws::dispatch::DispatchResult) override {
    if (--left == 0) left.notify_one();
  }
  void OnCallbackException(const ws::Message&, std::string_view) override {}
  void OnDiscarded(const ws::Message&) override {}
  void OnFailure() override {}

  std::atomic<std::int64_t> left = 0;

 private:
  ws::dispatch::EventTable table_;
};

void PutBatch(Mailbox& mailbox, Owner& owner, std::int64_t size) {
  std::vector<Mailbox::DispatchPtr> batch;
  for (auto left = size; left > 0; --left)
    batch.push_back(std::make_shared<EventDispatch>(EventKind::Message, "echo", nullptr));
  owner.left = size;
  mailbox.Put(batch);
}

// Measures the mailbox in a single thread.
void HandOver(benchmark::State& state) {
  boost::asio::io_context context{1};
  const auto owner = std::make_shared<Owner>();
  const auto mailbox = std::make_shared<Mailbox>(context.get_executor(), owner);
  for (auto _ : state) {
    PutBatch(*mailbox, *owner, state.range(0));
    context.restart();
    context.poll();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(HandOver)->Arg(1)->Arg(32);

// Measures the mailbox with a thread pool, which is idle before each batch.
void HandOverToPool(benchmark::State& state) {
  boost::asio::thread_pool pool{2};
  const auto owner = std::make_shared<Owner>();
  const auto mailbox = std::make_shared<Mailbox>(pool.get_executor(), owner);
  for (auto _ : state) {
    PutBatch(*mailbox, *owner, state.range(0));
    for (auto left = owner->left.load(); left != 0; left = owner->left.load()) owner->left.wait(left);
  }
  pool.join();
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(HandOverToPool)->Arg(1)->Arg(32)->UseRealTime();

}  // namespace
