#include "jobs/funnel_table.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include <fmt/format.h>

namespace lockstep {

namespace {

/// What a line of the table counts.
struct Figure {
  const char* stage;
  const char* name;
  std::uint64_t FunnelRow::*count;
};
constexpr Figure figures[] = {
    {"read", "actions read", &FunnelRow::actions},
    {"prune", "actions kept", &FunnelRow::actions},
    {"project", "candidate pairs", &FunnelRow::pairs},
    {"edges", "edges", &FunnelRow::pairs},
    {"communities", "communities", &FunnelRow::communities},
    {"communities", "below min_size", &FunnelRow::dropped},
    {"networks", "networks", &FunnelRow::communities},
};

/// One figure of one channel.
struct Line {
  std::string channel;
  std::optional<std::uint64_t> log;
  std::vector<std::uint64_t> surrogates;
};

std::vector<Line> lines_of(std::span<const FunnelRow> funnel, const Figure& figure) {
  std::vector<Line> lines;
  for (const FunnelRow& row : funnel) {
    if (row.stage != figure.stage) continue;
    auto line = std::ranges::find(lines, row.channel, &Line::channel);
    if (line == lines.end()) line = lines.insert(lines.end(), {row.channel, {}, {}});
    if (row.replica == 0) {
      line->log = row.*figure.count;
    } else {
      line->surrogates.push_back(row.*figure.count);
    }
  }
  return lines;
}

std::string mean(const std::vector<std::uint64_t>& counts, std::uint32_t replicas) {
  if (counts.empty()) return "-";
  std::uint64_t sum = 0;
  for (const std::uint64_t count : counts) sum += count;
  return fmt::format("{:.1f}", static_cast<double>(sum) / replicas);
}

std::string largest(const std::vector<std::uint64_t>& counts) {
  return counts.empty() ? "-" : fmt::format("{}", std::ranges::max(counts));
}

}  // namespace

std::string funnel_table(std::span<const FunnelRow> funnel, std::uint32_t replicas) {
  std::string text = fmt::format("{:<16} {:<20} {:>13}", "funnel", "channel", "log");
  if (replicas > 0) text += fmt::format(" {:>16} {:>18}", "surrogates' mean", "largest surrogate");
  text += '\n';
  for (const Figure& figure : figures) {
    for (const Line& line : lines_of(funnel, figure)) {
      text += fmt::format("{:<16} {:<20} {:>13}", figure.name, line.channel.empty() ? "all" : line.channel,
                          line.log ? fmt::format("{}", *line.log) : "-");
      if (replicas > 0) {
        text += fmt::format(" {:>16} {:>18}", mean(line.surrogates, replicas), largest(line.surrogates));
      }
      text += '\n';
    }
  }
  return text;
}

}  // namespace lockstep
