#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/study/study.hpp"

namespace lockstep {

/// A field that a reader extracts from every row.
struct WantedField {
  std::string name;       ///< column name; for jsonl a key or a JSON pointer
  std::string separator;  ///< csv/tsv: split the cell at this character; empty: one value
};

/// The values of one row; views are valid until the reader's next call.
struct Row {
  std::uint64_t line = 0;  ///< 1-based line in the file (or in the split, where its first_line is unknown)
  std::string_view error;  ///< why the row is malformed; empty when it is well-formed
  std::span<const std::string_view> values(std::size_t field) const {
    return std::span(flat).subspan(first[field], first[field + 1] - first[field]);
  }
  std::vector<std::string_view> flat;  ///< all values, field by field
  std::vector<std::size_t> first;      ///< values of field f are flat[first[f]] … flat[first[f + 1] - 1]
};

/// A piece of a file that one rank reads: a byte range of a plain file, or a whole compressed file.
/// A row belongs to the split in which its first byte lies.
struct Split {
  std::string path;
  std::uint64_t begin = 0;        ///< bytes
  std::uint64_t end = 0;          ///< bytes; the file's size for a compressed file
  std::uint64_t first_line = 1;   ///< line number at `begin`
  bool starts_in_quotes = false;  ///< csv: `begin` lies inside a quoted field
};

/// What must be known of all earlier splits of a file before a split can be read.
struct SplitSurvey {
  std::uint64_t lines = 0;   ///< newlines in the split
  std::uint64_t quotes = 0;  ///< quote characters in the split (csv; 0 for other formats)
};

/// Cuts a file into splits at the multiples of `split_bytes`; a compressed or empty file is one split.
/// Throws Error(io) when the file cannot be opened.
std::vector<Split> plan_splits(const std::string& path, std::uint64_t split_bytes);

/// Counts newlines and quotes of a split of a plain file; zeros for a compressed file, which needs no survey.
/// Throws Error(io).
SplitSurvey survey(const Split& split, Format format);

/// Reads the rows of one split.
class RowReader {
 public:
  virtual ~RowReader() = default;
  /// Fills `row` with the next row, malformed ones included (`row.error`); false after the last.
  /// Values equal to one of the input's `missing` words are left out.
  /// Throws Error(io) on read and decompression errors, Error(bad_data) where no row can be told from the
  /// next any more (an unterminated quote): both name file and line.
  virtual bool next(Row& row) = 0;
  /// Bytes of the split's file consumed so far (compressed bytes for compressed files); for progress.
  virtual std::uint64_t bytes_read() const = 0;
};

/// Opens a split. A csv/tsv header is read from the start of the file, whatever the split.
/// A wanted column that the header lacks has no values, unless its name is in `required`:
/// then Error(usage) names the file, the column and the columns there are. (jsonl has no header: a field that
/// a row lacks has no values there, required or not.)
std::unique_ptr<RowReader> open_rows(const Split& split, Format format, std::vector<WantedField> wanted,
                                     std::vector<std::string> missing,
                                     const std::vector<std::string>& required);

/// Column names of a csv/tsv file. Throws Error(io), Error(bad_data) for an empty file.
std::vector<std::string> read_header(const std::string& path, Format format);

}  // namespace lockstep
