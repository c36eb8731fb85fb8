// What messages wait in: the send queue and the mailbox. A time is that of a batch, items are messages.
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

using ws::dispatch::Delivery;
using ws::dispatch::Exchange;
using ws::dispatch::Mailbox;

void PushAndTake(benchmark::State& state) {
  const auto frame = ws::protocol::RawFrame(ws::bench::SampleText(), ws::MessageType::Text);
  ws::protocol::SendQueue<int> queue({});
  std::vector<ws::protocol::Outgoing> batch;
  for (auto _ : state) {
    for (auto left = state.range(0); left > 0; --left) queue.Emit({frame});
    queue.Take(batch, 256, std::size_t{1} << 20);
    queue.Sent(batch);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(PushAndTake)->Arg(1)->Arg(32);

// A connection with one callback, which does nothing.
class Owner final : public ws::dispatch::MailboxOwner {
 public:
  struct Nobody {
    explicit Nobody(ws::dispatch::ConnectionPtr) {}
  };

  Owner() {
    table_.Add("echo", ws::dispatch::MakeCallback<Nobody>([] {}));
  }

  bool MayStart() override { return true; }
  ws::dispatch::ConnectionPtr Self() override { return nullptr; }
  ws::dispatch::Listeners Find(Delivery, const ws::Message& message) override {
    ws::dispatch::Listeners found;
    found.Add(table_.Find(message.Event()));
    return found;
  }
  void Forget(const ws::dispatch::Registration&) override {}
  void Answered(Delivery, const ws::Message&, ws::dispatch::Answer) override {
    if (--left == 0) left.notify_one();
  }
  void Threw(const ws::Message&, std::string_view) override {}
  void Discarded(const ws::Message&) override {}
  void Broke() noexcept override {}

  std::atomic<std::int64_t> left = 0;

 private:
  ws::dispatch::EventTable table_;
};

void PutBatch(Mailbox& mailbox, Owner& owner, std::int64_t size) {
  std::vector<Mailbox::ExchangePtr> batch;
  for (auto left = size; left > 0; --left)
    batch.push_back(std::make_shared<Exchange>(Delivery::Event, "echo", nullptr));
  owner.left = size;
  mailbox.Put(batch);
}

// Without another thread: what the mailbox itself costs.
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

// There and back, with the pool asleep before each batch.
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
