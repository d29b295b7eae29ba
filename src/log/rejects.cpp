#include "src/log/rejects.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include <fmt/format.h>

#include "cluster/archive.hpp"
#include "data/error.hpp"
#include "data/formats/json_text.hpp"

namespace lockstep {

template <class Archive>
void serialize(Archive& archive, Rejects::Example& example) {
  archive(example.line, example.value);
}
template <class Archive>
void serialize(Archive& archive, RejectSummary& summary) {
  archive(summary.file, summary.reason, summary.rejects.rows, summary.rejects.first);
}

std::vector<RejectSummary> gather_rejects(const Comm& comm, const std::vector<PlannedSplit>& splits,
                                          const ScannedLog& log) {
  std::vector<RejectSummary> mine;
  for (const auto& [where, rejects] : log.rejects) {
    mine.push_back({splits[where.first].split.path, where.second, rejects});
  }
  std::map<std::pair<std::string, std::string>, Rejects> merged;
  for (const auto& bytes : comm.gather(to_bytes(mine))) {
    for (auto& [file, reason, rejects] : from_bytes<std::vector<RejectSummary>>(bytes)) {
      auto& all = merged[{file, reason}];
      all.rows += rejects.rows;
      all.first.insert(all.first.end(), rejects.first.begin(), rejects.first.end());
    }
  }
  std::vector<RejectSummary> summaries;
  for (auto& [where, rejects] : merged) {
    std::sort(rejects.first.begin(), rejects.first.end());
    rejects.first.resize(std::min(rejects.first.size(), rejects_kept));
    summaries.push_back({where.first, where.second, std::move(rejects)});
  }
  return summaries;
}

void write_rejects(const std::filesystem::path& file, const std::vector<RejectSummary>& summaries) {
  std::ofstream out(file);
  for (const auto& [name, reason, rejects] : summaries) {
    for (const auto& [line, value] : rejects.first) {
      out << fmt::format("{{\"file\":{},\"line\":{},\"reason\":{},\"value\":{}}}\n", json_text(name), line,
                         json_text(reason), json_text(value));
    }
    out << fmt::format("{{\"file\":{},\"reason\":{},\"rejected_rows\":{}}}\n", json_text(name),
                       json_text(reason), rejects.rows);
  }
  out.close();
  if (!out) throw Error(ExitCode::io, fmt::format("{}: {}", file.string(), std::strerror(errno)));
}

}  // namespace lockstep
