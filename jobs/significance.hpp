#pragma once

#include <vector>

#include "jobs/consensus.hpp"
#include "jobs/coordination.hpp"
#include "src/networks/activity.hpp"
#include "src/networks/channel_members.hpp"
#include "src/networks/networks.hpp"
#include "src/networks/scoring.hpp"
#include "src/significance/threshold.hpp"

namespace lockstep {

/// A network of a surrogate.
struct DecoyNetwork {
  std::uint32_t replica;
  std::uint32_t size;
  double score;
};

/// What the significance rule adds to the results (METHOD §3, §5). The same on every rank, but for `activity`
/// where it says otherwise.
struct Significance {
  std::vector<NullModel> models;  ///< by channel
  Threshold threshold;
  ClassCounts calibration;                   ///< of all accounts of the log
  std::vector<ClassCounts> counts;           ///< by network, in rank order
  std::vector<double> scores;                ///< Λ by network
  std::vector<double> q_values;              ///< by network
  std::vector<DecoyNetwork> decoy_networks;  ///< by replica; of each the highest score first
  NetworkActivity activity;
  MembersByChannel members;
};

/// A ranked study.
struct RankedGraph {
  CoordinationGraph graph;
  VertexAccounts accounts;
  Networks networks;
  Significance significance;
  Consensus consensus;
};

/// From the sorted log to ranked networks: candidates and their tests, surrogates through the same code, the
/// threshold they give, communities, scores and q-values. Collective.
RankedGraph find_significant_networks(RunContext& run, std::vector<Action> log);

}  // namespace lockstep
