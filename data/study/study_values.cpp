#include "data/study/study_values.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "data/formats/time.hpp"

namespace lockstep::study_values {
namespace {

constexpr std::int64_t longest_duration_ms = 365LL * 24 * 60 * 60 * 1000;

/// A number made of all of `digits`; nothing for other characters and for numbers that are too large.
std::optional<std::int64_t> parse_digits(std::string_view digits) {
  std::int64_t number = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, problem] = std::from_chars(digits.data(), end, number);
  if (digits.empty() || problem != std::errc() || stop != end || number < 0) return std::nullopt;
  return number;
}

std::optional<std::int64_t> milliseconds_per(std::string_view unit) {
  if (unit == "ms") return 1;
  if (unit == "s") return 1000;
  if (unit == "min") return 60 * 1000;
  if (unit == "h") return 60 * 60 * 1000;
  if (unit == "d") return 24 * 60 * 60 * 1000;
  return std::nullopt;
}

/// `text`, or its beginning where it is too long for a message; never half a UTF-8 character.
std::string shortened(const std::string& text) {
  constexpr std::size_t most_bytes = 80;
  if (text.size() <= most_bytes) return text;
  std::size_t end = most_bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

/// `node` much as the user wrote it; nested arrays and tables are only hinted at.
std::string literal(const toml::node& node) {
  if (const auto* text = node.as_string()) return toml_string(text->get());
  if (const auto* integer = node.as_integer()) return fmt::format("{}", integer->get());
  if (const auto* number = node.as_floating_point()) return toml_float(number->get());
  if (const auto* boolean = node.as_boolean()) return boolean->get() ? "true" : "false";
  if (node.is_array()) return "[…]";
  if (node.is_table()) return "{…}";
  return "a date or time";
}

std::string array_literal(const toml::array& array) {
  std::string text;
  for (const toml::node& element : array) text += (text.empty() ? "" : ", ") + literal(element);
  return "[" + text + "]";
}

}  // namespace

std::string toml_string(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (c == '\n') {
      result += "\\n";
    } else if (c == '\t') {
      result += "\\t";
    } else if (c == '\r') {
      result += "\\r";
    } else if (byte < 0x20 || byte == 0x7F) {
      result += fmt::format("\\u{:04X}", byte);
    } else {
      result += c;
    }
  }
  return result + "\"";
}

std::string toml_float(double value) {
  std::string text = fmt::format("{}", value);
  const bool reads_as_integer = text.find_first_not_of("-0123456789") == std::string::npos;
  return reads_as_integer ? text + ".0" : text;
}

std::string found(const toml::node& node) {
  if (node.is_string()) return "the string " + shortened(literal(node));
  if (node.is_integer()) return "the integer " + literal(node);
  if (node.is_floating_point()) return "the number " + literal(node);
  if (node.is_boolean()) return "the boolean " + literal(node);
  if (const auto* array = node.as_array()) return "the array " + shortened(array_literal(*array));
  return node.is_table() ? "a table" : "a date or time";
}

std::optional<std::string> Text::read(const toml::node& node) const {
  const auto* text = node.as_string();
  if (!text || !accepts(text->get())) return std::nullopt;
  return text->get();
}

std::optional<std::vector<std::string>> TextList::read(const toml::node& node) const {
  const bool lenient = shape == Shape::filled_array_or_string;
  const Text element_kind{accepted, accepts};
  std::vector<std::string> result;
  if (const auto* array = node.as_array(); array && !(lenient && array->empty())) {
    for (const toml::node& element : *array) {
      auto text = element_kind.read(element);
      if (!text) return std::nullopt;
      result.push_back(*std::move(text));
    }
    return result;
  }
  auto text = lenient ? element_kind.read(node) : std::nullopt;
  if (!text) return std::nullopt;
  result.push_back(*std::move(text));
  return result;
}

std::string TextList::print(const std::vector<std::string>& value) const {
  std::string list;
  for (const std::string& text : value) list += (list.empty() ? "" : ", ") + toml_string(text);
  return "[" + list + "]";
}

std::optional<double> Real::read(const toml::node& node) const {
  double value = std::nan("");
  if (const auto* number = node.as_floating_point()) value = number->get();
  if (const auto* integer = node.as_integer()) value = static_cast<double>(integer->get());
  const bool high_enough = with_lowest ? value >= lowest : value > lowest;
  if (!high_enough || !(value <= highest)) return std::nullopt;  // so that nan fails
  return value;
}

