#include <array>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cluster/agree.hpp"
#include "data/formats/json_text.hpp"
#include "data/study/study_file.hpp"
#include "jobs/commands/commands.hpp"
#include "jobs/coordination.hpp"
#include "src/networks/scoring.hpp"

namespace lockstep {

namespace {

struct Options {
  std::string study;
  std::string rejects = "rejects.jsonl";
  bool json = false;
};

/// 1 s to 1 day.
constexpr std::array<std::int64_t, 14> ladder_seconds = {1,   2,   5,    10,   30,    60,     120,
                                                         300, 600, 1800, 3600, 10800, 21'600, 86'400};

std::string window_name(std::int64_t seconds) {
  if (seconds % 3600 == 0) return fmt::format("{} h", seconds / 3600);
  return seconds % 60 == 0 ? fmt::format("{} min", seconds / 60) : fmt::format("{} s", seconds);
}

/// One channel with one window.
struct Row {
  std::string channel;
  std::int64_t seconds;
  std::array<PairCounts, NullModel::classes> counts;
  NullModel model;

  double expected(std::size_t interval_class) const {
    return static_cast<double>(counts[interval_class].co_present) * model.same(interval_class);
  }
};

/// The table, and why it has no more rows.
struct Table {
  std::vector<std::uint32_t> resolutions;           ///< by channel, ticks
  std::vector<Row> rows;                            ///< by window, then channel
  std::vector<std::vector<std::int64_t>> too_fine;  ///< by channel: windows that are left out
};

/// Channels and null models with another window; windows finer than the times are left out.
void try_window(const RunContext& run, const std::vector<Action>& log, const ObjectClocks& clocks,
                std::int64_t seconds, Table& table) {
  const auto window = static_cast<std::uint32_t>(ticks(run.study.time_unit, seconds * 1000));
  auto channels = run.catalogue.channels;
  std::vector<NullModel> models;
  for (std::size_t c = 0; c < channels.size(); ++c) {
    channels[c].window = window;
    models.emplace_back(window, table.resolutions[c]);
  }
  const auto counts =
      calibrate(run.comm, prepare_sweep(run.comm, log, clocks, channels, models), channels, models);
  for (std::size_t c = 0; c < channels.size(); ++c) {
    if (window < table.resolutions[c]) {
      table.too_fine[c].push_back(seconds);
    } else {
      table.rows.push_back({run.study.channels[c].name, seconds, counts[c], models[c]});
    }
  }
}

void print_table(const RunContext& run, const Table& table) {
  const char* unit = run.study.time_unit == TimeUnit::second ? "s" : "ms";
  for (std::size_t c = 0; c < table.resolutions.size(); ++c) {
    std::vector<std::string> left_out;
    for (const std::int64_t seconds : table.too_fine[c]) left_out.push_back(window_name(seconds));
    fmt::print(
        "{}: time resolution {} {}{}\n", run.study.channels[c].name, table.resolutions[c], unit,
        left_out.empty() ? "" : fmt::format("; finer windows left out: {}", fmt::join(left_out, ", ")));
  }
  fmt::print(
      "\nco-acting pairs of actions in one interval of the object's age: observed, expected under interval "
      "jitter, and their ratio\n{:<16} {:>7}",
      "channel", "window");
  for (const char* name : {"first 5 windows", "next 5", "next 10", "later, by 20"})
    fmt::print(" {:>30}", name);
  fmt::print("\n");
  for (const Row& row : table.rows) {
    fmt::print("{:<16} {:>7}", row.channel, window_name(row.seconds));
    for (std::size_t k = 0; k < NullModel::classes; ++k) {
      const auto observed = static_cast<double>(row.counts[k].co_acting);
      const double expected = row.expected(k);
      fmt::print(" {:>11} {:>12.0f} {:>5}", row.counts[k].co_acting, expected,
                 expected > 0 ? fmt::format("{:.2f}", observed / expected) : "-");
    }
    fmt::print("\n");
  }
}

void print_json(const RunContext& run, const Table& table) {
  const double ticks_per_second = run.study.time_unit == TimeUnit::second ? 1 : 1000;
  std::vector<std::string> channels;
  for (std::size_t c = 0; c < table.resolutions.size(); ++c) {
    channels.push_back(fmt::format(R"({{"channel":{},"resolution_seconds":{},"too_fine_seconds":[{}]}})",
                                   json_text(run.study.channels[c].name),
                                   table.resolutions[c] / ticks_per_second,
                                   fmt::join(table.too_fine[c], ",")));
  }
  std::vector<std::string> rows;
  for (const Row& row : table.rows) {
    for (std::size_t k = 0; k < NullModel::classes; ++k) {
      rows.push_back(fmt::format(
          R"({{"channel":{},"window_seconds":{},"class":{},"pairs":{},"observed":{},"expected":{}}})",
          json_text(row.channel), row.seconds, k, row.counts[k].co_present, row.counts[k].co_acting,
          row.expected(k)));
    }
  }
  fmt::print("{{\"channels\":[{}],\"windows\":[{}]}}\n", fmt::join(channels, ","), fmt::join(rows, ","));
}

void print_windows(const Comm& comm, const Options& options) {
  const Study study = attempt(comm, [&] { return read_study(options.study); });
  RunContext run{comm, study, {}, RunReport(comm), {}, {}};
  auto ingested = ingest(comm, study, options.rejects);
  run.catalogue = std::move(ingested.catalogue);
  const auto log = sort_stage(run, std::move(ingested.actions));
  Table table{run.resolutions(log), {}, {}};
  table.too_fine.resize(table.resolutions.size());
  ObjectClocks clocks(comm, log);
  clocks.set_births(comm, ingested.publications, run.catalogue.channels, table.resolutions);
  for (const std::int64_t seconds : ladder_seconds) try_window(run, log, clocks, seconds, table);
  if (!comm.is_root()) return;
  if (options.json) {
    print_json(run, table);
  } else {
    print_table(run, table);
  }
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
  command->add_flag("--json", options->json, "Print JSON: a row for each channel, window and class");
  command->callback([options, &comm] { print_windows(comm, *options); });
}

}  // namespace lockstep
