#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "data/formats/rows.hpp"
#include "data/name_table.hpp"
#include "data/study/study.hpp"

namespace lockstep {

/// An action as read: object and account by their numbers in this rank's tables. 16 bytes.
struct RawAction {
  std::int64_t time;  ///< ticks since 1970-01-01 UTC
  std::uint32_t object;
  std::uint32_t account;
};

/// Rows appended in pieces of bounded size: growing never copies what is there, and a reader can free what
/// it has consumed.
class RawActions {
 public:
  static constexpr std::size_t piece_size = std::size_t{1} << 18;

  void add(const RawAction& action) {
    if (pieces_.empty() || pieces_.back().size() == piece_size) {
      pieces_.emplace_back();
      pieces_.back().reserve(piece_size);
    }
    pieces_.back().push_back(action);
  }
  std::size_t size() const {
    return pieces_.empty() ? 0 : (pieces_.size() - 1) * piece_size + pieces_.back().size();
  }
  std::vector<std::vector<RawAction>>& pieces() { return pieces_; }
  const std::vector<std::vector<RawAction>>& pieces() const { return pieces_; }

 private:
  std::vector<std::vector<RawAction>> pieces_;
};

/// The latest known value of an attribute of an account; `word` numbers ScannedLog::words.
struct LatestValue {
  static constexpr std::int64_t never = INT64_MIN;
  std::int64_t time = never;
  std::uint32_t word = 0;
};

/// Malformed rows with the same reason.
struct Rejects {
  struct Example {
    std::uint64_t line = 0;
    std::string value;
    auto operator<=>(const Example&) const = default;
  };
  std::uint64_t rows = 0;
  std::vector<Example> first;  ///< the first ones, at most `rejects_kept`
};
inline constexpr std::size_t rejects_kept = 10;

/// A split that was read, by its number in the plan, with the digest of its bytes (digest_of_file()).
struct ReadSplit {
  std::uint32_t number;
  std::uint64_t digest;
};

/// Everything one rank has read.
struct ScannedLog {
  explicit ScannedLog(std::size_t channels) : objects(channels), actions(channels), published(channels) {}

  NameTable accounts;
  std::vector<NameTable> objects;   ///< by channel
  std::vector<RawActions> actions;  ///< by channel
  /// By channel, then by object: earliest publication time, INT64_MAX where it is not known; may be shorter.
  std::vector<std::vector<std::int64_t>> published;
  std::int64_t first_published = INT64_MAX;
  NameTable words;  ///< attribute values
  /// By attribute; as long as `accounts` where any input has the attribute, else empty.
  std::array<std::vector<LatestValue>, attribute_names.size()> attributes;
  std::uint64_t rows = 0;
  std::uint64_t rows_outside = 0;  ///< of these: left out, because of the study's `from` and `to`
  std::map<std::pair<std::uint32_t, std::string>, Rejects> rejects;  ///< by split and reason
  std::uint64_t digest = 0;  ///< wrapping sum over actions: the same for the same rows in any order
  std::int64_t first_time = INT64_MAX;
  std::int64_t last_time = INT64_MIN;
  std::vector<ReadSplit> splits;

  std::uint64_t rejected_rows() const;
};

/// Reads one split into `log`; `split_number` names it in the rejects. Progress is told in bytes. Local.
/// Throws what RowReader throws.
void scan_split(const Study& study, const Input& input, const Split& split, std::uint32_t split_number,
                ScannedLog& log, const std::function<void(std::uint64_t)>& bytes_done);

/// The same until `after_row`, which is told the bytes read so far after every row, says false: stop here.
void scan_rows(const Study& study, const Input& input, const Split& split, std::uint32_t split_number,
               ScannedLog& log, const std::function<bool(std::uint64_t)>& after_row);

}  // namespace lockstep
