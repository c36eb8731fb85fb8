// An `operator new` that can be let fail, for the whole program.
#pragma once

#include <cstddef>

namespace ws::torture {

// Never on the thread that calls this: the test's own.
void SpareThisThread() noexcept;
// Nor for this size; zero for none.
void Exempt(std::size_t size) noexcept;
// The number-th from now on, of all other threads together.
void FailAllocation(long number) noexcept;
// Whether it did; if not, none will.
bool HasFailed() noexcept;

}  // namespace ws::torture
