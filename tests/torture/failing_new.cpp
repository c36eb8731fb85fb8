#include "torture/failing_new.hpp"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"  // these two are a pair, though it sees one inlined only
#endif

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace {

constexpr std::size_t never = SIZE_MAX;

std::atomic<std::size_t> min_failing_bytes = never;
std::atomic<bool> has_failed = false;
thread_local bool is_exempt = false;

bool ShouldFail(std::size_t size) {
  if (is_exempt || size < min_failing_bytes) return false;
  if (min_failing_bytes.exchange(never) == never) return false;
  has_failed = true;
  return true;
}

}  // namespace

void* operator new(std::size_t size) {
  void* const memory = ShouldFail(size) ? nullptr : std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  const auto unit = static_cast<std::size_t>(alignment);
  void* const memory = ShouldFail(size) ? nullptr : std::aligned_alloc(unit, (size + unit - 1) / unit * unit);
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

void ExemptThisThread() noexcept {
  is_exempt = true;
}
void FailNextAllocation(std::size_t min_bytes) noexcept {
  has_failed = false;
  min_failing_bytes = min_bytes;
}
bool HasFailed() noexcept {
  return has_failed;
}

}  // namespace ws::torture
