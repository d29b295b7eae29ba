#include <algorithm>

#include <fmt/format.h>

#include "data/generator/world.hpp"

namespace lockstep::generator {
namespace {

/// A choice with its share in per cent; the shares of a table add up to 100.
struct Choice {
  std::string_view word;
  unsigned percent;
};

constexpr std::array<Choice, 4> platforms = {
    {{"facebook", 35}, {"twitter", 30}, {"instagram", 20}, {"telegram", 15}}};
constexpr std::array<Choice, 3> organic_kinds = {{{"profile", 85}, {"page", 10}, {"group", 5}}};
constexpr std::array<Choice, 3> campaign_kinds = {{{"profile", 70}, {"page", 25}, {"group", 5}}};

/// Regions in which campaigns say to be: codes that ISO 3166 leaves to users, so no country is meant.
constexpr std::string_view campaign_regions = "XAXBXCXDXEXFXGXHXIXJXKXLXMXNXOXPXQXRXSXTXUXVXWXXXYXZ";

template <std::size_t size>
std::string_view choose(const std::array<Choice, size>& choices, Draws& draws) {
  auto left = static_cast<unsigned>(draws.below(100));
  for (const Choice& choice : choices) {
    if (left < choice.percent) return choice.word;
    left -= choice.percent;
  }
  return choices.back().word;
}

/// Heavy-tailed (log-logistic) number of followers.
std::uint64_t follower_count(double median, Draws& draws) {
  const double share = draws.uniform();
  return static_cast<std::uint64_t>(std::min(median * share / (1 - share), 1e8));
}

std::uint32_t draw_group_audience(Draws& group) {
  return static_cast<std::uint32_t>(group.below(audiences.size()));
}

}  // namespace

void append_account_name(const Plan& plan, std::uint64_t account, std::string& text) {
  const fmt::format_int number(scrambled(account, plan.account_key));
  text += 'u';
  text.append(number.data(), number.size());
}

Attributes organic_attributes(const Plan& plan, std::uint64_t account) {
  Draws draws(plan.options.seed, Stream::account, account);
  const Audience& audience = audiences[account % audiences.size()];
  Attributes attributes;
  attributes.platform = choose(platforms, draws);
  attributes.kind = choose(organic_kinds, draws);
  attributes.language = audience.language;
  attributes.region = audience.region;
  attributes.followers = follower_count(attributes.kind == "profile" ? 200 : 3000, draws);
  return attributes;
}

std::uint32_t group_audience(const Plan& plan, std::uint64_t group) {
  Draws draws(plan.options.seed, Stream::group, group);
  return draw_group_audience(draws);
}

Attributes member_attributes(const Plan& plan, std::uint64_t account, const Membership& membership) {
  Draws group(plan.options.seed, Stream::group, membership.group);
  Draws draws(plan.options.seed, Stream::account, account);
  const Audience& audience = audiences[draw_group_audience(group)];
  const std::string_view home_platform = choose(platforms, group);
  const bool at_home = draws.uniform() < 0.85;  // the others mix in
  Attributes attributes;
  attributes.platform = at_home ? home_platform : choose(platforms, draws);
  attributes.language = audience.language;
  attributes.region = audience.region;
  attributes.kind = choose(organic_kinds, draws);
  double median_followers = 200;
  if (membership.label == Label::coordinated) {
    const std::uint64_t region = membership.number % (campaign_regions.size() / 2);
    if (at_home) attributes.region = campaign_regions.substr(2 * region, 2);
    attributes.kind = choose(campaign_kinds, draws);
  } else if (membership.label == Label::syndication) {
    attributes.kind = "page";
    median_followers = 50'000;
  }
  attributes.followers = follower_count(median_followers, draws);
  return attributes;
}

std::uint64_t organic_account(const Plan& plan, std::uint32_t audience, Draws& draws) {
  constexpr double own_language = 0.85;  // share of an object's actions that come from its own audience
  const std::uint64_t rank = plan.activity.quantile(draws.uniform());
  const double where = draws.uniform();
  std::uint64_t circle = audience;
  if (where >= own_language) {
    const double rescaled = (where - own_language) / (1 - own_language);
    circle = static_cast<std::uint64_t>(rescaled * static_cast<double>(audiences.size()));
    circle = std::min<std::uint64_t>(circle, audiences.size() - 1);
  }
  const std::uint64_t account = rank * audiences.size() + circle;
  // The last round of dealing may not reach every audience.
  return account < plan.options.accounts ? account : account - audiences.size();
}

}  // namespace lockstep::generator
