#include "data/formats/header.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "data/error.hpp"
#include "data/formats/csv_cells.hpp"
#include "data/formats/raw_rows.hpp"
#include "data/formats/tsv_cells.hpp"

namespace lockstep {

namespace {

constexpr std::size_t header_chunk_bytes = std::size_t{1} << 16;

std::vector<std::string> tsv_names(std::string_view text) {
  std::vector<std::string> names;
  for_each_tsv_cell(text, [&](std::size_t, std::string_view cell) { names.emplace_back(cell); });
  return names;
}

}  // namespace

Header find_header(const std::string& path, Format format) {
  // The whole file as one split: the header is read whatever split its reader works on.
  RawRows rows(Split{path, 0, UINT64_MAX, 1, false}, format, header_chunk_bytes);
  RawRow row;
  while (rows.next(row)) {
    if (without_line_end(row.text).empty()) continue;
    auto names = format == Format::csv ? parse_csv_row(row.text) : tsv_names(without_line_end(row.text));
    if (names.empty()) {
      throw Error(ExitCode::bad_data, fmt::format("{}: line {}: stray quote in the header", path, row.line));
    }
    return Header{std::move(names), row.begin + row.text.size()};
  }
  throw Error(ExitCode::bad_data, fmt::format("{}: the file is empty, it has no header", path));
}

std::vector<std::optional<std::size_t>> resolve_columns(const std::string& path, const Header& header,
                                                        const std::vector<WantedField>& wanted,
                                                        const std::vector<std::string>& required) {
  const auto& names = header.names;
  const auto has = [&](const std::string& name) { return std::ranges::find(names, name) != names.end(); };
  for (const auto& name : required) {
    if (has(name)) continue;
    throw Error(ExitCode::usage,
                fmt::format("{}: no column '{}'; the columns are: {}", path, name, fmt::join(names, ", ")));
  }
  std::vector<std::optional<std::size_t>> columns;
  for (const auto& field : wanted) {
    if (std::ranges::count(names, field.name) > 1) {
      throw Error(ExitCode::bad_data,
                  fmt::format("{}: the header names column '{}' twice", path, field.name));
    }
    const auto found = std::ranges::find(names, field.name);
    columns.push_back(found == names.end() ? std::nullopt
                                           : std::optional(std::size_t(found - names.begin())));
  }
  return columns;
}

std::vector<std::string> read_header(const std::string& path, Format format) {
  return find_header(path, format).names;
}

}  // namespace lockstep
