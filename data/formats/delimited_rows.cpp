#include "data/formats/delimited_rows.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include "data/formats/row_values.hpp"
#include "data/formats/tsv_cells.hpp"

namespace lockstep {

namespace {

std::vector<int> slots_by_column(std::size_t column_count,
                                 const std::vector<std::optional<std::size_t>>& columns) {
  std::vector<int> slots(column_count, -1);
  for (std::size_t field = 0; field < columns.size(); ++field) {
    if (columns[field] && slots[*columns[field]] < 0) slots[*columns[field]] = static_cast<int>(field);
  }
  return slots;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view spaces = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(spaces);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(spaces) + 1 - begin);
}

}  // namespace

DelimitedRows::DelimitedRows(const Split& split, Format format, const Header& header,
                             std::vector<std::optional<std::size_t>> columns, std::vector<WantedField> wanted,
                             std::vector<std::string> missing)
    : raw_rows_(split, format),
      format_(format),
      column_count_(header.names.size()),
      header_end_(header.end),
      columns_(std::move(columns)),
      wanted_(std::move(wanted)),
      missing_(std::move(missing)),
      slot_of_column_(slots_by_column(column_count_, columns_)),
      csv_(slot_of_column_, wanted_.size()),
      tsv_(wanted_.size()) {}

bool DelimitedRows::next(Row& row) {
  CsvCells::CellRow cells;
  if (!next_cells(cells)) return false;
  row.line = cells.line;
  clear_values(row, wanted_.size());
  if (cells.unfinished) {
    fail(row, "a quote is not closed");
  } else if (cells.columns != column_count_) {
    fail(row, fmt::format("expected {} columns, found {}", column_count_, cells.columns));
  } else {
    take_values(row);
  }
  return true;
}

/// Puts the cells of the next row that is not blank into the slots.
bool DelimitedRows::next_cells(CsvCells::CellRow& cells) {
  if (format_ == Format::csv) {
    while (!csv_.next(cells)) {
      if (!next_raw_row()) return false;
      csv_.start(raw_);
    }
    return true;
  }
  while (next_raw_row()) {
    if (parse_tsv(cells)) return true;
  }
  return false;
}

bool DelimitedRows::next_raw_row() {
  do {
    if (!raw_rows_.next(raw_)) return false;
  } while (raw_.begin < header_end_);
  raw_is_utf8_ = simdjson::validate_utf8(raw_.text.data(), raw_.text.size());
  return true;
}

bool DelimitedRows::parse_tsv(CsvCells::CellRow& cells) {
  const std::string_view text = without_line_end(raw_.text);
  if (text.empty()) return false;
  const std::size_t columns = for_each_tsv_cell(text, [this](std::size_t column, std::string_view cell) {
    if (column >= column_count_ || slot_of_column_[column] < 0) return;
    tsv_[static_cast<std::size_t>(slot_of_column_[column])] = cell;
  });
  cells = {raw_.line, columns, false};
  return true;
}

void DelimitedRows::take_values(Row& row) {
  for (std::size_t field = 0; field < wanted_.size(); ++field) {
    row.first[field] = row.flat.size();
    if (!columns_[field]) continue;
    const auto slot = static_cast<std::size_t>(slot_of_column_[*columns_[field]]);
    const std::string_view cell = format_ == Format::csv ? csv_.cell(slot) : tsv_[slot];
    // A valid row has valid cells only, as the delimiters are ASCII: one check for most rows.
    if (!raw_is_utf8_ && !simdjson::validate_utf8(cell.data(), cell.size())) {
      fail(row, fmt::format("not valid UTF-8 in '{}'", wanted_[field].name));
      return;
    }
    split_cell(cell, wanted_[field].separator, row);
  }
  row.first[wanted_.size()] = row.flat.size();
}

void DelimitedRows::split_cell(std::string_view cell, const std::string& separator, Row& row) const {
  if (separator.empty()) {
    if (!is_missing(cell, missing_)) row.flat.push_back(cell);
    return;
  }
  while (true) {
    const std::size_t length = cell.find(separator);
    const std::string_view part = trimmed(cell.substr(0, length));
    if (!part.empty() && !is_missing(part, missing_)) row.flat.push_back(part);
    if (length == std::string_view::npos) return;
    cell.remove_prefix(length + separator.size());
  }
}

void DelimitedRows::fail(Row& row, std::string reason) {
  clear_values(row, wanted_.size());
  error_ = std::move(reason);
  row.error = error_;
}

}  // namespace lockstep
