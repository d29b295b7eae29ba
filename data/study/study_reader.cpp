#include "data/study/study_reader.hpp"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "data/error.hpp"

namespace lockstep::study_reader {
namespace {

/// Number of single-character edits (insert, delete, replace) that turn `from` into `to`.
std::size_t edit_distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (const char c : from) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 0; j < to.size(); ++j) {
      const std::size_t replaced = diagonal + (c == to[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

/// What to write instead of `key`: the nearest known one, or all when none is near.
std::string suggestion(std::string_view key, const std::vector<std::string>& known, std::string_view noun) {
  const auto distance = [key](const std::string& word) { return edit_distance(key, word); };
  const std::string& nearest = *std::min_element(
      known.begin(), known.end(), [&](const auto& a, const auto& b) { return distance(a) < distance(b); });
  const std::size_t typing_errors = 1 + key.size() / 3;
  if (distance(nearest) <= typing_errors) return fmt::format("did you mean '{}'?", nearest);
  return fmt::format("the {}s are {}", noun, fmt::join(known, ", "));
}

}  // namespace

Place place_of(const std::string& file, const toml::source_region& source) {
  return {file, std::max<std::uint32_t>(1, source.begin.line)};
}

void refuse(const Place& place, const std::string& where, const std::string& what) {
  throw Error(ExitCode::usage, fmt::format("{}:{}: {}: {}", place.file, place.line, where, what));
}

void refuse_unknown_keys(const std::string& file, const toml::table& table, const std::string& label,
                         const std::vector<std::string>& known, std::string_view noun) {
  const toml::key* first = nullptr;  // in the file: the parser sorts keys by name
  for (const auto& [key, value] : table) {
    if (std::find(known.begin(), known.end(), key.str()) != known.end()) continue;
    if (!first || key.source().begin < first->source().begin) first = &key;
  }
  if (!first) return;
  const std::string where = fmt::format("{}{}'{}'", label, label.empty() ? "" : " ", first->str());
  refuse(place_of(file, first->source()), where,
         fmt::format("unknown {}; {}", noun, suggestion(first->str(), known, noun)));
}

const toml::table* StudyReader::find_table(std::string_view name) const {
  const toml::node* node = root_.get(name);
  if (node && !node->is_table()) {
    refuse(place_of(file_, node->source()), fmt::format("'{}'", name),
           fmt::format("found {}; expected one table, headed [{}]", study_values::found(*node), name));
  }
  return node ? node->as_table() : nullptr;
}

std::vector<const toml::table*> StudyReader::find_tables(std::string_view name, std::size_t most) const {
  const std::string where = fmt::format("[[{}]]", name);
  const toml::node* node = root_.get(name);
  const toml::array* array = node ? node->as_array() : nullptr;
  if (!node || (array && array->empty())) {
    refuse(place_of(file_, node ? node->source() : root_.source()), where,
           fmt::format("missing; expected at least one table, headed {}", where));
  }
  if (!array) {
    refuse(place_of(file_, node->source()), fmt::format("'{}'", name),
           fmt::format("found {}; expected tables headed {}, in double brackets", study_values::found(*node),
                       where));
  }
  std::vector<const toml::table*> tables;
  for (const toml::node& element : *array) {
    const Place place = place_of(file_, element.source());
    if (!element.is_table()) {
      refuse(place, where, fmt::format("found {}; expected a table", study_values::found(element)));
    }
    if (tables.size() == most) refuse(place, where, fmt::format("too many; expected at most {}", most));
    tables.push_back(element.as_table());
  }
  return tables;
}

}  // namespace lockstep::study_reader
