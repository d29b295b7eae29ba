#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>

namespace lockstep {

/// A row without its final "\n" or "\r\n".
inline std::string_view without_line_end(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

/// Calls `take(column, cell)` for every cell of a tsv row; there is no quoting. Returns the number of cells.
template <typename Take>
std::size_t for_each_tsv_cell(std::string_view text, Take take) {
  std::size_t column = 0;
  while (true) {
    const void* tab = text.empty() ? nullptr : std::memchr(text.data(), '\t', text.size());
    if (tab == nullptr) break;
    const auto length = static_cast<std::size_t>(static_cast<const char*>(tab) - text.data());
    take(column++, text.substr(0, length));
    text.remove_prefix(length + 1);
  }
  take(column++, text);
  return column;
}

}  // namespace lockstep
