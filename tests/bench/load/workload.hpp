// Base class of the modes: opens the clients, counts messages and measures.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "load/client.hpp"
#include "load/dialect.hpp"
#include "load/histogram.hpp"
#include "load/loop.hpp"
#include "load/process_usage.hpp"
#include "load/settings.hpp"

namespace load {

struct Result {
  double seconds = 0;
  std::uint64_t messages = 0;               // messages, deliveries or connections, depending on the mode
  Usage before, after;                      // of the server
  Usage generator_before, generator_after;  // of the load generator
};

class Workload : public Client::Observer {
 public:
  explicit Workload(const Settings& settings);

  // Opens all connections, at most 64 at the same time.
  void OpenAll();
  // Runs the warm-up, then measures.
  Result Measure();

  const Histogram& Latencies() const { return latencies_; }

 protected:
  void OnOpen(Client& client) override;
  void OnEnd(Client&) override {}

  // Counts messages; their latency is the time since `sent`.
  void Count(unsigned messages, Clock::time_point sent, Clock::time_point now);
  // Runs the loop until `done` returns true. Throws std::runtime_error(`what`) after 30 seconds.
  template <class Done>
  void WaitUntil(const char* what, Done done) {
    if (!loop_.Run(std::chrono::seconds(30), done)) throw std::runtime_error(what);
  }

  Message MakeMessage(const Client& client, const char* event = "echo") const;

  const Settings settings_;
  const Dialect dialect_;
  Loop loop_;
  std::vector<std::unique_ptr<Client>> clients_;

 private:
  void OpenNext();

  std::size_t begun_ = 0, open_ = 0;
  std::uint64_t messages_ = 0;
  Histogram latencies_;
};

}  // namespace load
