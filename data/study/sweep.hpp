#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/study/study.hpp"

namespace lockstep {

/// The values that a sweep gives to one key of a study.
struct SweptKey {
  std::string key;                  ///< as set_value() wants it
  std::vector<std::string> values;  ///< as the user wrote them
};

/// "KEY=V1,V2,…": commas inside double quotes belong to a value. Throws Error(usage).
SweptKey parse_swept_key(std::string_view text);

/// "30d" or "12h" in milliseconds. Throws Error(usage) where it is not a duration that `unit` can express.
std::int64_t parse_slice_length(std::string_view text, TimeUnit unit);

/// A part of a log by time, in milliseconds since 1970: from inclusive, to exclusive.
struct TimeSlice {
  std::int64_t from_ms;
  std::int64_t to_ms;
  bool operator==(const TimeSlice&) const = default;
};

/// Consecutive slices of `length_ms` that cover the range. They begin at `range.from_ms`; the last one ends
/// at `range.to_ms` and may be shorter.
std::vector<TimeSlice> cut_into_slices(const TimeSlice& range, std::int64_t length_ms);

/// Where slices of a log without a `from` of its own begin: `first_ms` rounded down to a UTC day, or to a
/// multiple of the length where slices are shorter than a day.
std::int64_t first_slice_begin(std::int64_t first_ms, std::int64_t length_ms);

/// One study of a sweep.
struct SweptStudy {
  std::vector<std::string> values;  ///< by key
  std::optional<TimeSlice> slice;
  std::string text;  ///< of the study file: an effective study whose globs are absolute
};

/// At most so many studies in a sweep.
inline constexpr std::size_t most_swept_studies = 10'000;

/// Every combination of the keys' values and the slices: the first key varies slowest, slices vary fastest.
/// All texts are studies that read_study() accepts. Throws Error(usage) for wrong keys and values, for keys
/// that set the same thing twice, for two combinations that are the same study, and for too many.
std::vector<SweptStudy> sweep(const Study& study, const std::vector<SweptKey>& keys,
                              const std::vector<TimeSlice>& slices);

/// The number of a study in a sweep of `count`, as its folder is named: "000", "001", …
std::string sweep_folder(std::size_t index, std::size_t count);

/// The sweep as a table (tsv with a header): index, folder, a column per key, and from and to of the slices.
std::string sweep_table(const std::vector<SweptKey>& keys, const std::vector<SweptStudy>& studies);

}  // namespace lockstep
