#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "jobs/funnel.hpp"

namespace lockstep {

/// The funnel for a person to read: a line per stage and channel, the log beside the mean and the largest of
/// its `replicas` surrogates, if there are any. Local.
std::string funnel_table(std::span<const FunnelRow> funnel, std::uint32_t replicas);

}  // namespace lockstep
