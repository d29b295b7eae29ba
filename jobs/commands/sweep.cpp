#include "data/study/sweep.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "cluster/agree.hpp"
#include "data/study/study_file.hpp"
#include "jobs/commands/commands.hpp"
#include "src/log/time_range.hpp"

namespace lockstep {

namespace {

namespace fs = std::filesystem;

struct Options {
  std::string study;
  std::string folder;
  std::vector<std::string> settings;
  std::string slices;
};

struct File {
  fs::path path;  ///< in the sweep's folder
  std::string text;
};

[[noreturn]] void fail(const fs::path& path, const std::error_code& error) {
  throw Error(ExitCode::io, fmt::format("{}: {}", path.string(), error.message()));
}

void write_file(const fs::path& path, const std::string& text) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  if (error) fail(path.parent_path(), error);
  std::ofstream out(path, std::ios::binary);
  out << text;
  out.close();
  if (!out) fail(path, {errno, std::generic_category()});
}

bool holds(const fs::path& path, const std::string& text) {
  std::ifstream in(path, std::ios::binary);
  return in && std::string{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()} == text;
}

/// Writes the files into a new folder beside `folder`, which takes its name when it is whole.
void write_folder(const fs::path& folder, const std::vector<File>& files) {
  const fs::path partial = folder.string() + fmt::format(".partial-{}", ::getpid());
  std::error_code error;
  try {
    for (const auto& file : files) write_file(partial / file.path, file.text);
    fs::rename(partial, folder, error);
    if (error) fail(folder, error);
  } catch (...) {
    fs::remove_all(partial, error);
    throw;
  }
}

/// Whether the folder is there and holds these files, whatever else. Throws Error(usage) where it holds
/// something else only.
bool is_done(const fs::path& folder, const std::vector<File>& files) {
  std::error_code error;
  if (!fs::exists(folder, error)) return false;
  if (!fs::is_directory(folder, error)) {
    throw Error(ExitCode::usage, fmt::format("--out {}: not a folder; name a new one", folder.string()));
  }
  if (fs::is_empty(folder, error)) return false;
  if (error) fail(folder, error);
  for (const auto& file : files) {
    if (holds(folder / file.path, file.text)) continue;
    throw Error(ExitCode::usage, fmt::format("--out {}: the folder holds another sweep, or something else "
                                             "({} differs); name a new folder, or remove this one",
                                             folder.string(), file.path.string()));
  }
  return true;
}

/// The slices that the command line asks for; reads all times where the study does not limit them.
std::vector<TimeSlice> find_slices(const Comm& comm, const Study& study, const std::string& length) {
  if (length.empty()) return {};
  const std::int64_t length_ms = attempt(comm, [&] { return parse_slice_length(length, study.time_unit); });
  TimeSlice range{study.from_ms.value_or(0), study.to_ms.value_or(0)};
  if (!study.from_ms || !study.to_ms) {
    const TimeRange times = find_time_range(comm, study);
    if (times.first > times.last) {
      throw AgreedError(ExitCode::bad_data,
                        "--slices: no row of any input has a time that can be used; "
                        "correct 'time', 'time_format', 'from' or 'to' in the study");
    }
    const std::int64_t tick_ms = study.time_unit == TimeUnit::second ? 1000 : 1;
    if (!study.from_ms) range.from_ms = first_slice_begin(times.first * tick_ms, length_ms);
    if (!study.to_ms) {
      // A whole last slice: its end is no limit of the data.
      const std::int64_t slices = ((times.last * tick_ms - range.from_ms) / length_ms) + 1;
      range.to_ms = range.from_ms + slices * length_ms;
    }
  }
  return attempt(comm, [&] { return cut_into_slices(range, length_ms); });
}

void run_sweep(const Options& options, const Study& study, const std::vector<TimeSlice>& slices) {
  std::vector<SweptKey> keys;
  for (const auto& text : options.settings) keys.push_back(parse_swept_key(text));
  const auto studies = sweep(study, keys, slices);
  std::vector<File> files{{"sweep.tsv", sweep_table(keys, studies)}};
  for (std::size_t i = 0; i < studies.size(); ++i) {
    files.push_back({fs::path(sweep_folder(i, studies.size())) / "study.toml", studies[i].text});
  }
  // Without a slash at the end, which would make the partial folder one inside it.
  const fs::path folder = (fs::path(options.folder) / "").lexically_normal().parent_path();
  if (is_done(folder, files)) {
    fmt::print("{}: the same sweep is there already; nothing was changed\n", folder.string());
    return;
  }
  write_folder(folder, files);
  const std::string first = (folder / files[1].path.parent_path()).string();
  fmt::print("{} studies, listed in {}\nrun each: lockstep run {}/study.toml --out {}\n", studies.size(),
             (folder / files[0].path).string(), first, first);
}

}  // namespace

void add_sweep(CLI::App& app, const Comm& comm) {
  const auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand(
      "sweep", "Expand a study into many: all combinations of settings, and of time slices");
  command->add_option("STUDY", options->study, "Study file (TOML)")->required();
  command
      ->add_option("--out", options->folder, "New folder for sweep.tsv and 000/study.toml, 001/study.toml, …")
      ->required();
  command
      ->add_option("--set", options->settings,
                   "KEY=V1,V2,...: values of a key by its dotted name, such as communities.resolution, "
                   "channel.NAME.window or channel.*.window for all channels; may be repeated")
      ->allow_extra_args(false);
  command->add_option("--slices", options->slices,
                      "Length of consecutive time slices, such as 30d, from the study's 'from' (or the first "
                      "row's day) to its 'to' (or the last row)");
  command->callback([options, &comm] {
    const Study study = attempt(comm, [&] {
      if (options->settings.empty() && options->slices.empty()) {
        throw Error(ExitCode::usage, "sweep: nothing to sweep over; expected --set, --slices or both");
      }
      return read_study(options->study);
    });
    const auto slices = find_slices(comm, study, options->slices);
    attempt(comm, [&] {
      if (comm.is_root()) run_sweep(*options, study, slices);
    });
  });
}

}  // namespace lockstep
