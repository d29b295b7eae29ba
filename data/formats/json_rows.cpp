#include "data/formats/json_rows.hpp"

#include <fmt/format.h>

#include "data/formats/row_values.hpp"

namespace lockstep {

namespace {

using simdjson::ondemand::json_type;

static_assert(raw_row_padding >= simdjson::SIMDJSON_PADDING);

constexpr std::string_view json_spaces = " \t\r\n";

bool is_blank(std::string_view text) {
  return text.find_first_not_of(json_spaces) == std::string_view::npos;
}

bool is_scalar(json_type type) {
  return type != json_type::array && type != json_type::object;
}

}  // namespace

JsonRows::JsonRows(const Split& split, const std::vector<WantedField>& wanted,
                   std::vector<std::string> missing)
    : raw_rows_(split, Format::jsonl),
      paths_(json_paths(wanted)),
      missing_(std::move(missing)),
      values_(wanted.size()) {}

bool JsonRows::next(Row& row) {
  RawRow raw;
  do {
    if (!raw_rows_.next(raw)) return false;
  } while (is_blank(raw.text));
  row.line = raw.line;
  clear_values(row, values_.size());
  for (auto& values : values_) values.clear();
  if (!parse(raw)) {
    row.error = error_;
    return true;
  }
  for (std::size_t field = 0; field < values_.size(); ++field) {
    row.flat.insert(row.flat.end(), values_[field].begin(), values_[field].end());
    row.first[field + 1] = row.flat.size();
  }
  return true;
}

bool JsonRows::parse(const RawRow& raw) {
  // Without the newline: it then follows the text, where the parser must not find a bracket.
  const std::size_t length = raw.text.size() - 1;
  simdjson::ondemand::document document;
  if (auto code = parser_.iterate(raw.text.data(), length, length + raw_row_padding).get(document)) {
    return fail(code, paths_);
  }
  simdjson::ondemand::object object;
  if (auto code = document.get_object().get(object)) return fail(code, paths_);
  if (!take_object(object, paths_)) return false;
  const bool at_end = document.current_location().error() == simdjson::OUT_OF_BOUNDS;
  return at_end || fail("text after the JSON object");
}

/// Takes the wanted values that lie in `value`, which lies at `path`.
bool JsonRows::take(Value value, const JsonPath& path) {
  json_type type{};
  if (auto code = value.type().get(type)) return fail(code, path);
  if (type == json_type::array) {
    simdjson::ondemand::array array;
    if (auto code = value.get_array().get(array)) return fail(code, path);
    return take_array(array, path);
  }
  if (type == json_type::object) {
    if (!path.fields.empty()) return fail(fmt::format("'{}' is an object, not a value", path.name));
    simdjson::ondemand::object object;
    if (auto code = value.get_object().get(object)) return fail(code, path);
    return take_object(object, path);
  }
  return take_scalar(value, type, path);
}

bool JsonRows::take_object(simdjson::ondemand::object object, const JsonPath& path) {
  for (auto result : object) {
    simdjson::ondemand::field field;
    std::string_view key;
    if (auto code = std::move(result).get(field)) return fail(code, path);
    if (auto code = field.unescaped_key().get(key)) return fail(code, path);
    const JsonPath* child = find_child(path, key);
    if (child != nullptr && !take(field.value(), *child)) return false;
  }
  return true;
}

bool JsonRows::take_array(simdjson::ondemand::array array, const JsonPath& path) {
  const JsonPath* every = find_child(path, "*");
  std::size_t index = 0;
  for (auto result : array) {
    Value element;
    if (auto code = result.get(element)) return fail(code, path);
    const bool by_index = every == nullptr && !path.children.empty();
    const JsonPath* element_path = by_index ? find_child(path, fmt::format_int(index).c_str()) : every;
    if (!take_element(element, path, element_path)) return false;
    ++index;
  }
  return true;
}

/// `element_path` may be null: then only the array itself is wanted.
bool JsonRows::take_element(Value element, const JsonPath& array_path, const JsonPath* element_path) {
  json_type type{};
  if (auto code = element.type().get(type)) return fail(code, array_path);
  if (!is_scalar(type)) return element_path == nullptr || take(element, *element_path);
  std::string_view text;
  if (type == json_type::null) return take_scalar(element, type, array_path);
  if (!scalar_text(element, type, array_path, text)) return false;
  add_value(array_path, text);
  if (element_path != nullptr) add_value(*element_path, text);
  return true;
}

bool JsonRows::take_scalar(Value value, json_type type, const JsonPath& path) {
  if (path.fields.empty()) return true;
  if (type == json_type::null) {
    bool null = false;
    if (auto code = value.is_null().get(null)) return fail(code, path);
    return null || fail(simdjson::N_ATOM_ERROR, path);
  }
  std::string_view text;
  if (!scalar_text(value, type, path, text)) return false;
  add_value(path, text);
  return true;
}

/// A string without its escapes, a number as it is written in the file, "true" or "false".
bool JsonRows::scalar_text(Value value, json_type type, const JsonPath& path, std::string_view& text) {
  simdjson::error_code code = simdjson::SUCCESS;
  if (type == json_type::string) {
    code = value.get_string().get(text);
  } else if (type == json_type::number) {
    text = value.raw_json_token();
    text = text.substr(0, text.find_last_not_of(json_spaces) + 1);
    code = value.get_double().error();  // for the check only: the text is what counts
  } else {
    bool truth = false;
    code = value.get_bool().get(truth);
    text = truth ? "true" : "false";
  }
  return code == simdjson::SUCCESS || fail(code, path);
}

void JsonRows::add_value(const JsonPath& path, std::string_view text) {
  if (path.fields.empty() || is_missing(text, missing_)) return;
  for (const std::size_t field : path.fields) values_[field].push_back(text);
}

bool JsonRows::fail(std::string reason) {
  error_ = std::move(reason);
  return false;
}

bool JsonRows::fail(simdjson::error_code code, const JsonPath& path) {
  if (code == simdjson::INCORRECT_TYPE || code == simdjson::EMPTY) return fail("not a JSON object");
  const std::string_view message = simdjson::error_message(code);
  return fail(path.name.empty() ? std::string(message) : fmt::format("{} in '{}'", message, path.name));
}

}  // namespace lockstep
