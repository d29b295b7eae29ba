#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "jobs/coordination.hpp"
#include "jobs/significance.hpp"
#include "src/communities/coordination_graph.hpp"
#include "src/networks/evidence.hpp"
#include "src/networks/networks.hpp"

namespace lockstep {

/// What a run found.
struct Results {
  CoordinationGraph graph;
  VertexAccounts accounts;
  Networks networks;
  std::vector<Evidence> evidence;
  std::optional<Significance> significance;  ///< empty under the count rule
  Consensus consensus;
};

/// The version of the result file's layout (DESIGN §6).
inline constexpr const char* results_schema = "1";

/// Writes results.h5. Equal inputs and study give equal bytes. Throws AgreedError(io). Collective.
void write_results(const RunContext& run, const Results& results, const std::filesystem::path& file);

/// Prints the funnel, and under the significance rule the threshold and the calibration, at the root. Local.
void print_findings(const RunContext& run, const Results& results);

}  // namespace lockstep
