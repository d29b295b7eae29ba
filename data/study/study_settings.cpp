#include "data/study/study_settings.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include "data/error.hpp"
#include "data/study/study_keys.hpp"

namespace lockstep {
namespace {

/// What a [[name]] table goes by.
std::string part_name(const Input& /*input*/, std::size_t number) {
  return fmt::format("{}", number);
}
std::string part_name(const Channel& channel, std::size_t /*number*/) {
  return channel.name;
}

/// Lists the tables of a study, as study_keys::describe_tables() names them.
struct SettingList {
  std::vector<Setting> settings;

  /// Lists the keys of one table.
  struct Keys {
    std::vector<Setting>& settings;
    std::string table;

    template <class T, class Kind>
    void required(std::string_view key, const T& value, const Kind& kind) {
      const std::string printed = kind.print(value);
      if (!printed.empty()) settings.push_back({fmt::format("{}.{}", table, key), printed});
    }
    template <class T, class Kind>
    void optional(std::string_view key, const T& value, const Kind& kind) {
      required(key, value, kind);
    }
    template <class T, class Kind, class Guess>
    void derived(std::string_view key, const T& value, const Kind& kind, const Guess& /*guess*/) {
      required(key, value, kind);
    }
  };

  template <class Part>
  void one(std::string_view name, const Part& part, const Study& study) {
    Keys keys{settings, std::string(name)};
    study_keys::describe(keys, part, study);
  }
  template <class Part>
  void many(std::string_view name, const std::vector<Part>& parts, std::size_t /*most*/, const Study& study) {
    for (std::size_t i = 0; i < parts.size(); ++i) {
      Keys keys{settings, fmt::format("{}.{}", name, part_name(parts[i], i + 1))};
      study_keys::describe(keys, parts[i], study);
    }
  }
};

/// Sets one key in the tables of a study that it belongs to.
class Setter {
 public:
  /// `table`: as the user writes it, with a channel's name.
  Setter(std::string_view table, std::string_view key, std::string_view value)
      : table_(table), key_(key), value_(value) {}

  template <class Part>
  void one(std::string_view name, Part& part, const Study& study) {
    tables_.emplace_back(name);
    if (name == table_) set(part, study, table_);
  }
  template <class Part>
  void many(std::string_view name, std::vector<Part>& parts, std::size_t /*most*/, const Study& study) {
    if constexpr (std::is_same_v<Part, Channel>) {
      for (std::size_t i = 0; i < parts.size(); ++i) {
        const std::string channel = fmt::format("{}.{}", name, part_name(parts[i], i + 1));
        tables_.push_back(channel);
        if (channel == table_ || table_ == "channel.*") set(parts[i], study, channel);
      }
    }
  }

  /// The names of what was set. Throws Error(usage) where nothing was.
  std::vector<std::string> finish() {
    if (places_.empty()) {
      refuse(
          fmt::format("unknown table '{}'; expected one of {}, channel.*", table_, fmt::join(tables_, ", ")));
    }
    return std::move(places_);
  }

  template <class T, class Kind>
  void required(std::string_view key, T& value, const Kind& kind) {
    keys_.emplace_back(key);
    if (key != key_) return;
    auto read = read_value(kind);
    if (!read) refuse(fmt::format("found {}; expected {}", value_, kind.expected()));
    value = *std::move(read);
    found_ = true;
  }
  template <class T, class Kind>
  void optional(std::string_view key, T& value, const Kind& kind) {
    required(key, value, kind);
  }
  template <class T, class Kind, class Guess>
  void derived(std::string_view key, T& value, const Kind& kind, const Guess& /*guess*/) {
    required(key, value, kind);
  }

 private:
  template <class Part>
  void set(Part& part, const Study& study, const std::string& place) {
    keys_.clear();
    found_ = false;
    study_keys::describe(*this, part, study);
    if (!found_) refuse(fmt::format("unknown key; the keys of {} are {}", place, fmt::join(keys_, ", ")));
    places_.push_back(place + "." + key_);
  }

  /// The value as TOML has it, or as the text of a string whose quotes were left out.
  template <class Kind>
  auto read_value(const Kind& kind) const -> decltype(kind.read(std::declval<const toml::node&>())) {
    try {
      const toml::table table = toml::parse("value = " + value_);
      if (table.size() == 1) {
        if (auto read = kind.read(*table.get("value"))) return read;
      }
    } catch (const toml::parse_error&) {
      // a string without its quotes
    }
    return kind.read(toml::value<std::string>(value_));
  }

  [[noreturn]] void refuse(const std::string& what) const {
    throw Error(ExitCode::usage, fmt::format("{}.{}: {}", table_, key_, what));
  }

  std::string table_;
  std::string key_;
  std::string value_;
  std::vector<std::string> tables_;
  std::vector<std::string> keys_;  ///< of the present table
  bool found_ = false;             ///< in the present table
  std::vector<std::string> places_;
};

}  // namespace

std::vector<Setting> study_settings(const Study& study) {
  SettingList list;
  study_keys::describe_tables(list, study);
  return std::move(list.settings);
}

std::vector<SettingDifference> different_settings(const Study& a, const Study& b) {
  std::vector<SettingDifference> differences;
  std::map<std::string, std::string> of_b;
  for (auto& [key, value] : study_settings(b)) of_b.emplace(std::move(key), std::move(value));
  for (auto& [key, value] : study_settings(a)) {
    const auto known = of_b.extract(key);
    if (known.empty()) {
      differences.push_back({key, value, ""});
    } else if (known.mapped() != value) {
      differences.push_back({key, value, known.mapped()});
    }
  }
  for (const auto& [key, value] : of_b) differences.push_back({key, "", value});
  return differences;
}

std::vector<std::string> set_value(Study& study, std::string_view key, std::string_view value) {
  const std::size_t dot = key.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || dot + 1 == key.size()) {
    throw Error(ExitCode::usage, fmt::format("'{}': expected TABLE.KEY, such as communities.resolution or "
                                             "channel.*.window",
                                             key));
  }
  Setter setter(key.substr(0, dot), key.substr(dot + 1), value);
  study_keys::describe_tables(setter, study);
  return setter.finish();
}

}  // namespace lockstep
