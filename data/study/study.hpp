#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace lockstep {

/// What an account is known by besides its id. `followers` is a count, the others are words.
enum class Attribute : std::uint8_t { kind, platform, language, region, name, followers };
inline constexpr std::array<std::string_view, 6> attribute_names = {"kind",   "platform", "language",
                                                                    "region", "name",     "followers"};

/// Where an account attribute comes from.
struct AttributeSource {
  enum class From : std::uint8_t { nothing, field, constant };
  From from = From::nothing;
  std::string text;  ///< the field's name, or the constant
  bool operator==(const AttributeSource&) const = default;
};

enum class Format : std::uint8_t { csv, tsv, jsonl };
enum class TimeUnit : std::uint8_t { second, millisecond };
enum class Rule : std::uint8_t { significance, count };
enum class Objective : std::uint8_t { cpm, modularity };

/// How a field that holds several values (a JSON array, a cell split at `separator`) becomes objects.
enum class Elements : std::uint8_t {
  each,      ///< every element is an object
  sequence,  ///< the elements joined in order are one object
};

/// A set of files with the same layout.
struct Input {
  std::vector<std::string> files;           ///< globs, relative to the study file's folder
  Format format = Format::csv;              ///< compression follows from the name: .gz, .zst
  std::string account;                      ///< column name; for jsonl a key or a JSON pointer ("/user/id")
  std::string account_prefix;               ///< put before every account id, to keep platforms apart
  std::string time;                         ///< field with the time of the action
  std::string time_format = "epoch";        ///< epoch | epoch_ms | iso8601 | a strptime pattern with '%'
  std::vector<std::string> missing = {""};  ///< these words mean: no value
  std::array<AttributeSource, attribute_names.size()> attributes;
  bool operator==(const Input&) const = default;
};

/// One kind of action on one kind of object.
struct Channel {
  std::string name;
  std::string object;                  ///< field of the inputs that names the object
  Elements elements = Elements::each;  ///< for fields with several values
  std::string separator;            ///< csv/tsv: one character at which the cell is split; empty: one value
  std::int64_t window_ms = 60'000;  ///< Δ: two actions at most this far apart (inclusive) are a co-action
  std::uint32_t min_shared = 3;     ///< smallest number of distinct objects of a pair that is kept
  std::int64_t resolution_ms = 0;   ///< time resolution of the null model; 0: found from the times
  std::string published = {};  ///< field with the object's publication time; empty: its first action counts
  bool operator==(const Channel&) const = default;
};

/// What makes a pair of accounts an edge. All but `rule` matter to the significance rule only.
struct Coordination {
  Rule rule = Rule::significance;
  double fdr = 0.01;             ///< share of edges that may be there by chance
  std::uint32_t surrogates = 0;  ///< R: surrogate logs for the threshold and q-values; 0: as many as needed
  std::uint64_t seed = 1;        ///< of the surrogates
  bool operator==(const Coordination&) const = default;
};

struct Communities {
  Objective objective = Objective::cpm;
  double resolution = 0.02;    ///< γ
  std::uint32_t min_size = 3;  ///< smaller communities are counted, not listed
  std::uint64_t seed = 1;      ///< salt of the sub-round order
  std::uint32_t seeds = 1;     ///< so many searches, with seeds from `seed` on: how stable are the networks?
  std::vector<double> resolutions = {};  ///< further γ: which networks are found there, too?
  bool operator==(const Communities&) const = default;
};

struct Output {
  std::uint32_t evidence_objects = 20;  ///< at most so many objects listed per network
  std::uint32_t timeline_rows = 1000;   ///< at most so many actions on them listed per network (significance)
  bool operator==(const Output&) const = default;
};

/// A study: what to read, what counts as coordination, what to write. Defaults are declared here only.
struct Study {
  std::string name;
  std::filesystem::path folder;           ///< of the study file; input globs are relative to it
  TimeUnit time_unit = TimeUnit::second;  ///< unit in which times are compared
  double max_reject_fraction = 0.01;      ///< more malformed rows than this share stop the run
  std::optional<std::int64_t> from_ms;    ///< since 1970: earlier rows are left out; nothing: none is
  std::optional<std::int64_t> to_ms;      ///< since 1970: rows at this time and later ones are left out
  std::vector<Input> inputs;
  std::vector<Channel> channels;
  Coordination coordination;
  Communities communities;
  Output output;
};

/// Equal in everything but `folder`: the same study may be kept in another place.
inline bool operator==(const Study& a, const Study& b) {
  const auto options = [](const Study& s) {
    return std::tie(s.name, s.time_unit, s.max_reject_fraction, s.from_ms, s.to_ms, s.inputs, s.channels,
                    s.coordination, s.communities, s.output);
  };
  return options(a) == options(b);
}

/// Number of time ticks of the study's `time_unit` in `milliseconds`.
inline std::int64_t ticks(TimeUnit unit, std::int64_t milliseconds) {
  return unit == TimeUnit::second ? milliseconds / 1000 : milliseconds;
}

}  // namespace lockstep
