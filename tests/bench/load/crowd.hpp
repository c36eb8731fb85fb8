// Many clients, and what they come to.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "load/client.hpp"
#include "load/dialect.hpp"
#include "load/histogram.hpp"
#include "load/loop.hpp"
#include "load/meter.hpp"
#include "load/settings.hpp"

namespace load {

// What is to be printed; `messages` are what the mode counts.
struct Result {
  double seconds = 0;
  std::uint64_t messages = 0;
  Usage before, after;          // of the server
  Usage our_before, our_after;  // of the generator
};

class Crowd : public Client::Owner {
 public:
  explicit Crowd(const Settings& settings);

  // Opens all, 64 at once.
  void OpenAll();
  // Warms up, then measures.
  Result Measure();

  const Histogram& Latencies() const { return latencies_; }

 protected:
  void OnOpen(Client& client) override;
  void OnEnd(Client&) override {}

  // Counts; latencies are told in time since `sent`.
  void Count(unsigned messages, Clock::time_point sent, Clock::time_point now);
  // Throws std::runtime_error where it is not done in time.
  template <class Done>
  void Await(const char* what, Done done) {
    if (!loop_.Run(std::chrono::seconds(30), done)) throw std::runtime_error(what);
  }

  Message MessageOf(const Client& client, const char* event = "echo") const;

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
