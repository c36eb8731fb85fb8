// An event loop over epoll.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

namespace load {

using Clock = std::chrono::steady_clock;

class Pollable {
 public:
  virtual ~Pollable() = default;
  virtual void OnReady(std::uint32_t events) = 0;
};

class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void Add(int socket, Pollable& pollable, bool writable);
  void Change(int socket, Pollable& pollable, bool writable);

  // Runs until `done` returns true or the time is over; calls `done` after each wait. Returns false if the time is
  // over.
  template <class Done>
  bool Run(std::chrono::milliseconds time, Done done) {
    const Clock::time_point end = Clock::now() + time;
    while (!done()) {
      const Clock::time_point now = Clock::now();
      if (now >= end) return false;
      Wait(std::chrono::ceil<std::chrono::milliseconds>(end - now));
    }
    return true;
  }
  void Run(std::chrono::milliseconds time) {
    Run(time, [] { return false; });
  }

  // A buffer for one read. Its contents are valid until the next read.
  std::array<char, 256 << 10>& Scratch() { return scratch_; }

 private:
  void Wait(std::chrono::milliseconds longest);

  int epoll_;
  std::array<char, 256 << 10> scratch_{};
};

}  // namespace load
