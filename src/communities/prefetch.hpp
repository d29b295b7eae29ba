#pragma once

namespace lockstep {

/// Asks the processor to have what is at this address at hand soon. Only a hint: any address will do.
inline void prefetch(const void* address) {
  __builtin_prefetch(address);
  // A loop that only prefetches would be taken for one that does nothing, and deleted (GCC 12, -O3).
  asm volatile("" : : "r"(address));
}

}  // namespace lockstep
