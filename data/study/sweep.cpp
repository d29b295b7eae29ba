#include "data/study/sweep.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "data/error.hpp"
#include "data/formats/time.hpp"
#include "data/study/study_file.hpp"
#include "data/study/study_settings.hpp"
#include "data/study/study_values.hpp"

namespace lockstep {
namespace {

constexpr std::int64_t day_ms = 86'400'000;

[[noreturn]] void refuse(const std::string& what) {
  throw Error(ExitCode::usage, what);
}

std::vector<std::string> split_values(std::string_view text) {
  std::vector<std::string> values(1);
  bool in_quotes = false;
  for (const char c : text) {
    if (c == '"') in_quotes = !in_quotes;
    if (c == ',' && !in_quotes) {
      values.emplace_back();
    } else {
      values.back() += c;
    }
  }
  return values;
}

/// Sets the values of one combination; what was set must not be set twice.
Study with_values(Study study, const std::vector<SweptKey>& keys, const std::vector<std::string>& values) {
  std::map<std::string, std::string> set_by;
  for (std::size_t k = 0; k < keys.size(); ++k) {
    for (const auto& place : set_value(study, keys[k].key, values[k])) {
      const auto [first, is_new] = set_by.emplace(place, keys[k].key);
      if (!is_new)
        refuse(fmt::format("{} and {} both set {}; expected one of them", first->second, keys[k].key, place));
    }
  }
  return study;
}

/// The text of a study, checked by reading it.
std::string checked_text(const Study& study, const std::string& name) {
  std::string text = effective_study(study);
  parse_study(text, name);
  return text;
}

std::string description(const std::vector<SweptKey>& keys, const std::vector<std::string>& values) {
  std::vector<std::string> words;
  for (std::size_t k = 0; k < keys.size(); ++k) words.push_back(keys[k].key + "=" + values[k]);
  return fmt::format("{}", fmt::join(words, " "));
}

std::size_t count_combinations(const std::vector<SweptKey>& keys, std::size_t slices) {
  std::size_t count = std::max<std::size_t>(slices, 1);
  for (const auto& key : keys) {
    count *= key.values.size();
    if (count > most_swept_studies) break;
  }
  if (count > most_swept_studies) {
    refuse(fmt::format("more than {} studies; sweep fewer values, or longer slices", most_swept_studies));
  }
  return count;
}

}  // namespace

SweptKey parse_swept_key(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    refuse(fmt::format("--set {}: expected KEY=V1,V2,..., such as communities.resolution=0.01,0.05", text));
  }
  SweptKey swept{std::string(text.substr(0, equals)), split_values(text.substr(equals + 1))};
  for (const auto& value : swept.values) {
    if (value.empty())
      refuse(
          fmt::format("--set {}: a value is missing; expected KEY=V1,V2,... (\"\" for an empty one)", text));
    if (std::ranges::any_of(value, [](unsigned char c) { return c < 0x20; })) {
      refuse(
          fmt::format("--set {}: a value has a line break or a tab; write them as \\n and \\t", swept.key));
    }
  }
  return swept;
}

std::int64_t parse_slice_length(std::string_view text, TimeUnit unit) {
  const study_values::Duration kind{unit};
  const auto length = kind.read(toml::value<std::string>(text));
  if (!length || *length == 0)
    refuse(fmt::format("--slices {}: expected {}, above 0", text, kind.expected()));
  return *length;
}

std::vector<TimeSlice> cut_into_slices(const TimeSlice& range, std::int64_t length_ms) {
  std::vector<TimeSlice> slices;
  for (std::int64_t from = range.from_ms; from < range.to_ms; from += length_ms) {
    if (slices.size() == most_swept_studies) {
      refuse(
          fmt::format("--slices: more than {} slices from {} on; expected a longer duration, or 'from' and "
                      "'to' in [study]",
                      most_swept_studies, format_time(range.from_ms / 1000, TimeUnit::second)));
    }
    slices.push_back({from, std::min(from + length_ms, range.to_ms)});
  }
  return slices;
}

std::int64_t first_slice_begin(std::int64_t first_ms, std::int64_t length_ms) {
  return first_ms - first_ms % std::min(length_ms, day_ms);
}

std::vector<SweptStudy> sweep(const Study& study, const std::vector<SweptKey>& keys,
                              const std::vector<TimeSlice>& slices) {
  for (const auto& swept : keys) {
    if (!slices.empty() && (swept.key == "study.from" || swept.key == "study.to")) {
      refuse(fmt::format("--slices and --set {}: slices have their own 'from' and 'to'; give one of the two",
                         swept.key));
    }
  }
  const Study absolute = with_absolute_files(study);
  const std::size_t count = count_combinations(keys, slices.size());
  std::vector<SweptStudy> studies;
  std::map<std::string, std::size_t> known;
  for (std::size_t index = 0; index < count; ++index) {
    SweptStudy& swept = studies.emplace_back();
    std::size_t rest = index;
    if (!slices.empty()) {
      swept.slice = slices[rest % slices.size()];
      rest /= slices.size();
    }
    swept.values.resize(keys.size());
    for (std::size_t k = keys.size(); k-- > 0; rest /= keys[k].values.size()) {
      swept.values[k] = keys[k].values[rest % keys[k].values.size()];
    }
    Study changed = with_values(absolute, keys, swept.values);
    if (swept.slice) {
      changed.from_ms = swept.slice->from_ms;
      changed.to_ms = swept.slice->to_ms;
    }
    swept.text = checked_text(changed, sweep_folder(index, count) + "/study.toml");
    const auto [first, is_new] = known.emplace(swept.text, index);
    if (!is_new) {
      refuse(fmt::format("{} and {} are the same study; sweep only values that make a difference",
                         description(keys, studies[first->second].values), description(keys, swept.values)));
    }
  }
  return studies;
}

std::string sweep_folder(std::size_t index, std::size_t count) {
  const std::size_t digits = std::max<std::size_t>(3, fmt::formatted_size("{}", count - 1));
  return fmt::format("{:0{}}", index, digits);
}

std::string sweep_table(const std::vector<SweptKey>& keys, const std::vector<SweptStudy>& studies) {
  const bool sliced = !studies.empty() && studies.front().slice;
  const auto time = [](std::int64_t milliseconds) {
    return milliseconds % 1000 == 0 ? format_time(milliseconds / 1000, TimeUnit::second)
                                    : format_time(milliseconds, TimeUnit::millisecond);
  };
  std::string table = "index\tfolder";
  for (const auto& swept : keys) table += "\t" + swept.key;
  table += sliced ? "\tfrom\tto\n" : "\n";
  for (std::size_t i = 0; i < studies.size(); ++i) {
    table += fmt::format("{}\t{}", i, sweep_folder(i, studies.size()));
    for (const auto& value : studies[i].values) table += "\t" + value;
    if (sliced)
      table += fmt::format("\t{}\t{}", time(studies[i].slice->from_ms), time(studies[i].slice->to_ms));
    table += "\n";
  }
  return table;
}

}  // namespace lockstep
