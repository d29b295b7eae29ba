#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/study/study.hpp"

namespace lockstep {

/// One value of a study under its dotted name, such as {"channel.co-url.window", "\"60s\""}; the value as
/// TOML has it. Channels go by their names, inputs by their numbers from 1.
struct Setting {
  std::string key;
  std::string value;
  bool operator==(const Setting&) const = default;
};

/// Every value that effective_study() prints, in its order.
std::vector<Setting> study_settings(const Study& study);

/// What two studies set differently: {key, value in a, value in b}; empty where one does not have the key.
struct SettingDifference {
  std::string key;
  std::string a;
  std::string b;
  bool operator==(const SettingDifference&) const = default;
};
std::vector<SettingDifference> different_settings(const Study& a, const Study& b);

/// Sets one value by its dotted name: "communities.resolution", "channel.NAME.window", or "channel.*.window"
/// for all channels. `value` is written as in a study file; quotes may be left out. Returns the names of what
/// was set, one per channel. Inputs cannot be set.
/// Throws Error(usage) that says what would be right, for unknown names and values of the wrong kind. What
/// only the whole study can tell (two channels of one name) is found when the study is read again.
std::vector<std::string> set_value(Study& study, std::string_view key, std::string_view value);

}  // namespace lockstep
