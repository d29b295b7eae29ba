#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "data/generator/generator.hpp"
#include "data/generator/power_law.hpp"

namespace lockstep::generator {

enum class Label : std::uint8_t { coordinated, fan_club, syndication, viral };
enum class Spread : std::uint8_t {
  uniform,      ///< delays uniform in [0, delay_seconds]
  exponential,  ///< delays exponential with mean delay_seconds, cut off at four means
};

/// Planted groups of the same make. Groups, their accounts, objects and events (a group's acting on one
/// object) are numbered over all makes, so nothing is stored per group.
struct GroupKind {
  Label label = Label::coordinated;
  std::uint64_t count = 0;
  std::uint64_t accounts = 0;
  std::uint64_t objects = 0;
  std::uint64_t cells = 1;
  double participation = 1;
  double camouflage = 0;
  double boosted_share = 0;
  bool on_publication = true;
  Spread spread = Spread::uniform;
  double delay_seconds = 0;

  std::uint64_t first_number = 0;  ///< of the first group among groups with its label
  std::uint64_t first_group = 0;
  std::uint64_t first_account = 0;  ///< unused for viral bursts, whose accounts are organic
  std::uint64_t first_object = 0;
  std::uint64_t first_event = 0;
  std::uint64_t events() const { return count * objects; }
};

/// The options with every 0 replaced, and what follows from them.
struct Plan {
  GeneratorOptions options;
  PowerLaw popularity;  ///< over objects
  PowerLaw activity;    ///< over the accounts of one audience
  std::vector<GroupKind> kinds;
  std::uint64_t events;
  std::uint64_t account_key;  ///< of `scrambled`
  std::uint64_t object_key;

  std::int64_t end() const { return options.start + std::int64_t{86400} * options.days; }
};

/// Checks the options and lays out what is to be generated. Throws Error(usage) naming the option.
Plan make_plan(const GeneratorOptions& options);

/// Name of a group, such as "campaign-03".
std::string network_name(Label label, std::uint64_t number);

std::string_view label_name(Label label);

/// Index of the `position`-th account caught in viral bursts, counted over all bursts: spread over all
/// ranks of activity, and distinct for as many positions in a row as there are accounts.
std::uint64_t viral_account(const Plan& plan, std::uint64_t position);

/// A one-to-one map of 40-bit numbers, so that names tell nothing about ranks or membership.
constexpr std::uint64_t scrambled(std::uint64_t index, std::uint64_t key) {
  constexpr std::uint64_t mask = (std::uint64_t{1} << 40U) - 1;
  std::uint64_t value = (index ^ key) & mask;
  value = (value * 0x9E3779B97F4A7C15U) & mask;  // odd factors and xor-shifts can be undone
  value ^= value >> 20U;
  value = (value * 0xBF58476D1CE4E5B9U) & mask;
  return value ^ (value >> 20U);
}

}  // namespace lockstep::generator