std::optional<std::vector<double>> RealList::read(const toml::node& node) const {
  const auto* array = node.as_array();
  if (!array) return std::nullopt;
  std::vector<double> values;
  for (const auto& element : *array) {
    const auto value = each.read(element);
    if (!value) return std::nullopt;
    values.push_back(*value);
  }
  return values;
}

std::string RealList::print(const std::vector<double>& values) const {
  if (values.empty()) return "";
  std::string text;
  for (const double value : values) text += (text.empty() ? "[" : ", ") + each.print(value);
  return text + "]";
}

std::string Real::expected() const {
  if (with_lowest) return fmt::format("a number from {} to {}", lowest, highest);
  return fmt::format("a number above {}, at most {:.0f}", lowest, highest);
}

std::optional<std::int64_t> Duration::read(const toml::node& node) const {
  const auto* node_text = node.as_string();
  if (!node_text) return std::nullopt;
  const std::string_view text = node_text->get();
  const std::size_t unit_begin = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = parse_digits(text.substr(0, unit_begin));
  const auto scale = milliseconds_per(text.substr(unit_begin));
  if (!number || !scale || *number > longest_duration_ms / *scale) return std::nullopt;
  const std::int64_t milliseconds = *number * *scale;
  if (unit == TimeUnit::second && milliseconds % 1000 != 0) return std::nullopt;
  return milliseconds;
}

std::string Duration::print(std::int64_t milliseconds) const {
  return milliseconds % 1000 == 0 ? fmt::format("\"{}s\"", milliseconds / 1000)
                                  : fmt::format("\"{}ms\"", milliseconds);
}

std::string Duration::expected() const {
  const std::string_view whole_seconds =
      "whole seconds, because [study] time_unit is \"s\" (\"ms\" allows parts of seconds): ";
  return fmt::format("a duration of at most 365d{}a whole number and ms, s, min, h or d, such as \"60s\"",
                     unit == TimeUnit::second ? fmt::format(" in {}", whole_seconds) : ": ");
}

std::optional<std::int64_t> Moment::read(const toml::node& node) const {
  const auto* text = node.as_string();
  if (!text) return std::nullopt;
  const auto milliseconds = TimeParser("iso8601", TimeUnit::millisecond).parse(text->get());
  if (!milliseconds || (unit == TimeUnit::second && *milliseconds % 1000 != 0)) return std::nullopt;
  return milliseconds;
}

std::string Moment::print(const std::optional<std::int64_t>& milliseconds) const {
  if (!milliseconds) return "";
  const bool whole_seconds = *milliseconds % 1000 == 0;
  return toml_string(whole_seconds ? format_time(*milliseconds / 1000, TimeUnit::second)
                                   : format_time(*milliseconds, TimeUnit::millisecond));
}

std::string Moment::expected() const {
  return fmt::format(
      "a time as ISO 8601 has it, UTC unless it names a zone{}, such as \"2021-09-01\" or "
      "\"2021-09-01T12:30:00Z\"",
      unit == TimeUnit::second ? ", in whole seconds because [study] time_unit is \"s\"" : "");
}

std::optional<AttributeSource> AttributeValue::read(const toml::node& node) const {
  const auto* text = node.as_string();
  if (!text || text->get().empty()) return std::nullopt;
  if (text->get().front() != '=') return AttributeSource{AttributeSource::From::field, text->get()};
  std::string constant = text->get().substr(1);
  if (constant.empty()) return std::nullopt;
  if (attribute == Attribute::followers && !parse_digits(constant)) return std::nullopt;
  return AttributeSource{AttributeSource::From::constant, std::move(constant)};
}

std::string AttributeValue::print(const AttributeSource& source) const {
  switch (source.from) {
    case AttributeSource::From::nothing:
      return "";
    case AttributeSource::From::field:
      return toml_string(source.text);
    case AttributeSource::From::constant:
      return toml_string("=" + source.text);
  }
  return "";
}

std::string AttributeValue::expected() const {
  return attribute == Attribute::followers
             ? "the name of a field, or \"=N\" with a whole number N, the same for all accounts"
             : "the name of a field, or \"=constant\", the same for all accounts";
}

}  // namespace lockstep::study_values
