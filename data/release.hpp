#pragma once

#include <vector>

namespace lockstep {

/// Empties a vector and gives its memory back. `rows = {}` only empties it: what it assigns is an empty list.
template <class T>
void release(std::vector<T>& rows) {
  std::vector<T>().swap(rows);
}

}  // namespace lockstep
