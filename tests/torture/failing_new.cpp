#include "torture/failing_new.hpp"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"  // these two are a pair, though it sees one inlined only
#endif

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<long> until_failure = 0;
std::atomic<std::size_t> also_exempt = 0;
thread_local bool is_spared = false;

// What Asio 1.81 needs for a strand of an any_io_executor: to make it, its owners' count and its mutex, without which
// it is destroyed half-made; to run it, an executor's property, without which it never runs again.
bool IsExempt(std::size_t size) {
  return size == 24 || size == 40 || size == 4 || size == also_exempt;
}

bool Fails(std::size_t size) {
  return !IsExempt(size) && !is_spared && until_failure.load(std::memory_order_relaxed) > 0 &&
         until_failure.fetch_sub(1) == 1;
}

}  // namespace

void* operator new(std::size_t size) {
  void* const memory = Fails(size) ? nullptr : std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  const auto unit = static_cast<std::size_t>(alignment);
  void* const memory = Fails(size) ? nullptr : std::aligned_alloc(unit, (size + unit - 1) / unit * unit);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return std::malloc(size);  // a sanitizer's own would not go with our delete
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}

namespace ws::torture {

void SpareThisThread() noexcept {
  is_spared = true;
}
void Exempt(std::size_t size) noexcept {
  also_exempt = size;
}
void FailAllocation(long number) noexcept {
  until_failure = number;
}
bool HasFailed() noexcept {
  return until_failure.exchange(0) <= 0;
}

}  // namespace ws::torture
