// An `operator new` that can fail, for the whole program.
#pragma once

#include <cstddef>

namespace ws::torture {

// Allocations of the calling thread, the test's own, never fail.
void ExemptThisThread() noexcept;
// Makes the next allocation of at least this size fail, once.
void FailNextAllocation(std::size_t min_bytes) noexcept;
// True if an allocation has failed since then.
bool HasFailed() noexcept;

}  // namespace ws::torture
