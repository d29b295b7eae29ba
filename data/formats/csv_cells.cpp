#include "data/formats/csv_cells.hpp"

#include <cstring>

#include "data/error.hpp"

namespace lockstep {

namespace {

// libcsv grows its buffer for one cell by this much; the default of 128 bytes makes long texts slow.
constexpr std::size_t cell_block_bytes = std::size_t{1} << 16;

}  // namespace

CsvParser::CsvParser(void (*on_cell)(void*, std::size_t, void*), void (*on_row_end)(int, void*), void* data)
    : parser_(), initial_state_(0), on_cell_(on_cell), on_row_end_(on_row_end), data_(data) {
  csv_init(&parser_, 0);
  csv_set_blk_size(&parser_, cell_block_bytes);
  csv_set_space_func(&parser_, [](unsigned char) { return 0; });
  initial_state_ = parser_.pstate;
}

void CsvParser::feed(std::string_view text) {
  if (csv_parse(&parser_, text.data(), text.size(), on_cell_, on_row_end_, data_) != text.size()) {
    throw Error(ExitCode::internal, std::string("csv parser: ") + csv_strerror(csv_error(&parser_)));
  }
}

void CsvParser::finish() {
  csv_fini(&parser_, on_cell_, on_row_end_, data_);
}

std::vector<std::string> parse_csv_row(std::string_view text) {
  struct Cells {
    std::vector<std::string> cells;
    int rows = 0;
  } result;
  CsvParser parser(
      [](void* cell, std::size_t length, void* data) {
        static_cast<Cells*>(data)->cells.emplace_back(static_cast<const char*>(cell), length);
      },
      [](int, void* data) { ++static_cast<Cells*>(data)->rows; }, &result);
  parser.feed(text);
  if (result.rows != 1 || !parser.between_rows()) result.cells.clear();
  return std::move(result.cells);
}

CsvCells::CsvCells(std::vector<int> slot_of_column, std::size_t slots)
    : slot_of_column_(std::move(slot_of_column)),
      slots_(slots),
      parser_([](void* cell, std::size_t length,
                 void* data) { static_cast<CsvCells*>(data)->take_cell(static_cast<char*>(cell), length); },
              [](int, void* data) { static_cast<CsvCells*>(data)->take_row_end(); }, this),
      extents_(slots) {}

void CsvCells::start(const RawRow& raw) {
  text_ = raw.text;
  line_ = raw.line;
}

bool CsvCells::next(CellRow& row) {
  while (rows_given_ == rows_.size()) {
    forget_rows();
    if (!text_.empty()) {
      feed_line();
    } else if (!parser_.between_rows()) {
      end_raw_row();
    } else {
      return false;
    }
  }
  row = rows_[rows_given_++];
  return true;
}

std::string_view CsvCells::cell(std::size_t slot) const {
  const Extent& extent = extents_[(rows_given_ - 1) * slots_ + slot];
  return std::string_view(bytes_).substr(extent.begin, extent.length);
}

/// Drops the rows given, but not the row being parsed.
void CsvCells::forget_rows() {
  extents_.erase(extents_.begin(), extents_.begin() + static_cast<std::ptrdiff_t>(rows_.size() * slots_));
  rows_.clear();
  rows_given_ = 0;
  if (parser_.between_rows()) bytes_.clear();
}

/// Feeds one physical line, so that the line of each row's begin is known.
void CsvCells::feed_line() {
  if (parser_.between_rows()) row_line_ = line_;
  const auto* newline = static_cast<const char*>(std::memchr(text_.data(), '\n', text_.size()));
  const auto length = static_cast<std::size_t>(newline - text_.data()) + 1;
  parser_.feed(text_.substr(0, length));
  text_.remove_prefix(length);
  ++line_;
}

/// Nothing of an unfinished row may reach into the next raw row.
void CsvCells::end_raw_row() {
  parser_.finish();
  rows_.back().unfinished = true;
}

void CsvCells::take_cell(const char* text, std::size_t length) {
  const std::size_t column = columns_++;
  if (column >= slot_of_column_.size() || slot_of_column_[column] < 0) return;
  extents_[rows_.size() * slots_ + static_cast<std::size_t>(slot_of_column_[column])] = {bytes_.size(),
                                                                                         length};
  bytes_.append(text, length);
}

void CsvCells::take_row_end() {
  rows_.push_back(CellRow{row_line_, columns_, false});
  columns_ = 0;
  extents_.resize((rows_.size() + 1) * slots_);
}

}  // namespace lockstep
