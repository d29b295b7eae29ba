#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "data/study/study.hpp"

namespace lockstep {

/// Parses the times of one input into ticks since 1970-01-01T00:00:00Z.
class TimeParser {
 public:
  /// `format`: epoch (seconds, a fraction allowed) | epoch_ms | iso8601 | a strptime pattern.
  /// Times without a zone are UTC; of strptime's zones, %z counts and the names of %Z do not. Digits finer
  /// than the unit are cut off (towards earlier). Throws Error(usage) for an unknown format.
  TimeParser(std::string format, TimeUnit unit);
  /// Nothing when the text is not a time in this format, or lies outside the years 1900 to 2261. Spaces
  /// around it are ignored.
  std::optional<std::int64_t> parse(std::string_view text) const;

 private:
  enum class Kind : std::uint8_t { epoch, epoch_ms, iso8601, pattern };
  Kind kind_;
  std::string pattern_;
  TimeUnit unit_;
};

/// "2018-08-21T14:03:00Z" (with milliseconds where the unit has them) for ticks since 1970.
std::string format_time(std::int64_t ticks_since_1970, TimeUnit unit);

}  // namespace lockstep
