#include <filesystem>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "cluster/agree.hpp"
#include "cluster/progress.hpp"
#include "data/generator/generator.hpp"
#include "jobs/commands/commands.hpp"

namespace lockstep {

namespace {

void generate(const Comm& comm, const GeneratorOptions& options, const std::filesystem::path& folder) {
  const std::uint32_t shards = attempt(comm, [&] { return shard_count(options); });
  attempt(comm, [&] {
    if (!comm.is_root()) return;
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) throw Error(ExitCode::io, fmt::format("{}: {}", folder.string(), error.message()));
    // The study reads all shards in the folder: older ones would be taken for part of this log.
    if (!std::filesystem::is_empty(folder)) {
      throw Error(ExitCode::usage,
                  fmt::format("{}: not empty; name a new folder for --out", folder.string()));
    }
  });
  const auto ranks = static_cast<std::uint32_t>(comm.size());
  const auto rank = static_cast<std::uint32_t>(comm.rank());
  Progress progress(comm, "generate", "shards", (shards + ranks - 1 - rank) / ranks);
  attempt(comm, [&] {
    for (std::uint32_t shard = rank; shard < shards; shard += ranks) {
      write_shard(options, shard, folder);
      progress.advance(1);
    }
    if (!comm.is_root()) return;
    write_truth(options, folder);
    write_study(options, folder);
  });
  progress.finish();
}

}  // namespace

void add_generate(CLI::App& app, const Comm& comm) {
  struct Options {
    GeneratorOptions log;
    std::string folder;
  };
  const auto options = std::make_shared<Options>();
  auto& log = options->log;
  auto& campaign = log.campaigns.front();
  auto& benign = log.benign;
  auto* command = app.add_subcommand(
      "generate", "Write a synthetic log with planted campaigns, its truth, and a study that reads it");
  command->add_option("--out", options->folder, "New or empty folder")->required();
  const auto option = [&](const char* name, auto& value, const char* description, const char* group) {
    command->add_option(name, value, description)->capture_default_str()->group(group);
  };
  option("--seed", log.seed, "The same seed gives the same bytes", "Log");
  option("--actions", log.actions, "Organic actions", "Log");
  option("--accounts", log.accounts, "Organic accounts; 0: a twentieth of the actions", "Log");
  option("--objects", log.objects, "Organic objects; 0: a tenth of the actions", "Log");
  option("--days", log.days, "Length of the log", "Log");
  option("--largest-object", log.largest_object, "Actions of the most popular object; 0: from the actions",
         "Log");
  option("--shards", log.shards, "Files; 0: one per million actions", "Log");
  command->add_flag("--compress", log.compress, "Write .csv.gz")->group("Log");
  option("--campaigns", campaign.count, "Coordinated campaigns", "Campaigns");
  option("--campaign-accounts", campaign.accounts, "Members of each", "Campaigns");
  option("--shared-objects", campaign.shared_objects, "Objects each acts on together", "Campaigns");
  option("--jitter", campaign.jitter_seconds, "Members act within so many seconds", "Campaigns");
  option("--participation", campaign.participation, "Share of the members that act on an object",
         "Campaigns");
  option("--camouflage", campaign.camouflage, "Organic-looking actions per coordinated one", "Campaigns");
  option("--cells", campaign.cells, "Cells that act on different objects", "Campaigns");
  command->add_flag("--on-publication", campaign.on_publication, "Act at publication, not hours later")
      ->group("Campaigns");
  option("--fan-clubs", benign.fan_clubs, "Fan clubs reacting within minutes", "Benign");
  option("--fan-club-size", benign.fan_club_size, "Fans in each", "Benign");
  option("--fan-club-posts", benign.fan_club_posts, "Posts they react to", "Benign");
  option("--syndications", benign.syndications, "Groups of outlets that publish the same stories", "Benign");
  option("--syndication-size", benign.syndication_size, "Outlets in each", "Benign");
  option("--syndication-stories", benign.syndication_stories, "Stories they publish", "Benign");
  option("--viral-bursts", benign.viral_bursts, "Bursts of unrelated accounts on one object", "Benign");
  option("--viral-burst-size", benign.viral_burst_size, "Accounts in each", "Benign");
  command->callback([options, &comm] { generate(comm, options->log, options->folder); });
}

}  // namespace lockstep
