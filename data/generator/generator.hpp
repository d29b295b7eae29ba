#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace lockstep {

/// Planted coordinated campaigns of one make. Their accounts come on top of the organic ones.
struct CampaignOptions {
  std::uint32_t count = 10;           ///< campaigns of this make
  std::uint32_t accounts = 30;        ///< members of each campaign
  std::uint32_t shared_objects = 40;  ///< objects each campaign acts on together
  std::uint32_t jitter_seconds = 30;  ///< members act at the base time + a uniform draw from [0, jitter]
  double participation = 0.8;         ///< probability that a member acts on an object of its cell
  double camouflage = 1.0;            ///< organic-looking actions of a member per coordinated one
  std::uint32_t cells = 1;            ///< members and objects are dealt to so many cells that never meet
  double boosted_share = 0.5;         ///< share of the objects that are organic ones; the rest are its own
  bool on_publication = false;        ///< base time: the publication, or a moment 2 to 10 hours after it
};

/// Groups that look coordinated and are not: hard negatives. Fans and outlets are accounts of their own and
/// do one organic-looking action per planted one.
struct BenignOptions {
  std::uint32_t fan_clubs = 3;  ///< fans react to an idol's posts, exponential delay (mean 3 minutes)
  std::uint32_t fan_club_size = 150;
  std::uint32_t fan_club_posts = 40;
  std::uint32_t syndications = 3;  ///< outlets publish wire stories, exponential delay (mean 15 minutes)
  std::uint32_t syndication_size = 25;
  std::uint32_t syndication_stories = 80;
  std::uint32_t viral_bursts = 3;         ///< organic accounts without a tie, each acting once
  std::uint32_t viral_burst_size = 2000;  ///< at most `accounts`
  std::uint32_t viral_burst_seconds = 300;
};

/// A synthetic interaction log: exactly `actions` organic rows, and the rows of what is planted. The two do
/// not depend on each other: planting something adds rows (56,000 with the defaults) and changes none.
/// The rows are the same however many shards they are cut into.
struct GeneratorOptions {
  std::uint64_t seed = 1;
  std::uint64_t actions = 1'000'000;   ///< organic rows
  std::uint64_t accounts = 0;          ///< organic accounts; 0: a twentieth of the actions, at least 2000
  std::uint64_t objects = 0;           ///< organic objects, each with an action; 0: a tenth of the actions
  std::uint32_t days = 30;             ///< span of the log, at least 2; nothing is published on the last day
  std::int64_t start = 1'704'067'200;  ///< first second of the log (epoch seconds; 2024-01-01)
  double popularity_exponent = 0.9;    ///< actions of the object of rank r fall as (r + shift)^-exponent
  std::uint64_t largest_object = 0;    ///< about the actions of the most popular object (sets the shift);
                                       ///< 0: 1 % of the actions, from 10^7 on 10^5 · sqrt(actions / 10^7)
  double activity_exponent = 0.8;      ///< the same for the actions of accounts
  double attention_seconds = 3600;     ///< typical median delay of an action after its object's publication
  std::vector<CampaignOptions> campaigns = {CampaignOptions{}};
  BenignOptions benign;
  std::uint32_t shards = 0;  ///< files; 0: one per million actions
  bool compress = false;     ///< actions-0000.csv.gz instead of actions-0000.csv
};

/// Number of shards: a function of the options alone. Throws Error(usage) naming an impossible option.
std::uint32_t shard_count(const GeneratorOptions& options);

/// Writes shard `shard` (0 … shard_count − 1) into the existing `folder`: rows
/// `account,url,time,platform,language,kind,region,followers` under a header, in no order of time.
/// Local; its bytes depend on the options and the shard only, so any process may write any shard.
/// Throws Error(usage) naming an impossible option, Error(io) with the path; a failure leaves no file.
void write_shard(const GeneratorOptions& options, std::uint32_t shard, const std::filesystem::path& folder);

/// Writes truth.csv: `account,network,label` for every planted account, each once. Labels: coordinated,
/// fan_club, syndication, viral (organic accounts caught in a burst; the first, if in several).
void write_truth(const GeneratorOptions& options, const std::filesystem::path& folder);

/// Writes study.toml, which reads the shards beside it.
void write_study(const GeneratorOptions& options, const std::filesystem::path& folder);

}  // namespace lockstep
