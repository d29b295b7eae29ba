#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "cluster/comm.hpp"
#include "data/study/study.hpp"
#include "src/communities/coordination_graph.hpp"
#include "src/log/ingest.hpp"

namespace lockstep {

/// A community that is listed, with its descriptors (METHOD §5). Its rank is its place in the list, from 1.
struct Network {
  std::uint32_t label;       ///< its smallest vertex
  std::uint64_t id;          ///< from its members' names: the same in every study that finds them
  std::uint32_t size;        ///< accounts
  std::uint64_t edges;       ///< pairs of members with an edge in any channel
  std::uint64_t shared;      ///< S summed over the edges of all channels
  std::uint32_t first_time;  ///< ticks since the epoch: first action that is part of an edge
  std::uint32_t last_time;
  std::uint64_t followers_sum;
  std::uint64_t followers_max;

  /// Count rule: summed S per member.
  double score() const { return static_cast<double>(shared) / size; }
  /// Share of the pairs of members that have an edge.
  double density() const {
    return 2.0 * static_cast<double>(edges) / (static_cast<double>(size) * (size - 1.0));
  }
};

/// What is known of the accounts of the coordination graph: by own vertex.
struct VertexAccounts {
  std::vector<std::string> names;
  std::vector<Digest> digests;
  std::array<std::vector<std::string>, attribute_names.size()> attributes;  ///< empty text: not known
};

/// Accounts of a network that have the same value of an attribute.
struct Composition {
  std::uint32_t network;  ///< rank
  Attribute attribute;
  std::string value;
  std::uint64_t accounts;
};

struct Member {
  std::uint32_t network;  ///< rank
  std::uint32_t vertex;
  std::uint32_t degree;    ///< members it has an edge with
  std::uint64_t strength;  ///< S summed over its edges inside the network
  auto operator<=>(const Member&) const = default;
};

/// Edges between two networks: whether they belong together is for the reader to judge.
struct Link {
  std::uint32_t network_a;  ///< rank; smaller than network_b
  std::uint32_t network_b;
  std::uint64_t edges;   ///< pairs of accounts, one in each, with an edge in any channel
  std::uint64_t shared;  ///< S summed over these edges
};

struct Networks {
  std::vector<std::string> names;             ///< smallest account name of each; the same on every rank
  std::vector<Network> ranked;                ///< the same on every rank
  std::uint64_t dropped = 0;                  ///< communities below min_size
  std::vector<std::uint32_t> rank_of_vertex;  ///< by own vertex; 0: in no listed network
  std::vector<std::int32_t> rank_of_edge;     ///< by own edge; −1: not inside a listed network
  std::vector<Member> members;                ///< by (network, vertex), over all ranks in rank order
  std::vector<Link> links;                    ///< by (network_a, network_b); root only
  std::vector<Composition> composition;  ///< by network, attribute, accounts descending, value; root only
};

/// 0: not known. Local.
std::uint64_t followers_of(const VertexAccounts& accounts, std::size_t own_vertex);

/// An own vertex that is counted in a group.
struct GroupMember {
  std::size_t vertex;
  std::uint32_t group;
};

/// Counts members of groups by value of each attribute, with the group as `network`: by group, attribute,
/// accounts descending, value; at the root only. Collective.
std::vector<Composition> compose(const Comm& comm, const VertexAccounts& accounts,
                                 std::span<const GroupMember> members);

/// Brings names and attributes to the ranks that own the vertices. Collective.
VertexAccounts describe_vertices(const Comm& comm, const CoordinationGraph& graph,
                                 const Catalogue& catalogue);

/// Lists the communities of at least `min_size` accounts, in no order that means anything yet: only `ranked`,
/// `names`, `dropped` and `rank_of_vertex` are filled. `labels`: by own vertex, the smallest vertex of its
/// community. Collective.
Networks list_networks(const Comm& comm, const CoordinationGraph& graph,
                       const std::vector<std::uint32_t>& labels, const VertexAccounts& accounts,
                       std::uint32_t min_size);

/// Places of the listed networks by summed S per member, ties by the smallest account name (count rule).
/// Local.
std::vector<std::size_t> order_by_count(const Networks& networks);

/// Puts the listed networks in this order, which is the same on every rank, and fills the rest. Collective.
void rank_in_order(const Comm& comm, const CoordinationGraph& graph, const VertexAccounts& accounts,
                   std::span<const std::size_t> order, Networks& networks);

/// All of this under the count rule. Collective.
Networks rank_networks(const Comm& comm, const CoordinationGraph& graph,
                       const std::vector<std::uint32_t>& labels, const VertexAccounts& accounts,
                       std::uint32_t min_size);

}  // namespace lockstep
