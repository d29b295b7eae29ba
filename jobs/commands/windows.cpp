#include <array>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "cluster/agree.hpp"
#include "data/study/study_file.hpp"
#include "jobs/commands/commands.hpp"
#include "jobs/coordination.hpp"
#include "src/networks/scoring.hpp"

namespace lockstep {

namespace {

struct Options {
  std::string study;
  std::string rejects = "rejects.jsonl";
};

/// 1 s to 1 day.
constexpr std::array<std::int64_t, 14> ladder_seconds = {1,   2,   5,    10,   30,    60,     120,
                                                         300, 600, 1800, 3600, 10800, 21'600, 86'400};

std::string window_name(std::int64_t seconds) {
  if (seconds % 3600 == 0) return fmt::format("{} h", seconds / 3600);
  return seconds % 60 == 0 ? fmt::format("{} min", seconds / 60) : fmt::format("{} s", seconds);
}

/// Observed and expected co-actions of one channel with one window.
void print_row(const std::string& channel, std::int64_t seconds,
               const std::array<PairCounts, NullModel::classes>& counts, const NullModel& model) {
  std::string row = fmt::format("{:<16} {:>7}", channel, window_name(seconds));
  for (std::size_t k = 0; k < NullModel::classes; ++k) {
    const double expected = static_cast<double>(counts[k].co_present) * model.same(k);
    row += fmt::format(
        " {:>11} {:>12.0f} {:>5}", counts[k].co_acting, expected,
        expected > 0 ? fmt::format("{:.2f}", static_cast<double>(counts[k].co_acting) / expected) : "-");
  }
  fmt::print("{}\n", row);
}

/// Channels and null models with another window; windows finer than the times are left out.
void try_window(const RunContext& run, const std::vector<Action>& log, const ObjectClocks& clocks,
                const std::vector<std::uint32_t>& resolutions, std::int64_t seconds) {
  const auto window = static_cast<std::uint32_t>(ticks(run.study.time_unit, seconds * 1000));
  auto channels = run.catalogue.channels;
  std::vector<NullModel> models;
  for (std::size_t c = 0; c < channels.size(); ++c) {
    channels[c].window = window;
    models.emplace_back(window, resolutions[c]);
  }
  const auto counts =
      calibrate(run.comm, prepare_sweep(run.comm, log, clocks, channels, models), channels, models);
  if (!run.comm.is_root()) return;
  for (std::size_t c = 0; c < channels.size(); ++c) {
    if (window >= resolutions[c]) print_row(run.study.channels[c].name, seconds, counts[c], models[c]);
  }
}

void print_windows(const Comm& comm, const Options& options) {
  const Study study = attempt(comm, [&] { return read_study(options.study); });
  RunContext run{comm, study, {}, RunReport(comm), {}, {}};
  auto ingested = ingest(comm, study, options.rejects);
  run.catalogue = std::move(ingested.catalogue);
  const auto log = sort_stage(run, std::move(ingested.actions));
  const auto resolutions = run.resolutions(log);
  ObjectClocks clocks(comm, log);
  clocks.set_births(comm, ingested.publications, run.catalogue.channels, resolutions);
  if (comm.is_root()) {
    fmt::print(
        "co-acting pairs of actions in one interval of the object's age: observed, expected under interval "
        "jitter, and their ratio\n{:<16} {:>7}",
        "channel", "window");
    for (const char* name : {"first 5 windows", "next 5", "next 10", "later, by 20"})
      fmt::print(" {:>30}", name);
    fmt::print("\n");
  }
  for (const std::int64_t seconds : ladder_seconds) try_window(run, log, clocks, resolutions, seconds);
}

}  // namespace

void add_windows(CLI::App& app, const Comm& comm) {
  const auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand(
      "windows",
      "Observed and expected co-actions for windows from 1 s to 1 day, to choose a window by evidence");
  command->add_option("STUDY", options->study, "Study file (TOML); its windows are not used")->required();
  command->add_option("--rejects", options->rejects, "File for malformed rows, if there are any")
      ->capture_default_str();
  command->callback([options, &comm] { print_windows(comm, *options); });
}

}  // namespace lockstep
