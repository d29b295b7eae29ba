#include <algorithm>
#include <array>
#include <system_error>

#include <fmt/format.h>

#include "data/error.hpp"
#include "data/formats/byte_source.hpp"
#include "data/formats/rows.hpp"

namespace lockstep {

namespace {

constexpr std::size_t survey_chunk_bytes = std::size_t{1} << 20;

std::uint64_t size_of(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!error && !std::filesystem::is_regular_file(status)) {
    const bool exists = std::filesystem::exists(status);
    throw Error(ExitCode::io,
                fmt::format("{}: {}", path, exists ? "not a regular file" : "No such file or directory"));
  }
  const std::uint64_t size = error ? 0 : std::filesystem::file_size(path, error);
  if (error) throw Error(ExitCode::io, fmt::format("{}: {}", path, error.message()));
  return size;
}

}  // namespace

std::vector<Split> plan_splits(const std::string& path, std::uint64_t split_bytes) {
  const std::uint64_t size = size_of(path);
  open_bytes(path);  // a file that cannot be opened is found before any work is handed out
  if (is_compressed(path) || size == 0) return {Split{path, 0, size, 1, false}};
  const std::uint64_t step = std::max<std::uint64_t>(split_bytes, 1);
  std::vector<Split> splits;
  for (std::uint64_t begin = 0; begin < size; begin += std::min(step, size - begin)) {
    splits.push_back(Split{path, begin, begin + std::min(step, size - begin), 1, false});
  }
  return splits;
}

SplitSurvey survey(const Split& split, Format format) {
  SplitSurvey counts;
  if (is_compressed(split.path)) return counts;
  const auto source = open_bytes(split.path, split.begin);
  std::vector<char> chunk(survey_chunk_bytes);
  std::uint64_t left = split.end - split.begin;
  while (left > 0) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(left, chunk.size()));
    const std::size_t count = source->read(std::span(chunk).first(wanted));
    if (count == 0) throw Error(ExitCode::io, fmt::format("{}: the file became shorter", split.path));
    const auto bytes = std::span(chunk).first(count);
    counts.lines += static_cast<std::uint64_t>(std::count(bytes.begin(), bytes.end(), '\n'));
    if (format == Format::csv) {
      counts.quotes += static_cast<std::uint64_t>(std::count(bytes.begin(), bytes.end(), '"'));
    }
    left -= count;
  }
  return counts;
}

}  // namespace lockstep
