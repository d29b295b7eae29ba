#pragma once

#include <cstdint>
#include <vector>

#include <tsl/robin_map.h>

#include "cluster/exchange.hpp"

namespace lockstep {

/// Names every group of vertices by the first of its members in the order `before`. `labels` are arbitrary
/// numbers below 2^32 by own vertex; `begin` is the id of the first own vertex. Collective.
template <class Before>
std::vector<std::uint32_t> name_by_first(const Comm& comm, std::uint32_t begin,
                                         const std::vector<std::uint32_t>& labels, Before before) {
  struct Member {
    std::uint32_t label;
    std::uint32_t vertex;
  };
  // Only the first of this rank's members can be the first of all.
  tsl::robin_map<std::uint32_t, std::uint32_t> named;
  const auto enter = [&](std::uint32_t label, std::uint32_t vertex) {
    const auto place = named.try_emplace(label, vertex).first;
    if (before(vertex, place->second)) place.value() = vertex;
  };
  for (std::uint32_t v = 0; v < labels.size(); ++v) enter(labels[v], begin + v);
  std::vector<Member> members;
  std::vector<std::uint32_t> questions;
  for (const auto& [label, vertex] : named) {
    members.push_back({label, vertex});
    questions.push_back(label);
  }
  const auto owner = [&](std::uint32_t label) {
    return static_cast<int>(label % static_cast<std::uint32_t>(comm.size()));
  };
  named.clear();
  const auto received = send_to(comm, members, [&](const Member& member) { return owner(member.label); });
  for (const auto& [label, vertex] : received.rows) enter(label, vertex);
  const auto answers = ask(comm, questions, owner, [&](std::uint32_t label) { return named[label]; });
  named.clear();
  for (std::size_t i = 0; i < questions.size(); ++i) named[questions[i]] = answers[i];
  std::vector<std::uint32_t> names;
  names.reserve(labels.size());
  for (const std::uint32_t label : labels) names.push_back(named[label]);
  return names;
}

}  // namespace lockstep
