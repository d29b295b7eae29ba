#include "data/generator/plan.hpp"

#include <array>
#include <numeric>

#include <fmt/format.h>

#include "data/error.hpp"
#include "data/generator/check.hpp"
#include "data/generator/random.hpp"
#include "data/generator/world.hpp"

namespace lockstep::generator {
namespace {

constexpr double fan_club_participation = 0.6;
constexpr double fan_delay_seconds = 180;
constexpr double syndication_participation = 0.8;
constexpr double syndication_delay_seconds = 900;
constexpr double benign_camouflage = 1;

GroupKind campaigns(const CampaignOptions& options) {
  GroupKind kind;
  kind.label = Label::coordinated;
  kind.count = options.count;
  kind.accounts = options.accounts;
  kind.objects = options.shared_objects;
  kind.cells = options.cells;
  kind.participation = options.participation;
  kind.camouflage = options.camouflage;
  kind.boosted_share = options.boosted_share;
  kind.on_publication = options.on_publication;
  kind.spread = Spread::uniform;
  kind.delay_seconds = options.jitter_seconds;
  return kind;
}

GroupKind fan_clubs(const BenignOptions& options) {
  GroupKind kind;
  kind.label = Label::fan_club;
  kind.count = options.fan_clubs;
  kind.accounts = options.fan_club_size;
  kind.objects = options.fan_club_posts;
  kind.participation = fan_club_participation;
  kind.camouflage = benign_camouflage;
  kind.spread = Spread::exponential;
  kind.delay_seconds = fan_delay_seconds;
  return kind;
}

GroupKind syndications(const BenignOptions& options) {
  GroupKind kind;
  kind.label = Label::syndication;
  kind.count = options.syndications;
  kind.accounts = options.syndication_size;
  kind.objects = options.syndication_stories;
  kind.participation = syndication_participation;
  kind.camouflage = benign_camouflage;
  kind.spread = Spread::exponential;
  kind.delay_seconds = syndication_delay_seconds;
  return kind;
}

GroupKind viral_bursts(const BenignOptions& options) {
  GroupKind kind;
  kind.label = Label::viral;
  kind.count = options.viral_bursts;
  kind.accounts = options.viral_burst_size;
  kind.objects = 1;
  kind.spread = Spread::uniform;
  kind.delay_seconds = options.viral_burst_seconds;
  return kind;
}

/// Gives groups, accounts, objects and events their numbers; returns the number of events.
std::uint64_t number_groups(const GeneratorOptions& options, std::vector<GroupKind>& kinds) {
  constexpr std::uint64_t most_names = std::uint64_t{1} << 40U;
  std::array<std::uint64_t, 4> numbers{};  // by label
  std::uint64_t group = 0;
  std::uint64_t account = options.accounts;
  std::uint64_t object = options.objects;
  std::uint64_t event = 0;
  for (GroupKind& kind : kinds) {
    auto& number = numbers[static_cast<std::size_t>(kind.label)];
    kind.first_number = number + 1;
    kind.first_group = group;
    kind.first_account = account;
    kind.first_object = object;
    kind.first_event = event;
    number += kind.count;
    group += kind.count;
    if (kind.label != Label::viral) account += kind.count * kind.accounts;
    object += kind.events();
    event += kind.events();
    if (account > most_names || object > most_names) {
      throw Error(ExitCode::usage,
                  "generator: campaigns and benign groups have more than 2^40 accounts or objects");
    }
  }
  return event;
}

}  // namespace

Plan make_plan(const GeneratorOptions& options) {
  const GeneratorOptions all = checked(options);
  std::vector<GroupKind> kinds;
  for (const CampaignOptions& campaign : all.campaigns) kinds.push_back(campaigns(campaign));
  kinds.push_back(fan_clubs(all.benign));
  kinds.push_back(syndications(all.benign));
  kinds.push_back(viral_bursts(all.benign));
  const std::uint64_t events = number_groups(all, kinds);

  // Every object has one action; the rest is dealt by the power law (see `first_action`).
  const double dealt = static_cast<double>(all.actions - all.objects);
  const double first_share = dealt > 0 ? static_cast<double>(all.largest_object - 1) / dealt : 1;
  const std::uint64_t circle = (all.accounts + audiences.size() - 1) / audiences.size();
  // With the default exponent the busiest account has then about 150 times the mean.
  const double activity_shift = 3e-4 * static_cast<double>(circle);
  Draws keys(all.seed, Stream::names, 0);
  const std::uint64_t account_key = keys.bits();
  return {.options = all,
          .popularity = PowerLaw::with_first_share(all.objects, all.popularity_exponent, first_share),
          .activity = PowerLaw(circle, all.activity_exponent, activity_shift),
          .kinds = std::move(kinds),
          .events = events,
          .account_key = account_key,
          .object_key = keys.bits()};
}

std::string network_name(Label label, std::uint64_t number) {
  constexpr std::array<std::string_view, 4> prefixes = {"campaign", "fan-club", "syndication", "viral"};
  return fmt::format("{}-{:02}", prefixes[static_cast<std::size_t>(label)], number);
}

std::string_view label_name(Label label) {
  constexpr std::array<std::string_view, 4> names = {"coordinated", "fan_club", "syndication", "viral"};
  return names[static_cast<std::size_t>(label)];
}

std::uint64_t viral_account(const Plan& plan, std::uint64_t position) {
  const std::uint64_t accounts = plan.options.accounts;
  std::uint64_t stride = static_cast<std::uint64_t>(0.6180339887 * static_cast<double>(accounts));
  while (std::gcd(stride, accounts) != 1) ++stride;  // a stride without a common factor meets every account
  return (plan.account_key % accounts + position % accounts * stride % accounts) % accounts;
}

}  // namespace lockstep::generator
