#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <toml++/toml.h>

#include "data/study/study_keys.hpp"

namespace lockstep::study_reader {

/// Where something stands in a study file.
struct Place {
  std::string file;
  std::uint32_t line;
};

/// The place of a node; nodes that the parser made up have no line and count as the first.
Place place_of(const std::string& file, const toml::source_region& source);

/// Throws Error(usage): "FILE:LINE: WHERE: WHAT".
[[noreturn]] void refuse(const Place& place, const std::string& where, const std::string& what);

/// Throws Error(usage) at the first key of `table` that is not among `known`, with the nearest known one.
/// `label` names the table as the user writes it ("[study]"; empty for the file), `noun` what it holds.
void refuse_unknown_keys(const std::string& file, const toml::table& table, const std::string& label,
                         const std::vector<std::string>& known, std::string_view noun);

/// Reads the keys of one table, as study_keys::describe() names them.
class TableReader {
 public:
  /// `place` is where the table begins; `table` must outlive the reader.
  TableReader(const toml::table& table, Place place, std::string label)
      : table_(table), place_(std::move(place)), label_(std::move(label)) {}

  template <class T, class Kind>
  void required(std::string_view key, T& value, const Kind& kind) {
    if (!read(key, value, kind)) note(place_, key, "missing; expected " + kind.expected());
  }
  template <class T, class Kind>
  void optional(std::string_view key, T& value, const Kind& kind) {
    read(key, value, kind);
  }
  template <class T, class Kind, class Guess>
  void derived(std::string_view key, T& value, const Kind& kind, const Guess& guess) {
    if (read(key, value, kind)) return;
    if (const auto guessed = guess()) {
      value = *guessed;
    } else {
      note(place_, key, "missing, and the file names do not tell; expected " + kind.expected());
    }
  }

  /// Throws Error(usage) for the first problem. Unknown keys come first: a misspelled key explains a
  /// missing one.
  void finish() const {
    refuse_unknown_keys(place_.file, table_, label_, known_, "key");
    if (problem_) refuse(problem_->place, problem_->where, problem_->what);
  }

 private:
  struct Problem {
    Place place;
    std::string where;
    std::string what;
  };

  /// Whether the key is there; then `value` is set, or the problem noted.
  template <class T, class Kind>
  bool read(std::string_view key, T& value, const Kind& kind) {
    known_.emplace_back(key);
    const toml::node* node = table_.get(key);
    if (!node) return false;
    if (auto result = kind.read(*node)) {
      value = *std::move(result);
    } else {
      const std::string what = "found " + study_values::found(*node) + "; expected " + kind.expected();
      note(place_of(place_.file, node->source()), key, what);
    }
    return true;
  }

  void note(const Place& place, std::string_view key, const std::string& what) {
    if (!problem_) problem_ = Problem{place, label_ + " '" + std::string(key) + "'", what};
  }

  const toml::table& table_;
  Place place_;
  std::string label_;
  std::vector<std::string> known_;
  std::optional<Problem> problem_;
};

/// Reads the tables of a study file, as study_keys::describe_tables() names them.
class StudyReader {
 public:
  StudyReader(const toml::table& root, std::string file) : root_(root), file_(std::move(file)) {}

  template <class Part>
  void one(std::string_view name, Part& part, const Study& study) {
    static const toml::table no_table;
    const toml::table* table = find_table(name);
    fill(table ? *table : no_table, "[" + std::string(name) + "]", part, study);
  }

  template <class Part>
  void many(std::string_view name, std::vector<Part>& parts, std::size_t most, const Study& study) {
    for (const toml::table* table : find_tables(name, most)) {
      fill(*table, "[[" + std::string(name) + "]]", parts.emplace_back(), study);
    }
  }

 private:
  template <class Part>
  void fill(const toml::table& table, const std::string& label, Part& part, const Study& study) {
    TableReader keys(table, place_of(file_, table.source()), label);
    study_keys::describe(keys, part, study);
    keys.finish();
  }

  /// The [name] table, null where there is none. Throws Error(usage) when it is something else.
  const toml::table* find_table(std::string_view name) const;
  /// The [[name]] tables, 1 to `most`. Throws Error(usage) when there are fewer, more or other things.
  std::vector<const toml::table*> find_tables(std::string_view name, std::size_t most) const;

  const toml::table& root_;
  std::string file_;
};

/// Collects the names of the tables; what StudyReader checks the file's top level against.
struct TableNames {
  std::vector<std::string> names;

  template <class Part>
  void one(std::string_view name, Part& /*part*/, const Study& /*study*/) {
    names.emplace_back(name);
  }
  template <class Part>
  void many(std::string_view name, Part& /*parts*/, std::size_t /*most*/, const Study& /*study*/) {
    names.emplace_back(name);
  }
};

}  // namespace lockstep::study_reader
