#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
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
  std::uint64_t bytes = 0;
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
    ++saved.units;
    saved.bytes += size_of(parts / name);
  }
  for (const Piece& piece : manifest.pieces) {
    auto& saved = stage(piece.stage);
    saved.units += piece.units.size();
    for (const Part& part : piece.parts) saved.bytes += size_of(parts / part.file);
  }
  return stages;
}

std::string state_of(const RunState& run) {
  if (run.manifest.done) return "done";
  const Attempt& last = run.manifest.attempts.back();
  if (last.outcome == "stopped" || last.outcome == "read") return "stopped";
  if (!last.ended.empty()) return "failed";
  constexpr double patience = 60;
  const bool alive = is_alive(last).value_or(run.heartbeat && run.heartbeat_age < patience);
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
  const auto beat = std::filesystem::last_write_time(heartbeat_file(folder), error);
  if (!error) {
    run.heartbeat = read_heartbeat(folder);
    run.heartbeat_age =
        std::chrono::duration<double>(std::filesystem::file_time_type::clock::now() - beat).count();
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

std::string work_text(const Heartbeat& heartbeat) {
  const double rate = heartbeat.seconds > 0 ? static_cast<double>(heartbeat.done) / heartbeat.seconds : 0;
  std::string text =
      fmt::format("{}: {} {} at {}/s", heartbeat.stage, format_amount(static_cast<double>(heartbeat.done)),
                  heartbeat.unit, format_amount(rate));
  if (heartbeat.total > 0 && rate > 0) {
    const auto left = static_cast<double>(heartbeat.total - std::min(heartbeat.total, heartbeat.done));
    text += fmt::format(", {:.0f} % of this stage, {} left",
                        100.0 * static_cast<double>(heartbeat.done) / static_cast<double>(heartbeat.total),
                        format_duration(left / rate));
  }
  return text;
}

void print_text(const std::filesystem::path& folder, const RunState& run) {
  static const std::map<std::string, std::string> advice = {
      {"done", "see results.h5"},
      {"running", ""},
      {"stopped", "the same command goes on"},
      {"failed", "mend what the last attempt names; the same command goes on"},
      {"interrupted", "the same command goes on"}};
  const std::string& hint = advice.at(run.state);
  fmt::print("{}: {}{}{}; {}B on disk\n", folder.string(), run.state, hint.empty() ? "" : ", ", hint,
             format_amount(static_cast<double>(run.bytes)));
  for (const auto& message : run.damaged) fmt::print("damaged: {}\n", message);
  if (run.state == "running" && run.heartbeat) {
    fmt::print("now: {} (a sign of life {:.0f} s ago)\n", work_text(*run.heartbeat), run.heartbeat_age);
  }
  if (!run.stages.empty()) fmt::print("\n{:<12} {:>12} {:>12}\n", "saved stage", "units", "on disk");
  for (const auto& stage : run.stages) {
    fmt::print("{:<12} {:>12} {:>11}B\n", stage.name, stage.units,
               format_amount(static_cast<double>(stage.bytes)));
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
    text += fmt::format(
        ",\"now\":{{\"attempt\":{},\"stage\":{},\"unit\":{},\"done\":{},\"total\":{},"
        "\"seconds\":{:.1f},\"age\":{:.1f}}}",
        beat.attempt, json_text(beat.stage), json_text(beat.unit), beat.done, beat.total, beat.seconds,
        run.heartbeat_age);
  }
  text += ",\"stages\":[";
  for (const auto& stage : run.stages) {
    text +=
        fmt::format("{}{{\"stage\":{},\"units\":{},\"bytes\":{}}}", &stage == run.stages.data() ? "" : ",",
                    json_text(stage.name), stage.units, stage.bytes);
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
