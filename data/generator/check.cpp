#include "data/generator/check.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

#include <fmt/format.h>

#include "data/error.hpp"
#include "data/generator/world.hpp"

namespace lockstep::generator {
namespace {

/// Written so that a NaN fails too.
template <typename Number>
void require(std::string_view option, Number value, Number smallest, Number largest) {
  if (value >= smallest && value <= largest) return;
  throw Error(ExitCode::usage, fmt::format("generator: {} is {}, but must be from {} to {}", option, value,
                                           smallest, largest));
}

constexpr std::uint32_t most_shards = 1'000'000'000;

std::uint64_t default_largest_object(std::uint64_t actions) {
  const auto count = static_cast<double>(actions);
  const double largest = std::min(count / 100, 1e5 * std::sqrt(count / 1e7));
  return static_cast<std::uint64_t>(largest);
}

void check_campaigns(const CampaignOptions& campaign) {
  if (campaign.count == 0) return;
  require("campaigns.count", campaign.count, 1U, 1'000'000U);
  require("campaigns.accounts", campaign.accounts, 2U, 10'000'000U);
  require("campaigns.shared_objects", campaign.shared_objects, 1U, 10'000'000U);
  require("campaigns.jitter_seconds", campaign.jitter_seconds, 0U, 43'200U);
  require("campaigns.participation", campaign.participation, 0.0, 1.0);
  require("campaigns.camouflage", campaign.camouflage, 0.0, 1000.0);
  require("campaigns.boosted_share", campaign.boosted_share, 0.0, 1.0);
  require("campaigns.cells", campaign.cells, 1U, std::min(campaign.accounts / 2, campaign.shared_objects));
}

void check_benign(const BenignOptions& benign, std::uint64_t accounts) {
  if (benign.fan_clubs > 0) {
    require("benign.fan_clubs", benign.fan_clubs, 1U, 1'000'000U);
    require("benign.fan_club_size", benign.fan_club_size, 2U, 10'000'000U);
    require("benign.fan_club_posts", benign.fan_club_posts, 1U, 10'000'000U);
  }
  if (benign.syndications > 0) {
    require("benign.syndications", benign.syndications, 1U, 1'000'000U);
    require("benign.syndication_size", benign.syndication_size, 2U, 10'000'000U);
    require("benign.syndication_stories", benign.syndication_stories, 1U, 10'000'000U);
  }
  if (benign.viral_bursts > 0) {
    const auto most = static_cast<std::uint32_t>(accounts);
    require("benign.viral_bursts", benign.viral_bursts, 1U, 1'000'000U);
    require("benign.viral_burst_size", benign.viral_burst_size, 2U, most);
    require("benign.viral_burst_seconds", benign.viral_burst_seconds, 1U, 43'200U);
  }
}

}  // namespace

GeneratorOptions checked(const GeneratorOptions& options) {
  GeneratorOptions all = options;
  require<std::uint64_t>("actions", all.actions, 1, std::uint64_t{1} << 50U);
  // 32 bits, because the stride through the accounts in `viral_account` is a 64-bit product.
  constexpr std::uint64_t most_accounts = 0xFFFFFFFF;
  if (all.accounts == 0) all.accounts = std::clamp<std::uint64_t>(all.actions / 20, 2000, most_accounts);
  if (all.objects == 0) all.objects = std::max<std::uint64_t>(1, all.actions / 10);
  if (all.shards == 0) {
    all.shards =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(most_shards, (all.actions + 999'999) / 1'000'000));
  }
  require<std::uint64_t>("accounts", all.accounts, audiences.size(), most_accounts);
  require<std::uint64_t>("objects", all.objects, 1, std::min(all.actions, std::uint64_t{1} << 39U));
  const std::uint64_t mean = (all.actions + all.objects - 1) / all.objects;
  if (all.largest_object == 0) all.largest_object = std::max(default_largest_object(all.actions), mean);
  require<std::uint64_t>("largest_object", all.largest_object, mean, all.actions);
  require("days", all.days, 2U, 36'500U);
  require<std::int64_t>("start", all.start, 0, 100'000'000'000);
  require("popularity_exponent", all.popularity_exponent, 0.0, 3.0);
  require("activity_exponent", all.activity_exponent, 0.0, 3.0);
  require("attention_seconds", all.attention_seconds, 1.0, 1e9);
  require("shards", all.shards, 1U, most_shards);
  for (const CampaignOptions& campaign : all.campaigns) check_campaigns(campaign);
  check_benign(all.benign, all.accounts);
  return all;
}

}  // namespace lockstep::generator
