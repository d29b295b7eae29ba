#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "cluster/comm.hpp"
#include "src/log/scan.hpp"
#include "src/log/splits.hpp"

namespace lockstep {

/// Malformed rows of one file with the same reason, over all ranks.
struct RejectSummary {
  std::string file;
  std::string reason;
  Rejects rejects;
};

/// Gathers what the ranks rejected at the root: by file and reason, with the first examples of each. The
/// same for any rank count. Other ranks get an empty list. Collective.
std::vector<RejectSummary> gather_rejects(const Comm& comm, const std::vector<PlannedSplit>& splits,
                                          const ScannedLog& log);

/// Writes one JSON line per example (file, line, reason, value), and per file and reason one with the number
/// of rows. Throws Error(io). Local.
void write_rejects(const std::filesystem::path& file, const std::vector<RejectSummary>& summaries);

}  // namespace lockstep
