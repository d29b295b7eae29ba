#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "data/study/study_values.hpp"

/// The tables and keys of a study file, each named once. The same functions drive reading (T is the struct)
/// and printing (T is const), so the two cannot drift apart. Defaults are those of the structs.
namespace lockstep::study_keys {

using namespace study_values;

template <class T, class Struct>
concept MaybeConst = std::is_same_v<std::remove_const_t<T>, Struct>;

inline constexpr Choice<TimeUnit, 2> time_unit_kind{{"s", "ms"}};
inline constexpr Choice<Format, 3> format_kind{{"csv", "tsv", "jsonl"}};
inline constexpr Choice<Elements, 2> elements_kind{{"each", "sequence"}};
inline constexpr Choice<Rule, 2> rule_kind{{"significance", "count"}};
inline constexpr Choice<Objective, 2> objective_kind{{"cpm", "modularity"}};

inline constexpr std::size_t most_channels = 65'535;
inline constexpr std::int64_t most_seed = std::numeric_limits<std::int64_t>::max();  // of a TOML integer

/// Keys of the significance rule are always read, so that a user can switch rules; they are printed where
/// they count.
template <class T>
bool shows_significance(const Study& all) {
  return !std::is_const_v<T> || all.coordination.rule == Rule::significance;
}

inline bool is_any(std::string_view /*text*/) {
  return true;
}
inline bool is_filled(std::string_view text) {
  return !text.empty();
}
inline bool is_glob(std::string_view text) {
  return !text.empty() && text.find('\0') == text.npos;
}
inline bool is_channel_name(std::string_view text) {
  constexpr std::string_view accepted = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
  return !text.empty() && text.find_first_not_of(accepted) == text.npos;
}
/// One byte below 128: cells are split without decoding them.
inline bool is_separator(std::string_view text) {
  return text.empty() || (text.size() == 1 && static_cast<unsigned char>(text[0]) < 0x80);
}
inline bool is_time_format(std::string_view text) {
  return text == "epoch" || text == "epoch_ms" || text == "iso8601" || text.find('%') != text.npos;
}

inline constexpr Text any_kind{"a string", is_any};
inline constexpr Text title_kind{"a string that is not empty", is_filled};
inline constexpr Text field_kind{"the name of a field, a string that is not empty", is_filled};
inline constexpr Text time_format_kind{
    R"("epoch", "epoch_ms", "iso8601" or a strptime pattern such as "%Y-%m-%d %H:%M:%S")", is_time_format};
inline constexpr Text channel_name_kind{
    "a name of letters A-Z and a-z, digits, '_', '.' and '-', such as \"co-url\"", is_channel_name};
inline constexpr Text separator_kind{R"(one ASCII character, such as ";", or "" for one value)",
                                     is_separator};
inline constexpr TextList files_kind{"file names or globs, such as [\"posts-*.csv.gz\"]",
                                     TextList::Shape::filled_array_or_string, is_glob};
inline constexpr TextList words_kind{R"(an array of strings, such as ["", "NA"])", TextList::Shape::any_array,
                                     is_any};

/// The format that the extensions of all `files` agree on; nothing when they do not tell.
std::optional<Format> format_of(const std::vector<std::string>& files);

/// Every `describe` names the keys of one table to `keys`, which has
///   required(key, value, kind)        the key must be there
///   optional(key, value, kind)        the value keeps its default without the key
///   derived(key, value, kind, guess)  without the key guess() is the value; nothing: the key must be there
template <class Keys, MaybeConst<Study> T>
void describe(Keys& keys, T& study, const Study& /*all*/) {
  keys.required("name", study.name, title_kind);
  keys.optional("time_unit", study.time_unit, time_unit_kind);
  keys.optional("max_reject_fraction", study.max_reject_fraction, Real{0, 1, true});
  keys.optional("from", study.from_ms, Moment{study.time_unit});
  keys.optional("to", study.to_ms, Moment{study.time_unit});
}

template <class Keys, MaybeConst<Input> T>
void describe(Keys& keys, T& input, const Study& /*all*/) {
  keys.required("files", input.files, files_kind);
  keys.derived("format", input.format, format_kind, [&input] { return format_of(input.files); });
  keys.required("account", input.account, field_kind);
  keys.optional("account_prefix", input.account_prefix, any_kind);
  keys.required("time", input.time, field_kind);
  keys.optional("time_format", input.time_format, time_format_kind);
  keys.optional("missing", input.missing, words_kind);
  for (std::size_t i = 0; i < attribute_names.size(); ++i) {
    keys.optional(attribute_names[i], input.attributes[i], AttributeValue{static_cast<Attribute>(i)});
  }
}

template <class Keys, MaybeConst<Channel> T>
void describe(Keys& keys, T& channel, const Study& all) {
  keys.required("name", channel.name, channel_name_kind);
  keys.required("object", channel.object, field_kind);
  keys.optional("elements", channel.elements, elements_kind);
  keys.optional("separator", channel.separator, separator_kind);
  keys.optional("window", channel.window_ms, Duration{all.time_unit});
  keys.optional("min_shared", channel.min_shared, Whole<std::uint32_t>{1, 1LL << 31});
  if (!shows_significance<T>(all)) return;
  keys.optional("resolution", channel.resolution_ms, Duration{all.time_unit});
  keys.optional("published", channel.published, any_kind);
}

template <class Keys, MaybeConst<Coordination> T>
void describe(Keys& keys, T& coordination, const Study& all) {
  keys.optional("rule", coordination.rule, rule_kind);
  if (!shows_significance<T>(all)) return;
  keys.optional("fdr", coordination.fdr, Real{0, 0.5, false});
  keys.optional("surrogates", coordination.surrogates, Whole<std::uint32_t>{0, 1000});
  keys.optional("seed", coordination.seed, Whole<std::uint64_t>{0, most_seed});
}

template <class Keys, MaybeConst<Communities> T>
void describe(Keys& keys, T& communities, const Study& /*all*/) {
  keys.optional("objective", communities.objective, objective_kind);
  keys.optional("resolution", communities.resolution, Real{0, 1e6, false});
  keys.optional("min_size", communities.min_size,
                Whole<std::uint32_t>{2, std::numeric_limits<std::uint32_t>::max()});
  keys.optional("seed", communities.seed, Whole<std::uint64_t>{0, most_seed});
  keys.optional("seeds", communities.seeds, Unless<Whole<std::uint32_t>, std::uint32_t>{{1, 1000}, 1});
  keys.optional("resolutions", communities.resolutions, RealList{{0, 1e6, false}});
}

template <class Keys, MaybeConst<Output> T>
void describe(Keys& keys, T& output, const Study& all) {
  keys.optional("evidence_objects", output.evidence_objects, Whole<std::uint32_t>{1, 100'000});
  if (shows_significance<T>(all)) {
    keys.optional("timeline_rows", output.timeline_rows, Whole<std::uint32_t>{0, 1'000'000});
  }
}

/// Names the tables of a study to `tables`, which has
///   one(name, part, study)         a [name] table, which may be left out
///   many(name, parts, most, study) 1 to `most` [[name]] tables
/// [study] comes first: the limits of later tables depend on it.
template <class Tables, MaybeConst<Study> T>
void describe_tables(Tables& tables, T& study) {
  tables.one("study", study, study);
  tables.many("input", study.inputs, most_channels, study);
  tables.many("channel", study.channels, most_channels, study);
  tables.one("coordination", study.coordination, study);
  tables.one("communities", study.communities, study);
  tables.one("output", study.output, study);
}

}  // namespace lockstep::study_keys
