#include "load/loop.hpp"

#include <cerrno>
#include <system_error>

#include <sys/epoll.h>
#include <unistd.h>

namespace load {
namespace {

void Control(int epoll, int operation, int socket, Pollable& pollable, bool writable) {
  epoll_event event{};
  event.events = EPOLLIN | (writable ? EPOLLOUT : 0U);
  event.data.ptr = &pollable;
  if (epoll_ctl(epoll, operation, socket, &event) != 0)
    throw std::system_error(errno, std::system_category(), "epoll_ctl");
}

}  // namespace

Loop::Loop() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_ < 0) throw std::system_error(errno, std::system_category(), "epoll_create1");
}

Loop::~Loop() {
  close(epoll_);
}

void Loop::Add(int socket, Pollable& pollable, bool writable) {
  Control(epoll_, EPOLL_CTL_ADD, socket, pollable, writable);
}

void Loop::Change(int socket, Pollable& pollable, bool writable) {
  Control(epoll_, EPOLL_CTL_MOD, socket, pollable, writable);
}

void Loop::Wait(std::chrono::milliseconds longest) {
  std::array<epoll_event, 256> events;
  const int ready =
      epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), static_cast<int>(longest.count()));
  for (int index = 0; index < ready; ++index) {
    const epoll_event& event = events[static_cast<std::size_t>(index)];
    static_cast<Pollable*>(event.data.ptr)->OnReady(event.events);
  }
}

}  // namespace load
