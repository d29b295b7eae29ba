#pragma once

#include <span>
#include <vector>

#include "src/log/ingest.hpp"
#include "src/log/scan.hpp"

namespace lockstep {

/// Brings what the ranks know of accounts to the ranks where the accounts' names live; of several values of
/// an attribute the latest counts, of equally late ones the greatest. `ids`: those of the logs'
/// accounts, log by log. Collective.
AccountAttributes gather_attributes(const Comm& comm, const Dictionary& accounts,
                                    const std::vector<std::uint64_t>& ids, std::span<const ScannedLog> logs);

}  // namespace lockstep
