#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "data/formats/rows.hpp"

namespace lockstep {

/// Makes `row` a row of `fields` fields without values.
inline void clear_values(Row& row, std::size_t fields) {
  row.error = {};
  row.flat.clear();
  row.first.assign(fields + 1, 0);
}

/// Whether `value` is one of the words that mean: no value.
inline bool is_missing(std::string_view value, const std::vector<std::string>& missing) {
  return std::ranges::any_of(missing, [&](const std::string& word) { return value == word; });
}

}  // namespace lockstep
