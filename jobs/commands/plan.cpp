#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "cluster/agree.hpp"
#include "cluster/manifest.hpp"
#include "cluster/progress.hpp"
#include "data/study/study_file.hpp"
#include "jobs/commands/commands.hpp"
#include "jobs/cost_model.hpp"
#include "src/log/ingest.hpp"
#include "src/log/sample.hpp"

namespace lockstep {

namespace {

constexpr double gib = 1024.0 * 1024 * 1024;

struct Options {
  std::string study;
  std::uint32_t nodes = 0;  ///< 0: as few as hold the run
  std::uint32_t cores_per_node = std::max(1U, std::thread::hardware_concurrency());
  std::uint64_t gib_per_node = std::max<std::uint64_t>(
      1, static_cast<std::uint64_t>(static_cast<double>(sysconf(_SC_PHYS_PAGES)) *
                                    static_cast<double>(sysconf(_SC_PAGESIZE)) / gib));
  double sample_mb = 64;
  std::string run;  ///< folder of a run that has read its log
  bool sbatch = false;
};

/// What a sample says of one channel of the whole log.
struct ChannelForecast {
  double actions = 0;
  double objects = 0;  ///< at least
  double windowed_pairs = 0;
};

struct Forecast {
  std::vector<ChannelForecast> channels;
  double accounts = 0;  ///< at least
  Workload work;
};

/// How often each name occurs among the actions of the sample.
template <class Get>
void count_names(const LogSample& sample, std::size_t channel, std::vector<std::uint32_t>& counts, Get get) {
  for (const auto& piece : sample.log.actions[channel].pieces()) {
    for (const RawAction& action : piece) ++counts[get(action)];
  }
}

/// As many names as if no two parts of the log had one in common: what is to be held must not be too little.
void add_names(Workload& work, const NameTable& names, double scale) {
  work.names += static_cast<double>(names.size()) * scale;
  for (std::size_t i = 0; i < names.size(); ++i) {
    work.name_bytes += static_cast<double>(names.name(i).size()) * scale;
  }
}

/// What one rank reads at a time: splits of plain files, compressed files as a whole.
std::vector<std::uint64_t> reading_pieces(const LogSample& sample) {
  std::vector<std::uint64_t> pieces;
  for (const auto& file : sample.files) {
    for (const Split& split : plan_splits(file.path, default_split_bytes))
      pieces.push_back(split.end - split.begin);
  }
  return pieces;
}

Forecast forecast(const Study& study, const LogSample& sample) {
  Forecast result;
  Workload& work = result.work;
  work.rule = study.coordination.rule;
  work.surrogates = study.coordination.surrogates;
  work.pieces = reading_pieces(sample);
  work.read_seconds = sample.seconds * sample.scale();
  std::vector<double> file_rows;
  for (const auto& file : sample.files) file_rows.push_back(file.rows);
  std::vector<std::uint32_t> accounts(sample.log.accounts.size());
  for (std::size_t c = 0; c < study.channels.size(); ++c) {
    const NameTable& names = sample.log.objects[c];
    std::vector<std::uint32_t> objects(names.size());
    count_names(sample, c, accounts, [](const RawAction& action) { return action.account; });
    count_names(sample, c, objects, [](const RawAction& action) { return action.object; });
    ChannelForecast& channel = result.channels.emplace_back();
    channel.actions = static_cast<double>(sample.actions[c].size()) * sample.scale();
    channel.objects = estimate_distinct(objects, sample.scale());
    channel.windowed_pairs = estimate_windowed_pairs(
        sample.actions[c], ticks(study.time_unit, study.channels[c].window_ms), sample.spans, file_rows);
    work.actions += channel.actions;
    work.windowed_pairs += channel.windowed_pairs;
    add_names(work, names, sample.scale());
  }
  result.accounts = estimate_distinct(accounts, sample.scale());
  add_names(work, sample.log.accounts, sample.scale());
  return result;
}

/// What is left to do for a log that is read and sorted.
Forecast forecast(const Study& study, const LogFacts& facts) {
  Forecast result;
  Workload& work = result.work;
  work.rule = study.coordination.rule;
  work.surrogates = study.coordination.surrogates;
  work.names = static_cast<double>(facts.names);
  work.name_bytes = static_cast<double>(facts.name_bytes);
  for (const LogCounts& counts : facts.channels) {
    result.channels.push_back({static_cast<double>(counts.actions), static_cast<double>(counts.objects),
                               static_cast<double>(counts.windowed_pairs)});
    work.actions += static_cast<double>(counts.actions);
    work.windowed_pairs += static_cast<double>(counts.windowed_pairs);
  }
  result.accounts = static_cast<double>(facts.accounts);
  return result;
}

std::string amount(double value) {
  return value < 1000 ? fmt::format("{:.0f}", value) : format_amount(value);
}

void print_channels(const Study& study, const Forecast& expected) {
  fmt::print("{:<20} {:>12} {:>12} {:>16}\n", "channel", "actions", "objects", "windowed pairs");
  for (std::size_t c = 0; c < study.channels.size(); ++c) {
    const ChannelForecast& channel = expected.channels[c];
    fmt::print("{:<20} {:>12} {:>12} {:>16}\n", study.channels[c].name, amount(channel.actions),
               amount(channel.objects), amount(channel.windowed_pairs));
  }
}

void print_facts(const Study& study, const LogFacts& facts, const Forecast& expected) {
  fmt::print("{}: read and sorted already, so these counts are exact\n\n{} rows, {} actions, {} accounts\n",
             study.name, facts.read.rows, amount(expected.work.actions), facts.accounts);
  print_channels(study, expected);
}

void print_forecast(const Study& study, const LogSample& sample, const Forecast& expected) {
  const auto bytes = static_cast<double>(sample.bytes());
  const auto read = static_cast<double>(sample.bytes_read());
  fmt::print("{}: {} files, {}B; {:.3g} % of it read in {} ({} rows/s on one core), {} of {} rows rejected\n",
             study.name, sample.files.size(), amount(bytes), bytes > 0 ? 100 * read / bytes : 100,
             format_duration(sample.seconds),
             amount(static_cast<double>(sample.log.rows) / std::max(sample.seconds, 1e-6)),
             sample.log.rejected_rows(), sample.log.rows);
  if (sample.log.rows_outside > 0) {
    fmt::print("{} of {} rows are outside from and to\n", sample.log.rows_outside, sample.log.rows);
  }
  fmt::print("\nexpected: {} rows, {} actions, at least {} accounts\n", amount(sample.rows()),
             amount(expected.work.actions), amount(expected.accounts));
  print_channels(study, expected);
  if (sample.is_complete()) {
    fmt::print("All rows were read: these counts are exact.\n");
    return;
  }
  fmt::print(
      "From a sample: rows and actions to a few percent; windowed pairs, and the times that follow from "
      "them, to a\n"
      "factor of 3 where the sample is 3 % or more, worse where a few bursts hold most pairs.\n");
  if (std::ranges::any_of(sample.files, &SampledFile::compressed)) {
    fmt::print(
        "Of compressed files only the beginning was read: rows to a fifth; windowed pairs by any factor too "
        "many or\n"
        "too few where rows are sorted by object. A larger --sample-mb tells more.\n");
  }
}

void print_cost(const RunCost& cost, const Reservation& job) {
  const std::uint32_t ranks = job.nodes * job.ranks_per_node;
  fmt::print("\non {} node{} with {} ranks each\n", job.nodes, job.nodes == 1 ? "" : "s", job.ranks_per_node);
  for (const auto& [stage, seconds] : cost.stages)
    fmt::print("  {:<22} {:>12}\n", stage, format_duration(seconds));
  fmt::print("  {:<22} {:>12}  times {} for safety\n", "whole", format_duration(cost.seconds),
             cost::time_safety);
  fmt::print("  {:<22} {:>11}B  times {} for safety\n", "memory per rank", format_amount(cost.bytes_per_rank),
             cost::memory_safety);
  fmt::print("  {:<22} {:>11}B  on disk until the run is done, twice that while the log is saved\n",
             "checkpoint", format_amount(cost.checkpoint_bytes));
  if (cost.reading_share * ranks > 1.5) {
    fmt::print(
        "One rank reads {:.0f} % of the input, {:.1f} times its share, and needs memory for it: divide "
        "large\n"
        "compressed files into at least {} of about the same size, or use fewer ranks.\n",
        100 * cost.reading_share, cost.reading_share * ranks, ranks);
  }
}

/// What the run in a folder knows of the log; the run must be one of this study.
LogFacts facts_of_run(const std::filesystem::path& folder, const Study& study) {
  const Manifest manifest = newest_manifest(folder).manifest;
  if (const auto difference = first_difference(manifest.study, effective_study(study));
      !manifest.study.empty() && !difference.empty()) {
    throw Error(ExitCode::usage,
                fmt::format("{}: the run is one of another study: {}; plan it with its own, or without --run",
                            folder.string(), difference));
  }
  const auto facts = read_log_facts(folder, manifest);
  if (!facts) {
    throw Error(ExitCode::io,
                fmt::format("{}: no sorted log is saved here; 'lockstep ingest' saves one, and a run "
                            "that is done keeps none",
                            folder.string()));
  }
  return *facts;
}

void run_plan(const Options& options, const Study& study) {
  std::optional<LogFacts> facts;
  if (!options.run.empty()) facts = facts_of_run(options.run, study);
  std::optional<LogSample> sample;
  if (!facts) sample = read_sample(study, static_cast<std::uint64_t>(options.sample_mb * 1e6));
  const auto expected = facts ? forecast(study, *facts) : forecast(study, *sample);
  const std::uint32_t fitting = fitting_nodes(expected.work, options.cores_per_node, options.gib_per_node);
  const std::uint32_t nodes = options.nodes > 0 ? options.nodes : std::max(fitting, 1U);
  const RunCost cost = estimate_cost(expected.work, nodes * options.cores_per_node);
  const Reservation job = reserve(cost, nodes, options.cores_per_node);
  if (!options.sbatch) {
    if (facts) {
      print_facts(study, *facts, expected);
    } else {
      print_forecast(study, *sample, expected);
    }
    print_cost(cost, job);
    fmt::print("\n");
  }
  if (job.gib_per_node > options.gib_per_node) {
    throw Error(
        ExitCode::usage,
        fmt::format("the run needs {} GiB on each of {} nodes with {} ranks, more than the {} GiB there "
                    "are; use {}",
                    job.gib_per_node, nodes, options.cores_per_node, options.gib_per_node,
                    fitting > 0 ? fmt::format("--nodes {}", fitting)
                                : "smaller compressed files, nodes with more memory, or fewer "
                                  "--cores-per-node"));
  }
  fmt::print("{}", sbatch_header(job));
}

}  // namespace

void add_plan(CLI::App& app, const Comm& comm) {
  const auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand(
      "plan", "Estimate memory, time and a batch script's header for a run, from a sample of its inputs");
  command->add_option("STUDY", options->study, "Study file (TOML)")->required();
  constexpr std::uint32_t most = 100'000;
  command->add_option("--nodes", options->nodes, "Nodes to run on (default: as few as have the memory)")
      ->check(CLI::Range(1U, most));
  command
      ->add_option("--cores-per-node", options->cores_per_node,
                   "Ranks on each (default: this machine's cores)")
      ->check(CLI::Range(1U, most));
  command
      ->add_option("--memory-per-node", options->gib_per_node,
                   "GiB that a job may use of each (default: this machine's memory)")
      ->check(CLI::Range(1U, 10'000'000U));
  command->add_option("--sample-mb", options->sample_mb, "MB of the inputs to read, as they lie on disk")
      ->check(CLI::Range(0.001, 1e9))
      ->capture_default_str();
  command->add_option(
      "--run", options->run,
      "Folder of a run of this study that has read its log: plan the rest, from exact counts");
  command->add_flag("--sbatch", options->sbatch, "Print the #SBATCH lines only");
  command->callback([options, &comm] {
    attempt(comm, [&] {
      if (comm.is_root()) run_plan(*options, read_study(options->study));
    });
  });
}

}  // namespace lockstep
