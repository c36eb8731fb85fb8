// A mailbox with a fake connection, on one thread that the test drives or on a pool.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/fake_owner.hpp"
#include "ws/dispatch/mailbox.hpp"

namespace ws::test {

using Batch = std::vector<dispatch::Mailbox::ExchangePtr>;

inline Batch MakeBatch(const std::vector<std::string>& events) {
  Batch batch;
  for (const std::string& event : events) {
    using dispatch::Delivery;
    batch.push_back(MakeExchange(event, nullptr,
                                 event == "connect"      ? Delivery::Connect
                                 : event == "disconnect" ? Delivery::Disconnect
                                                         : Delivery::Event));
  }
  return batch;
}

/// Runs nothing until the test says so.
struct Step {
  void Put(const std::vector<std::string>& events) {
    Batch batch = MakeBatch(events);
    mailbox->Put(batch);
  }
  /// Runs all that is ready; how many times the executor was asked to.
  std::size_t Run() {
    context.restart();
    return context.poll();
  }

  boost::asio::io_context context;
  std::shared_ptr<FakeOwner> owner = std::make_shared<FakeOwner>();
  std::shared_ptr<dispatch::Mailbox> mailbox = std::make_shared<dispatch::Mailbox>(context.get_executor(), owner);
};

/// Runs on four threads.
struct Pool {
  ~Pool() { threads.join(); }

  boost::asio::thread_pool threads{4};
  std::shared_ptr<FakeOwner> owner = std::make_shared<FakeOwner>();
  std::shared_ptr<dispatch::Mailbox> mailbox = std::make_shared<dispatch::Mailbox>(threads.get_executor(), owner);
};

}  // namespace ws::test
