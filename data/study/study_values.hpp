#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "data/study/study.hpp"

/// The kinds of values in a study file. A kind for values of type T describes both directions:
///   - std::optional<T> read(const toml::node&) const: nothing when the node is not acceptable
///   - std::string print(const T&) const: TOML that reads back as an equal value; empty: the key is left out
///   - std::string expected() const: what is acceptable, for messages
namespace lockstep::study_values {

/// `text` as a TOML basic string, quotes included.
std::string toml_string(std::string_view text);

/// `value` as the shortest TOML float that reads back as the same number.
std::string toml_float(double value);

/// What the user wrote, for messages: `the integer 3`, `the string "abc"`.
std::string found(const toml::node& node);

/// A string that passes `accepts`.
struct Text {
  std::string_view accepted;
  bool (*accepts)(std::string_view);

  std::optional<std::string> read(const toml::node& node) const;
  std::string print(const std::string& value) const { return toml_string(value); }
  std::string expected() const { return std::string(accepted); }
};

/// An array of strings that all pass `accepts`.
struct TextList {
  enum class Shape : std::uint8_t { any_array, filled_array_or_string };
  std::string_view accepted;
  Shape shape;
  bool (*accepts)(std::string_view);

  std::optional<std::vector<std::string>> read(const toml::node& node) const;
  std::string print(const std::vector<std::string>& value) const;
  std::string expected() const { return std::string(accepted); }
};

/// A whole number of type T between two limits, both allowed.
template <class T>
struct Whole {
  std::int64_t lowest;
  std::int64_t highest;

  std::optional<T> read(const toml::node& node) const {
    const auto* number = node.as_integer();
    if (!number || number->get() < lowest || number->get() > highest) return std::nullopt;
    return static_cast<T>(number->get());
  }
  std::string print(T value) const { return fmt::format("{}", value); }
  std::string expected() const { return fmt::format("a whole number from {} to {}", lowest, highest); }
};

/// A number between two limits; `highest` is allowed, `lowest` where `with_lowest`.
struct Real {
  double lowest;
  double highest;
  bool with_lowest;

  std::optional<double> read(const toml::node& node) const;
  std::string print(double value) const { return toml_float(value); }
  std::string expected() const;
};

/// An array of such numbers; an empty one is not printed.
struct RealList {
  Real each;

  std::optional<std::vector<double>> read(const toml::node& node) const;
  std::string print(const std::vector<double>& values) const;
  std::string expected() const { return "an array of numbers, each " + each.expected(); }
};

/// A value of another kind that is not printed where it is `usual`.
template <class Kind, class T>
struct Unless {
  Kind kind;
  T usual;

  std::optional<T> read(const toml::node& node) const { return kind.read(node); }
  std::string print(const T& value) const { return value == usual ? "" : kind.print(value); }
  std::string expected() const { return kind.expected(); }
};

/// One of the words in `names`, which stand in the order of the enumerators.
template <class Enum, std::size_t count>
struct Choice {
  std::array<std::string_view, count> names;

  std::optional<Enum> read(const toml::node& node) const {
    const auto* text = node.as_string();
    for (std::size_t i = 0; text && i < count; ++i) {
      if (text->get() == names[i]) return static_cast<Enum>(i);
    }
    return std::nullopt;
  }
  std::string print(Enum value) const { return toml_string(names[static_cast<std::size_t>(value)]); }
  std::string expected() const {
    std::string words = toml_string(names[0]);
    for (std::size_t i = 1; i < count; ++i) words += (i + 1 < count ? ", " : " or ") + toml_string(names[i]);
    return words;
  }
};

/// A duration in milliseconds, at most a year, which the study's time unit can express.
struct Duration {
  TimeUnit unit;

  std::optional<std::int64_t> read(const toml::node& node) const;
  std::string print(std::int64_t milliseconds) const;
  std::string expected() const;
};

/// A moment in milliseconds since 1970-01-01 UTC, which the study's time unit can express; nothing where the
/// key is left out.
struct Moment {
  TimeUnit unit;

  std::optional<std::int64_t> read(const toml::node& node) const;
  std::string print(const std::optional<std::int64_t>& milliseconds) const;
  std::string expected() const;
};

/// The source of an account attribute: a field, or "=constant".
struct AttributeValue {
  Attribute attribute;

  std::optional<AttributeSource> read(const toml::node& node) const;
  std::string print(const AttributeSource& source) const;
  std::string expected() const;
};

}  // namespace lockstep::study_values
