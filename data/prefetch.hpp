#pragma once

#include <cstddef>

namespace lockstep {

/// Asks the processor to have what is at this address at hand soon. Only a hint: any address will do.
inline void prefetch(const void* address) {
  __builtin_prefetch(address);
  // A loop that only prefetches would be taken for one that does nothing, and deleted (GCC 12, -O3).
  asm volatile("" : : "r"(address));
}

/// Calls visit(row) for the rows in order; far(row) and near(row) are called before, some rows ahead, to ask
/// for what a row leads to, and for what that leads to.
template <class Rows, class Far, class Near, class Visit>
void for_each_ahead(const Rows& rows, Far far, Near near, Visit visit) {
  constexpr std::size_t far_rows = 16;
  constexpr std::size_t near_rows = 8;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i + far_rows < rows.size()) far(rows[i + far_rows]);
    if (i + near_rows < rows.size()) near(rows[i + near_rows]);
    visit(rows[i]);
  }
}

}  // namespace lockstep
