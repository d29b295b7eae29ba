#pragma once

#include "jobs/publish.hpp"
#include "jobs/tables.hpp"

namespace lockstep {

/// Writes the columns and tables that only the significance rule has: tests of edges, scores and activity of
/// networks, timeline, calibration. Collective.
void write_significance(TableWriter& tables, const RunContext& run, const CoordinationGraph& graph,
                        const Significance& significance);

}  // namespace lockstep
