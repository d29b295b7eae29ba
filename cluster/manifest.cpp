#include "cluster/manifest.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <cereal/archives/json.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/vector.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include "data/digest.hpp"
#include "data/error.hpp"

namespace lockstep {

namespace {

constexpr const char* prefix = "manifest.";
constexpr const char* previous = ".previous";

std::string first_line_of(const char* file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// When a process began, in clock ticks since boot; 0: there is none.
std::uint64_t start_of_process(std::int64_t process) {
  const std::string stat = first_line_of(fmt::format("/proc/{}/stat", process).c_str());
  // The second field, the command's name, may hold anything but ends with the last ')'. The start is the
  // 22nd.
  std::istringstream fields(stat.substr(std::min(stat.size(), stat.rfind(')') + 1)));
  std::string field;
  for (int i = 3; i <= 22; ++i) fields >> field;
  const bool zombie = stat.find(") Z ") != std::string::npos;
  return fields && !zombie ? std::strtoull(field.c_str(), nullptr, 10) : 0;
}

std::string checksum_line(const std::string& json) {
  const Digest digest = digest_of(json);
  return fmt::format("lockstep manifest {:016x}{:016x}\n", digest.high, digest.low);
}

}  // namespace

std::string now_text() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now())));
}

Attempt this_process(std::uint32_t number, int ranks) {
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  Attempt attempt;
  attempt.number = number;
  attempt.ranks = ranks;
  attempt.host = std::string(host.data()) + " " + first_line_of("/proc/sys/kernel/random/boot_id");
  attempt.process = getpid();
  attempt.process_start = start_of_process(getpid());
  attempt.job = environment("SLURM_JOB_ID");
  attempt.restart =
      static_cast<std::uint32_t>(std::strtoul(environment("SLURM_RESTART_COUNT").c_str(), nullptr, 10));
  attempt.began = now_text();
  return attempt;
}

std::optional<bool> is_alive(const Attempt& attempt) {
  if (attempt.host != this_process(0, 1).host) return std::nullopt;
  return attempt.process_start != 0 && start_of_process(attempt.process) == attempt.process_start;
}

std::string first_difference(const std::string& before, const std::string& now) {
  std::istringstream a(before);
  std::istringstream b(now);
  std::string table;
  for (;;) {
    std::string old_line;
    std::string new_line;
    const bool more_old = static_cast<bool>(std::getline(a, old_line));
    const bool more_new = static_cast<bool>(std::getline(b, new_line));
    if (old_line != new_line) {
      const auto shown = [](bool more, const std::string& line) {
        return more ? "'" + line + "'" : "nothing";
      };
      return fmt::format("{} was {} and is {}", table.empty() ? "the study" : table,
                         shown(more_old, old_line), shown(more_new, new_line));
    }
    if (!more_old) return "";
    if (new_line.starts_with('[')) table = new_line;
  }
}

std::filesystem::path parts_folder(const std::filesystem::path& folder) {
  return folder / "parts";
}

std::filesystem::path heartbeat_file(const std::filesystem::path& folder) {
  return folder / "heartbeat";
}

template <class Archive>
void serialize(Archive& archive, Heartbeat& heartbeat) {
  archive(cereal::make_nvp("attempt", heartbeat.attempt), cereal::make_nvp("stage", heartbeat.stage),
          cereal::make_nvp("unit", heartbeat.unit), cereal::make_nvp("done", heartbeat.done),
          cereal::make_nvp("total", heartbeat.total), cereal::make_nvp("seconds", heartbeat.seconds));
}

std::optional<double> heartbeat_age(const std::filesystem::path& folder) {
  std::error_code error;
  const auto beat = std::filesystem::last_write_time(heartbeat_file(folder), error);
  if (error) return std::nullopt;
  const auto probe = folder / "heartbeat.probe";
  std::ofstream(probe).put('\n');
  auto now = std::filesystem::last_write_time(probe, error);
  if (error) now = std::filesystem::file_time_type::clock::now();
  std::filesystem::remove(probe, error);
  return std::chrono::duration<double>(now - beat).count();
}

