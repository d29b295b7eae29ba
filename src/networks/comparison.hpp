#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace lockstep {

// Which networks of one result are in another. All functions are local.

/// An account that is in a network of one result or of both.
struct ComparedAccount {
  std::uint32_t a = 0;  ///< rank of its network in result A; 0: in none
  std::uint32_t b = 0;  ///< likewise in B
};

/// A network by its rank, with its number of members.
struct SizedNetwork {
  std::uint32_t rank = 0;
  std::uint64_t size = 0;
  bool operator==(const SizedNetwork&) const = default;
};

/// A network of A and one of B of which at least one has no better match than the other.
struct NetworkMatch {
  SizedNetwork a;
  SizedNetwork b;
  std::uint64_t shared = 0;  ///< accounts in both
  bool best_of_a = false;    ///< no network of B matches `a` better
  bool best_of_b = false;    ///< no network of A matches `b` better

  /// Shared accounts over accounts in either.
  double jaccard() const;
  /// Each is the other's best match: one network, in both results.
  bool persists() const { return best_of_a && best_of_b; }
};

/// How well two results agree on who belongs together.
struct Agreement {
  std::uint64_t accounts = 0;
  std::optional<double> normalized_mutual_information;
  std::optional<double> adjusted_rand_index;
};

struct NetworkComparison {
  std::vector<NetworkMatch> matches;  ///< by rank in A, then in B
  std::vector<SizedNetwork> only_a;   ///< without a match in B, by rank
  std::vector<SizedNetwork> only_b;
  std::uint64_t lost = 0;    ///< accounts in a network of A and in none of B
  std::uint64_t gained = 0;  ///< accounts in a network of B and in none of A
  Agreement either;  ///< over accounts in a network of either; one in no network is a network of its own
  Agreement both;    ///< over accounts in a network of both

  std::size_t persisting() const;
};

/// Matches networks by Jaccard's index of their members: of every network the best match in the other result,
/// if its index is at least `min_jaccard` (above 0); of equals the one with more shared accounts, then the
/// first in rank.
NetworkComparison compare_networks(std::span<const ComparedAccount> accounts, double min_jaccard);

}  // namespace lockstep
