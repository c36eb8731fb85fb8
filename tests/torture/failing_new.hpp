// An `operator new` that can be let fail, for the whole program.
#pragma once

#include <cstddef>
#include <new>
#include <thread>

namespace ws::torture {

// Never on the thread that calls this: the test's own.
void SpareThisThread() noexcept;
// Nor for this size; zero for none.
void Exempt(std::size_t size) noexcept;
// The number-th from now on, of all other threads together.
void FailAllocation(long number) noexcept;
// Whether it did; if not, none will.
bool HasFailed() noexcept;

// Whether `act` finds no memory at its `next` allocation. On a thread of its own: another case may have spared this
// one.
template <class Act>
bool Fails(long next, Act act) {
  bool fails = false;
  std::thread([&] {
    FailAllocation(next);
    try {
      act();
    } catch (const std::bad_alloc&) {
      fails = true;
    }
  }).join();
  return fails;
}

}  // namespace ws::torture
