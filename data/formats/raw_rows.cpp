#include "data/formats/raw_rows.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include <fmt/format.h>

#include "data/error.hpp"

namespace lockstep {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// The byte before the split tells whether the split begins with a row.
std::uint64_t first_byte_needed(const Split& split) {
  return split.begin == 0 ? 0 : split.begin - 1;
}

}  // namespace

RawRows::RawRows(const Split& split, Format format, std::size_t chunk_bytes)
    : split_(split),
      quoting_(format == Format::csv),
      chunk_bytes_(chunk_bytes),
      source_(open_bytes(split.path, first_byte_needed(split))),
      buffer_offset_(first_byte_needed(split)),
      end_(is_compressed(split.path) ? std::numeric_limits<std::uint64_t>::max() : split.end),
      line_(split.first_line) {}

bool RawRows::next(RawRow& row) {
  if (split_.begin >= end_) return false;
  if (!started_) start();
  if (offset() >= end_) return false;
  const std::uint64_t begin = offset();
  if (begin == 0) {
    // The mark counts as part of the first row, so that a cut right behind it cannot lose the row.
    while (filled_ < byte_order_mark.size() && refill()) {
    }
    if (std::string_view(buffer_.data(), filled_).starts_with(byte_order_mark)) {
      position_ = byte_order_mark.size();
    }
  }
  Scan scan;
  const std::size_t bytes = find_row_end(scan);
  if (bytes == 0) return false;
  row = RawRow{std::string_view(buffer_.data() + position_, bytes), line_, scan.lines, begin};
  position_ += bytes;
  line_ += scan.lines;
  return true;
}

std::uint64_t RawRows::bytes_read() const {
  if (is_compressed(split_.path)) return source_->position();
  return std::clamp(offset(), split_.begin, split_.end) - split_.begin;
}

void RawRows::start() {
  started_ = true;
  if (split_.begin == 0 || !refill()) return;
  const bool row_begins = buffer_[0] == '\n' && !(quoting_ && split_.starts_in_quotes);
  position_ = 1;
  if (!row_begins) skip_started_row();
}

/// Moves to the first row that begins in the split, or to its end; what is passed over is not kept.
void RawRows::skip_started_row() {
  bool in_quotes = quoting_ && split_.starts_in_quotes;
  while (offset() < end_) {
    if (position_ == filled_ && !refill()) return;
    Scan scan{0, 0, in_quotes};
    const bool line_ended = scan_line(scan);
    position_ += scan.bytes;
    line_ += scan.lines;
    in_quotes = scan.in_quotes;
    if (line_ended && !in_quotes) return;
  }
}

/// Extends `scan` to the end of the row at position_, reading on where needed; returns the row's length with
/// its newline, 0 at the end of the file.
std::size_t RawRows::find_row_end(Scan& scan) {
  while (true) {
    const bool line_ended = scan_line(scan);
    if (scan.bytes > longest_row_bytes) throw_endless(scan.in_quotes);
    if (line_ended && !scan.in_quotes) return scan.bytes;
    if (line_ended || refill()) continue;
    if (scan.in_quotes) throw_endless(true);
    if (scan.bytes == 0) return 0;
    buffer_[filled_++] = '\n';  // there is room: the padding
    ++scan.lines;
    return scan.bytes + 1;
  }
}

/// Extends `scan` past the next newline in the buffer, or to the buffer's end: then returns false.
bool RawRows::scan_line(Scan& scan) const {
  const char* begin = buffer_.data() + position_ + scan.bytes;
  const std::size_t available = filled_ - position_ - scan.bytes;
  const auto* newline =
      available == 0 ? nullptr : static_cast<const char*>(std::memchr(begin, '\n', available));
  const char* end = newline == nullptr ? begin + available : newline + 1;
  if (quoting_) scan.in_quotes ^= std::count(begin, end, '"') % 2 != 0;
  scan.bytes += static_cast<std::size_t>(end - begin);
  scan.lines += newline == nullptr ? 0 : 1;
  return newline != nullptr;
}

/// Reads more bytes behind those that are still needed; false at the end of the file.
bool RawRows::refill() {
  make_room();
  try {
    const std::size_t room = std::min(chunk_bytes_, buffer_.size() - raw_row_padding - filled_);
    const std::size_t count = source_->read(std::span(buffer_).subspan(filled_, room));
    filled_ += count;
    return count > 0;
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("{} (line {} was reached)", error.what(), line_));
  }
}

/// Drops the bytes handed out; a buffer that is full of one row doubles.
void RawRows::make_room() {
  if (position_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + position_, filled_ - position_);
    buffer_offset_ += position_;
    filled_ -= position_;
    position_ = 0;
  }
  if (filled_ + raw_row_padding >= buffer_.size()) {
    buffer_.resize(std::max(chunk_bytes_, 2 * filled_) + raw_row_padding);
  }
}

void RawRows::throw_endless(bool in_quotes) const {
  const auto* reason = in_quotes ? "unterminated quote starting at line" : "row longer than 16 MiB at line";
  throw Error(ExitCode::bad_data, fmt::format("{}: {} {}", split_.path, reason, line_));
}

}  // namespace lockstep
