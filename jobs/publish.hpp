#pragma once

#include <filesystem>
#include <vector>

#include "cluster/comm.hpp"
#include "data/study/study.hpp"
#include "jobs/funnel.hpp"
#include "src/communities/coordination_graph.hpp"
#include "src/log/ingest.hpp"
#include "src/networks/evidence.hpp"
#include "src/networks/networks.hpp"

namespace lockstep {

/// What the result file says beside the coordination graph itself.
struct Results {
  VertexAccounts accounts;
  Networks networks;
  std::vector<Evidence> evidence;
  std::vector<FunnelRow> funnel;  ///< the same on every rank
};

/// The version of the result file's layout (DESIGN §6).
inline constexpr const char* results_schema = "1";

/// Writes results.h5. Equal inputs and study give equal bytes. Throws AgreedError(io). Collective.
void write_results(const Comm& comm, const Study& study, const Catalogue& catalogue,
                   const CoordinationGraph& graph, Results results, const std::filesystem::path& file);

}  // namespace lockstep
