#pragma once

#include <filesystem>

#include "cluster/comm.hpp"
#include "data/study/study.hpp"

namespace lockstep {

/// The main job: reads the study's logs, finds and ranks coordinated networks, and writes results.h5,
/// run.log.jsonl and, where rows were malformed, rejects.jsonl into `folder`, which is made if need be.
/// Throws AgreedError. Collective.
void run_study(const Comm& comm, const Study& study, const std::filesystem::path& folder);

}  // namespace lockstep
