#pragma once

#include <algorithm>
#include <cstdint>

#include "data/prefetch.hpp"
#include "src/communities/graph.hpp"

namespace lockstep {

/// Calls visit(v) for own vertices in this order, which has size() and []. Where their arcs are, what these
/// lead to, and what is known of that lies anywhere in memory: each is asked for a few vertices before it is
/// needed, or the processor would spend most of its time waiting. slot_ahead(slot) is called for a vertex and
/// the ends of its arcs, to ask for what is kept by slot; vertex_ahead(v) later, to ask for what that leads
/// to. Local.
template <class Vertices, class SlotAhead, class VertexAhead, class Visit>
void visit_ahead(const Graph& graph, const Vertices& vertices, SlotAhead slot_ahead, VertexAhead vertex_ahead,
                 Visit visit) {
  const std::size_t size = vertices.size();
  constexpr std::size_t row = 16;  // how many vertices ahead
  constexpr std::size_t arcs = 8;
  constexpr std::size_t slots = 4;
  constexpr std::size_t vertex = 2;
  constexpr std::uint64_t most_arcs = 128;  // the rest of a long row comes along by itself
  const auto arcs_of = [&](std::size_t i, auto ask) {
    const std::uint64_t begin = graph.first[vertices[i]];
    ask(begin, std::min(graph.first[vertices[i] + 1], begin + most_arcs));
  };
  for (std::size_t i = 0; i < size; ++i) {
    if (i + row < size) prefetch(&graph.first[vertices[i + row]]);
    if (i + arcs < size) {
      slot_ahead(vertices[i + arcs]);
      arcs_of(i + arcs, [&](std::uint64_t begin, std::uint64_t end) { graph.prefetch_arcs(begin, end); });
    }
    if (i + slots < size) {
      arcs_of(i + slots, [&](std::uint64_t begin, std::uint64_t end) {
        for (std::uint64_t a = begin; a < end; ++a) slot_ahead(graph.target[a]);
      });
    }
    if (i + vertex < size) vertex_ahead(vertices[i + vertex]);
    visit(vertices[i]);
  }
}
template <class Vertices, class SlotAhead, class Visit>
void visit_ahead(const Graph& graph, const Vertices& vertices, SlotAhead slot_ahead, Visit visit) {
  visit_ahead(
      graph, vertices, slot_ahead, [](std::uint32_t) {}, visit);
}

}  // namespace lockstep
