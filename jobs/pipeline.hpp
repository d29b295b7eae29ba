#pragma once

#include <filesystem>

#include "cluster/comm.hpp"
#include "cluster/run_directory.hpp"
#include "data/study/study.hpp"

namespace lockstep {

/// The main job: reads the study's logs, finds and ranks coordinated networks, and writes results.h5,
/// run.log.jsonl and, where rows were malformed, rejects.jsonl into `folder`, which is made if need be. Goes
/// on where an earlier attempt in the same folder stopped. `only_read`: up to the read and sorted log, which
/// is saved. Throws AgreedError, with the code `stopped` after a clean stop. Collective.
void run_study(const Comm& comm, const Study& study, const std::filesystem::path& folder,
               const RunOptions& options, bool only_read = false);

}  // namespace lockstep
