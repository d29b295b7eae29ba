#include "src/communities/consensus.hpp"

#include <algorithm>
#include <tuple>

#include "cluster/exchange.hpp"

namespace lockstep {

namespace {

/// Members that are in one community here and in another there.
struct Overlap {
  std::uint32_t community;
  std::uint32_t other;
  std::uint64_t members;
};

void add_up(std::vector<Overlap>& overlaps) {
  const auto key = [](const Overlap& overlap) { return std::tie(overlap.community, overlap.other); };
  std::sort(overlaps.begin(), overlaps.end(), [&](auto& a, auto& b) { return key(a) < key(b); });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < overlaps.size(); ++i) {
    if (kept > 0 && key(overlaps[kept - 1]) == key(overlaps[i])) {
      overlaps[kept - 1].members += overlaps[i].members;
    } else {
      overlaps[kept++] = overlaps[i];
    }
  }
  overlaps.resize(kept);
}

/// Sizes of own communities by own vertex; 0 where a vertex names none.
std::vector<std::uint64_t> count_members(const Comm& comm, const Ranges& vertices,
                                         const std::vector<std::uint32_t>& labels) {
  std::vector<std::uint64_t> sizes(vertices.size(comm.rank()), 0);
  for (const std::uint32_t label :
       send_to(comm, labels, [&](std::uint32_t label) { return vertices.owner(label); }).rows) {
    ++sizes[label - vertices.begin(comm.rank())];
  }
  return sizes;
}

}  // namespace

std::vector<Counterpart> find_counterparts(const Comm& comm, const Ranges& vertices,
                                           const std::vector<std::uint32_t>& labels,
                                           const std::vector<std::uint32_t>& other_labels) {
  std::vector<Overlap> overlaps;
  for (std::size_t v = 0; v < labels.size(); ++v) overlaps.push_back({labels[v], other_labels[v], 1});
  add_up(overlaps);
  overlaps = send_to(comm, overlaps, [&](const Overlap& o) { return vertices.owner(o.community); }).rows;
  add_up(overlaps);
  std::vector<Counterpart> counterparts;
  for (const auto& [community, other, members] : overlaps) {
    if (counterparts.empty() || counterparts.back().community != community) {
      counterparts.push_back({community, other, 0, 0, 0});
    }
    auto& best = counterparts.back();
    best.size += members;
    if (members > best.shared) {
      best.shared = members;
      best.found = other;
    }
  }
  const auto sizes = count_members(comm, vertices, other_labels);
  std::vector<std::uint32_t> found;
  for (const auto& counterpart : counterparts) found.push_back(counterpart.found);
  const auto found_sizes = ask(
      comm, found, [&](std::uint32_t label) { return vertices.owner(label); },
      [&](std::uint32_t label) { return sizes[label - vertices.begin(comm.rank())]; });
  for (std::size_t i = 0; i < counterparts.size(); ++i) counterparts[i].other_size = found_sizes[i];
  return counterparts;
}

std::vector<std::uint8_t> who_stays(const Comm& comm, const Ranges& vertices,
                                    const std::vector<std::uint32_t>& labels,
                                    const std::vector<std::uint32_t>& other_labels,
                                    const std::vector<Counterpart>& counterparts) {
  const auto expected = ask(
      comm, labels, [&](std::uint32_t label) { return vertices.owner(label); },
      [&](std::uint32_t label) {
        return std::lower_bound(
                   counterparts.begin(), counterparts.end(), label,
                   [](const Counterpart& c, std::uint32_t sought) { return c.community < sought; })
            ->found;
      });
  std::vector<std::uint8_t> stays;
  for (std::size_t v = 0; v < labels.size(); ++v) stays.push_back(expected[v] == other_labels[v] ? 1 : 0);
  return stays;
}

}  // namespace lockstep
