#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "data/formats/byte_source.hpp"
#include "data/formats/rows.hpp"

namespace lockstep {

/// Bytes after a raw row's text that may be read (their content means nothing).
inline constexpr std::size_t raw_row_padding = 64;
/// A longer row is an error: most likely a quote is never closed.
inline constexpr std::size_t longest_row_bytes = std::size_t{16} << 20;

/// One row as it stands in the file.
struct RawRow {
  std::string_view text;    ///< ends in '\n', which is added where the file's last row lacks it
  std::uint64_t line = 0;   ///< line number of the first byte
  std::uint64_t lines = 0;  ///< newlines in `text`
  std::uint64_t begin = 0;  ///< offset of the first byte in the (decompressed) file
};

/// Cuts the bytes of a split into rows without looking into them: a row ends at a newline, for csv at a
/// newline before which the number of quotes in the file is even. This rule gives the same rows whatever the
/// cuts between splits. Memory is bounded by the longest row allowed.
class RawRows {
 public:
  /// `format`: with csv, newlines between quotes belong to the row. Throws Error(io).
  RawRows(const Split& split, Format format, std::size_t chunk_bytes = std::size_t{1} << 20);
  /// The next row that begins in the split, false after the last; `row.text` is valid until the next call.
  /// Throws as RowReader::next.
  bool next(RawRow& row);
  /// As RowReader::bytes_read.
  std::uint64_t bytes_read() const;

 private:
  struct Scan {
    std::size_t bytes = 0;
    std::uint64_t lines = 0;
    bool in_quotes = false;
  };
  void start();
  void skip_started_row();
  std::size_t find_row_end(Scan& scan);
  bool scan_line(Scan& scan) const;
  bool refill();
  void make_room();
  [[noreturn]] void throw_endless(bool in_quotes) const;
  std::uint64_t offset() const { return buffer_offset_ + position_; }

  Split split_;
  bool quoting_;
  std::size_t chunk_bytes_;
  std::unique_ptr<ByteSource> source_;
  std::vector<char> buffer_;
  std::size_t position_ = 0;         // in buffer_: first byte not handed out
  std::size_t filled_ = 0;           // in buffer_: end of the bytes read
  std::uint64_t buffer_offset_ = 0;  // in the file: first byte of buffer_
  std::uint64_t end_ = 0;            // in the file: rows that begin here or later are not ours
  std::uint64_t line_ = 1;           // at position_
  bool started_ = false;
};

}  // namespace lockstep
