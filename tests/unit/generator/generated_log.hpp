#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <unistd.h>

#include "data/generator/generator.hpp"

/// A folder that lives as long as the test.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "lockstep-generator-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a temporary folder");
    path = name;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::filesystem::path path;
};

struct LogRow {
  std::string account;
  std::string url;
  std::int64_t time;
  std::string platform;
  std::string language;
  std::string kind;
  std::string region;
  std::string followers;
};

struct TruthRow {
  std::string account;
  std::string network;
  std::string label;
};

inline std::string read_text(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw std::runtime_error("cannot read " + file.string());
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

/// The lines of a file after its header.
inline std::vector<std::string> read_lines(const std::filesystem::path& file, const std::string& header) {
  std::istringstream text(read_text(file));
  std::string line;
  std::getline(text, line);
  if (line != header) throw std::runtime_error("unexpected header: " + line);
  std::vector<std::string> lines;
  while (std::getline(text, line)) lines.push_back(line);
  return lines;
}

inline std::vector<std::string> split(const std::string& line, std::size_t cells) {
  std::vector<std::string> parts;
  std::istringstream text(line);
  for (std::string cell; std::getline(text, cell, ',');) parts.push_back(cell);
  if (parts.size() != cells) throw std::runtime_error("wrong number of cells: " + line);
  return parts;
}

/// All rows of the log, shard by shard, as lines.
inline std::vector<std::string> generate_lines(const lockstep::GeneratorOptions& options) {
  const TemporaryFolder folder;
  for (std::uint32_t shard = 0; shard < lockstep::shard_count(options); ++shard) {
    lockstep::write_shard(options, shard, folder.path);
  }
  std::vector<std::string> all;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path)) {
    const auto lines = read_lines(entry.path(), "account,url,time,platform,language,kind,region,followers");
    all.insert(all.end(), lines.begin(), lines.end());
  }
  return all;
}

inline std::vector<LogRow> generate(const lockstep::GeneratorOptions& options) {
  std::vector<LogRow> rows;
  for (const std::string& line : generate_lines(options)) {
    const auto cells = split(line, 8);
    rows.push_back(
        {cells[0], cells[1], std::stoll(cells[2]), cells[3], cells[4], cells[5], cells[6], cells[7]});
  }
  return rows;
}

inline std::vector<TruthRow> generate_truth(const lockstep::GeneratorOptions& options) {
  const TemporaryFolder folder;
  lockstep::write_truth(options, folder.path);
  std::vector<TruthRow> rows;
  for (const std::string& line : read_lines(folder.path / "truth.csv", "account,network,label")) {
    const auto cells = split(line, 3);
    rows.push_back({cells[0], cells[1], cells[2]});
  }
  return rows;
}

/// A log with nothing planted.
inline lockstep::GeneratorOptions organic_options(std::uint64_t actions) {
  lockstep::GeneratorOptions options;
  options.seed = 42;
  options.actions = actions;
  options.campaigns.clear();
  options.benign.fan_clubs = 0;
  options.benign.syndications = 0;
  options.benign.viral_bursts = 0;
  return options;
}
