#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <csv.h>

#include "data/formats/raw_rows.hpp"

namespace lockstep {

/// A csv parser (libcsv) with the settings that all csv input is read with: RFC 4180, so spaces are kept.
class CsvParser {
 public:
  /// `on_cell` and `on_row_end` are called with `data`.
  CsvParser(void (*on_cell)(void*, std::size_t, void*), void (*on_row_end)(int, void*), void* data);
  ~CsvParser() { csv_free(&parser_); }
  CsvParser(const CsvParser&) = delete;
  CsvParser& operator=(const CsvParser&) = delete;
  void feed(std::string_view text);
  /// Ends the text: an unfinished row is reported as it is.
  void finish();
  /// Whether the text fed so far ends between two rows.
  bool between_rows() const { return parser_.pstate == initial_state_; }

 private:
  csv_parser parser_;
  int initial_state_;
  void (*on_cell_)(void*, std::size_t, void*);
  void (*on_row_end_)(int, void*);
  void* data_;
};

/// The cells of one row of text, which must end in a newline; none where it is not exactly one row.
std::vector<std::string> parse_csv_row(std::string_view text);

/// Parses raw csv rows and keeps the cells of chosen columns.
class CsvCells {
 public:
  /// `slot_of_column[c]`: where the cell of column c is kept, −1: nowhere.
  CsvCells(std::vector<int> slot_of_column, std::size_t slots);
  CsvCells(const CsvCells&) = delete;
  CsvCells& operator=(const CsvCells&) = delete;

  struct CellRow {
    std::uint64_t line = 0;
    std::size_t columns = 0;
    bool unfinished = false;  ///< the row's last quote is not closed
  };
  /// Starts on a raw row, whose text must live while its rows are read.
  void start(const RawRow& raw);
  /// The next row in the raw row. A raw row holds one row, none if blank, and several if stray quotes inside
  /// unquoted cells misled the cutting into raw rows: these are still told apart here.
  bool next(CellRow& row);
  /// A cell of the row that `next` gave last; valid until the next call.
  std::string_view cell(std::size_t slot) const;

 private:
  struct Extent {
    std::size_t begin = 0;
    std::size_t length = 0;
  };
  void forget_rows();
  void feed_line();
  void end_raw_row();
  void take_cell(const char* text, std::size_t length);
  void take_row_end();

  std::vector<int> slot_of_column_;
  std::size_t slots_;
  CsvParser parser_;
  std::string_view text_;        // of the raw row: not fed yet
  std::uint64_t line_ = 0;       // of text_
  std::uint64_t row_line_ = 0;   // of the row being parsed
  std::size_t columns_ = 0;      // of the row being parsed
  std::vector<CellRow> rows_;    // parsed
  std::size_t rows_given_ = 0;   // of rows_
  std::string bytes_;            // of the cells kept
  std::vector<Extent> extents_;  // in bytes_: `slots_` for each of rows_ and for the row being parsed
};

}  // namespace lockstep
