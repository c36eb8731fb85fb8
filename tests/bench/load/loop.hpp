// Waits for sockets.
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

  // Until `done` answers true, which is asked after each wait, or until the time is over; whether it was done.
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

  // What one read may fill; nobody keeps views of it.
  std::array<char, 256 << 10>& Scratch() { return scratch_; }

 private:
  void Wait(std::chrono::milliseconds longest);

  int epoll_;
  std::array<char, 256 << 10> scratch_{};
};

}  // namespace load
