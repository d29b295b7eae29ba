#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "cluster/agree.hpp"
#include "cluster/manifest.hpp"
#include "cluster/progress.hpp"
#include "data/formats/json_text.hpp"
#include "jobs/commands/commands.hpp"

namespace lockstep {

namespace {

/// What is saved of a stage.
struct StageState {
  std::string name;
  std::uint64_t units = 0;
  std::uint64_t total = 0;  ///< 0: not known before the stage is done
  std::uint64_t bytes = 0;

  bool done() const { return total > 0 && units >= total; }
};

struct RunState {
  Manifest manifest;
  std::vector<std::string> damaged;
  std::vector<StageState> stages;
  std::optional<Heartbeat> heartbeat;
  double heartbeat_age = 0;  ///< seconds
  std::uint64_t bytes = 0;   ///< of the whole folder
  std::string state;         ///< done, running, stopped, failed, interrupted
};

std::uint64_t size_of(const std::filesystem::path& file) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  return error ? 0 : size;
}

/// Adds a file that a rank saved alone: the end of its name says of how many units
/// (RunDirectory::save_alone).
void add_saved_alone(const std::string& file, StageState& stage) {
  const std::string name = file.substr(0, file.rfind('.'));
  unsigned long units = 0;
  unsigned long total = 0;
  if (std::sscanf(name.c_str() + name.rfind('.') + 1, "%luof%lu", &units, &total) != 2) return;
  stage.units += units;
  stage.total = total;
}

std::vector<StageState> saved_stages(const std::filesystem::path& folder, const Manifest& manifest) {
  std::vector<StageState> stages;
  const auto stage = [&](const std::string& name) -> StageState& {
    for (auto& known : stages) {
      if (known.name == name) return known;
    }
    return stages.emplace_back(StageState{name});
  };
  const auto parts = parts_folder(folder);
  for (const std::string& name : files_in(parts)) {
    if (!name.ends_with(".alone")) continue;
    auto& saved = stage(name.substr(0, name.find('.')));
    add_saved_alone(name, saved);
    saved.bytes += size_of(parts / name);
  }
  std::map<std::string, std::set<std::uint32_t>> units;
  for (const Piece& piece : manifest.pieces) {
    auto& saved = stage(piece.stage);
    auto& of_stage = units[piece.stage];
    of_stage.insert(piece.units.begin(), piece.units.end());
    saved.units = of_stage.size();
    saved.total = piece.total;
    for (const Part& part : piece.parts) saved.bytes += size_of(parts / part.file);
  }
  return stages;
}

std::string state_of(const RunState& run) {
  if (run.manifest.done) return "done";
  const Attempt& last = run.manifest.attempts.back();
  if (last.outcome == "stopped" || last.outcome == "read") return "stopped";
  if (!last.ended.empty()) return "failed";
  const bool alive = is_alive(last).value_or(run.heartbeat && run.heartbeat_age < heartbeat_patience);
  return alive ? "running" : "interrupted";
}

RunState look_at(const std::filesystem::path& folder) {
  RunState run;
  auto found = newest_manifest(folder);
  if (found.manifest.attempts.empty()) {
    throw Error(ExitCode::io, found.damaged.empty()
                                  ? fmt::format("{}: no run was begun here", folder.string())
                                  : found.damaged.front());
  }
  run.manifest = std::move(found.manifest);
  run.damaged = std::move(found.damaged);
  run.stages = saved_stages(folder, run.manifest);
  std::error_code error;
  if (const auto age = heartbeat_age(folder)) {
    run.heartbeat = read_heartbeat(folder);
    run.heartbeat_age = *age;
  }
  // Files come and go while a run is at work.
  std::filesystem::recursive_directory_iterator entry(folder, error);
  for (; !error && entry != std::filesystem::recursive_directory_iterator(); entry.increment(error)) {
    std::error_code gone;
    if (entry->is_regular_file(gone)) run.bytes += size_of(entry->path());
  }
  run.state = state_of(run);
  return run;
}

/// How an attempt ended, also one that could not say so itself.
std::string outcome_of(const RunState& run, const Attempt& attempt) {
  if (!attempt.outcome.empty()) return attempt.outcome;
  const bool last = attempt.number == run.manifest.attempts.back().number;
  return last && run.state == "running" ? "running" : "killed or lost";
}

double rate_of(const Heartbeat& heartbeat) {
  return heartbeat.seconds > 0 ? static_cast<double>(heartbeat.done) / heartbeat.seconds : 0;
}

/// Of this stage; nothing where it is not known.
std::optional<double> seconds_left(const Heartbeat& heartbeat) {
  if (heartbeat.total == 0 || rate_of(heartbeat) == 0) return std::nullopt;
  return static_cast<double>(heartbeat.total - std::min(heartbeat.total, heartbeat.done)) /
         rate_of(heartbeat);
}

std::string work_text(const Heartbeat& heartbeat) {
  std::string text =
      fmt::format("{}: {} {} at {}/s", heartbeat.stage, format_amount(static_cast<double>(heartbeat.done)),
                  heartbeat.unit, format_amount(rate_of(heartbeat)));
  if (const auto left = seconds_left(heartbeat)) {
    text += fmt::format(", {:.0f} % of this stage, {} left",
                        100.0 * static_cast<double>(heartbeat.done) / static_cast<double>(heartbeat.total),
                        format_duration(*left));
  }
  return text;
}

void print_text(const std::filesystem::path& folder, const RunState& run) {
  static const std::map<std::string, std::string> advice = {
      {"done", ""},
      {"running", ""},
      {"stopped", "the same command goes on"},
      {"failed", "mend what the last attempt names; the same command goes on"},
      {"interrupted", "the same command goes on"}};
  std::string hint = advice.at(run.state);
  if (run.state == "done") hint = fmt::format("see lockstep show {}", (folder / "results.h5").string());
  fmt::print("{}: {}{}{}; {}B on disk\n", folder.string(), run.state, hint.empty() ? "" : ", ", hint,
             format_amount(static_cast<double>(run.bytes)));
  for (const auto& message : run.damaged) fmt::print("damaged: {}\n", message);
  if (run.state == "running" && run.heartbeat) {
    fmt::print("now: {} (a sign of life {:.0f} s ago)\n", work_text(*run.heartbeat), run.heartbeat_age);
  }
  if (!run.stages.empty()) {
    fmt::print("\n{:<20} {:>16} {:>12}\n", "saved stage", "units", "on disk");
  }
  for (const auto& stage : run.stages) {
    const std::string units =
        stage.total > 0 ? fmt::format("{} of {}", stage.units, stage.total) : fmt::format("{}", stage.units);
    fmt::print("{:<20} {:>16} {:>11}B  {}\n", stage.name, units,
               format_amount(static_cast<double>(stage.bytes)), stage.done() ? "done" : "");
  }
  fmt::print("\n{:>7} {:>6} {:<16} {:<12} {:<21} {:<21} {}\n", "attempt", "ranks", "host", "job", "began",
             "ended", "outcome");
  for (const Attempt& attempt : run.manifest.attempts) {
    const std::string job = attempt.job.empty() ? "-" : fmt::format("{}+{}", attempt.job, attempt.restart);
    fmt::print("{:>7} {:>6} {:<16} {:<12} {:<21} {:<21} {}\n", attempt.number, attempt.ranks,
               attempt.host.substr(0, attempt.host.find(' ')), job, attempt.began,
               attempt.ended.empty() ? "-" : attempt.ended, outcome_of(run, attempt));
  }
}

void print_json(const RunState& run) {
  std::string text = fmt::format("{{\"state\":\"{}\",\"bytes\":{}", run.state, run.bytes);
  if (run.heartbeat) {
    const auto& beat = *run.heartbeat;
    const auto left = seconds_left(beat);
    text += fmt::format(
        ",\"now\":{{\"attempt\":{},\"stage\":{},\"unit\":{},\"done\":{},\"total\":{},"
        "\"seconds\":{:.1f},\"rate\":{:.3f},\"seconds_left\":{},\"age\":{:.1f}}}",
        beat.attempt, json_text(beat.stage), json_text(beat.unit), beat.done, beat.total, beat.seconds,
        rate_of(beat), left ? fmt::format("{:.1f}", *left) : "null", run.heartbeat_age);
  }
  text += ",\"damaged\":[";
  for (const auto& message : run.damaged) {
    text += (&message == run.damaged.data() ? "" : ",") + json_text(message);
  }
  text += "]";
  text += ",\"stages\":[";
  for (const auto& stage : run.stages) {
    text += fmt::format("{}{{\"stage\":{},\"units\":{},\"total\":{},\"done\":{},\"bytes\":{}}}",
                        &stage == run.stages.data() ? "" : ",", json_text(stage.name), stage.units,
                        stage.total, stage.done(), stage.bytes);
  }
  text += "],\"attempts\":[";
  for (const Attempt& attempt : run.manifest.attempts) {
    text += fmt::format(
        "{}{{\"number\":{},\"ranks\":{},\"host\":{},\"job\":{},\"restart\":{},\"began\":{},"
        "\"ended\":{},\"outcome\":{}}}",
        &attempt == run.manifest.attempts.data() ? "" : ",", attempt.number, attempt.ranks,
        json_text(attempt.host.substr(0, attempt.host.find(' '))), json_text(attempt.job), attempt.restart,
        json_text(attempt.began), json_text(attempt.ended), json_text(outcome_of(run, attempt)));
  }
  fmt::print("{}]}}\n", text);
}

}  // namespace

void add_status(CLI::App& app, const Comm& comm) {
  struct Options {
    std::string folder;
    bool json = false;
  };
  const auto options = std::make_shared<Options>();
  auto* command =
      app.add_subcommand("status", "Where a run stands: stages, progress, attempts, size on disk");
  command->add_option("DIR", options->folder, "Folder of the run")->required();
  command->add_flag("--json", options->json, "For programs");
  command->callback([options, &comm] {
    attempt_at_root(comm, [&] {
      const RunState run = look_at(options->folder);
      if (options->json) {
        print_json(run);
      } else {
        print_text(options->folder, run);
      }
    });
  });
}

}  // namespace lockstep
