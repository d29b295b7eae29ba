#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/formats/csv_cells.hpp"
#include "data/formats/header.hpp"
#include "data/formats/raw_rows.hpp"
#include "data/formats/rows.hpp"

namespace lockstep {

/// Reads the rows of csv and tsv files.
class DelimitedRows final : public RowReader {
 public:
  /// `columns[f]` is the column of `wanted[f]`; the header is the file's.
  DelimitedRows(const Split& split, Format format, const Header& header,
                std::vector<std::optional<std::size_t>> columns, std::vector<WantedField> wanted,
                std::vector<std::string> missing);
  bool next(Row& row) override;
  std::uint64_t bytes_read() const override { return raw_rows_.bytes_read(); }

 private:
  bool next_raw_row();
  bool next_cells(CsvCells::CellRow& cells);
  bool parse_tsv(CsvCells::CellRow& cells);
  void take_values(Row& row);
  void split_cell(std::string_view cell, const std::string& separator, Row& row) const;
  void fail(Row& row, std::string reason);

  RawRows raw_rows_;
  Format format_;
  std::size_t column_count_;
  std::uint64_t header_end_;
  std::vector<std::optional<std::size_t>> columns_;
  std::vector<WantedField> wanted_;
  std::vector<std::string> missing_;
  std::vector<int> slot_of_column_;  // the slot of a column is the first field that wants it
  CsvCells csv_;
  std::vector<std::string_view> tsv_;  // cells by slot
  RawRow raw_;
  bool raw_is_utf8_ = true;
  std::string error_;
};

}  // namespace lockstep