std::string heartbeat_text(const Heartbeat& heartbeat) {
  std::ostringstream json;
  {
    cereal::JSONOutputArchive archive(json);
    archive(cereal::make_nvp("heartbeat", heartbeat));
  }
  return json.str() + "\n";
}

std::optional<Heartbeat> read_heartbeat(const std::filesystem::path& folder) {
  std::ifstream in(heartbeat_file(folder));
  if (!in) return std::nullopt;
  try {
    cereal::JSONInputArchive archive(in);
    Heartbeat heartbeat;
    archive(cereal::make_nvp("heartbeat", heartbeat));
    return heartbeat;
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

std::string manifest_text(const Manifest& manifest) {
  std::ostringstream json;
  {
    cereal::JSONOutputArchive archive(json);
    archive(cereal::make_nvp("manifest", manifest));
  }
  return checksum_line(json.str()) + json.str();
}

Manifest read_manifest(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  if (in) text << in.rdbuf();
  if (!in) throw Error(ExitCode::io, fmt::format("{}: cannot be read", file.string()));
  const std::string whole = text.str();
  const auto line_end = whole.find('\n');
  const std::string json = line_end == std::string::npos ? "" : whole.substr(line_end + 1);
  if (whole != checksum_line(json) + json) {
    throw Error(ExitCode::io, fmt::format("{}: is torn or has changed", file.string()));
  }
  std::istringstream stream(json);
  cereal::JSONInputArchive archive(stream);
  Manifest manifest;
  archive(cereal::make_nvp("manifest", manifest));
  return manifest;
}

std::filesystem::path manifest_file(const std::filesystem::path& folder, std::uint32_t attempt) {
  return folder / (prefix + std::to_string(attempt));
}

std::filesystem::path ended_file(const std::filesystem::path& folder, std::uint32_t attempt) {
  return manifest_file(folder, attempt).string() + ".ended";
}

std::filesystem::path result_file(const std::filesystem::path& folder, std::uint32_t attempt) {
  return folder / fmt::format("results.{}.h5", attempt);
}

std::vector<std::string> files_in(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  std::filesystem::directory_iterator entry(folder, error);
  while (!error && entry != std::filesystem::directory_iterator()) {
    names.push_back(entry->path().filename().string());
    entry.increment(error);
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    throw Error(ExitCode::io, fmt::format("{}: {}", folder.string(), error.message()));
  }
  return names;
}

std::vector<std::uint32_t> attempts_in(const std::filesystem::path& folder) {
  std::vector<std::uint32_t> numbers;
  for (const std::string& name : files_in(folder)) {
    if (!name.starts_with(prefix)) continue;
    std::uint32_t number = 0;
    const char* const end = name.data() + name.size();
    const auto parsed = std::from_chars(name.data() + std::string_view(prefix).size(), end, number);
    const std::string_view rest(parsed.ptr, end);
    if (parsed.ec == std::errc() && (rest.empty() || rest == previous)) numbers.push_back(number);
  }
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  return numbers;
}

namespace {

void add_end(const std::filesystem::path& folder, Manifest& manifest) {
  if (manifest.attempts.empty() || !manifest.attempts.back().ended.empty()) return;
  Attempt& last = manifest.attempts.back();
  std::ifstream in(ended_file(folder, last.number));
  std::getline(in, last.ended);
  std::getline(in, last.outcome);
}

}  // namespace

FoundManifest newest_manifest(const std::filesystem::path& folder) {
  FoundManifest found;
  auto numbers = attempts_in(folder);
  std::reverse(numbers.begin(), numbers.end());
  for (const std::uint32_t number : numbers) {
    const auto file = manifest_file(folder, number);
    for (const auto& candidate : {file, std::filesystem::path(file.string() + previous)}) {
      try {
        found.manifest = read_manifest(candidate);
        add_end(folder, found.manifest);
        return found;
      } catch (const std::exception& error) {
        found.damaged.emplace_back(error.what());
      }
    }
  }
  return found;
}

}  // namespace lockstep
