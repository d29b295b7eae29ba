#include "cluster/manifest.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>

#include <cereal/archives/json.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/vector.hpp>
#include <fmt/format.h>

#include "data/digest.hpp"
#include "data/error.hpp"

namespace lockstep {

namespace {

constexpr const char* prefix = "manifest.";
constexpr const char* previous = ".previous";

std::string first_line(const std::string& json) {
  const Digest digest = digest_of(json);
  return fmt::format("lockstep manifest {:016x}{:016x}\n", digest.high, digest.low);
}

}  // namespace

std::string manifest_text(const Manifest& manifest) {
  std::ostringstream json;
  {
    cereal::JSONOutputArchive archive(json);
    archive(cereal::make_nvp("manifest", manifest));
  }
  return first_line(json.str()) + json.str();
}

Manifest read_manifest(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  if (in) text << in.rdbuf();
  if (!in) throw Error(ExitCode::io, fmt::format("{}: cannot be read", file.string()));
  const std::string whole = text.str();
  const auto line_end = whole.find('\n');
  const std::string json = line_end == std::string::npos ? "" : whole.substr(line_end + 1);
  if (whole != first_line(json) + json) {
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

std::vector<std::uint32_t> attempts_in(const std::filesystem::path& folder) {
  std::vector<std::uint32_t> numbers;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
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

FoundManifest newest_manifest(const std::filesystem::path& folder) {
  FoundManifest found;
  auto numbers = attempts_in(folder);
  std::reverse(numbers.begin(), numbers.end());
  for (const std::uint32_t number : numbers) {
    const auto file = manifest_file(folder, number);
    for (const auto& candidate : {file, std::filesystem::path(file.string() + previous)}) {
      try {
        found.manifest = read_manifest(candidate);
        return found;
      } catch (const std::exception& error) {
        found.damaged.emplace_back(error.what());
      }
    }
  }
  return found;
}

}  // namespace lockstep
