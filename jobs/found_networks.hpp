#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lockstep {

/// Networks with a q-value of at most this are significant (METHOD §5).
inline constexpr double significant_q = 0.05;

/// What a result file says of networks and accounts.
struct FoundNetworks {
  std::vector<std::string> accounts;    ///< by name
  std::vector<std::uint32_t> networks;  ///< of the accounts: rank of the listed network, 0: in none
  std::vector<double> scores;           ///< of the networks, by rank
  std::uint64_t listed = 0;             ///< networks
};

/// Reads a results.h5; `significant_only`: networks above significant_q are not listed.
/// Throws Error: io for a file that cannot be read, usage where it has no q-values. Local.
FoundNetworks read_networks(const std::string& file, bool significant_only);

}  // namespace lockstep
