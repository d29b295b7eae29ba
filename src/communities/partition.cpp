#include "src/communities/partition.hpp"

#include <algorithm>

#include "cluster/exchange.hpp"

namespace lockstep {

Partition::Partition(const Comm& comm, const Graph& graph, const Boundary& boundary,
                     const std::vector<std::uint32_t>& own_labels, const std::vector<std::uint64_t>& cuts)
    : graph_(&graph), boundary_(&boundary), place_of_slot_(graph.slots()), totals_(graph.slots()) {
  for (std::uint32_t slot = graph.own; slot < graph.slots(); ++slot) {
    foreign_places_[graph.id(slot)] = slot;
    place_of_slot_[slot] = slot;
  }
  std::vector<Move> moves;
  std::vector<Delta> deltas;
  for (std::uint32_t v = 0; v < graph.own; ++v) {
    moves.push_back({v, place_of_label(own_labels[v])});
    deltas.push_back({own_labels[v], static_cast<std::int64_t>(graph.mass[v]),
                      cuts.empty() ? 0 : static_cast<std::int64_t>(cuts[v]), 1});
  }
  relabel(comm, moves);
  add_up(comm, std::move(deltas));
}

std::uint32_t Partition::place_of_label(std::uint32_t label) {
  if (label - graph_->own_begin < graph_->own) return label - graph_->own_begin;
  const auto [place, is_new] = foreign_places_.try_emplace(label, static_cast<std::uint32_t>(totals_.size()));
  if (is_new) {
    further_labels_.push_back(label);
    totals_.emplace_back();
  }
  return place->second;
}

std::vector<std::uint32_t> Partition::own_labels() const {
  std::vector<std::uint32_t> labels;
  for (std::uint32_t v = 0; v < graph_->own; ++v) labels.push_back(label(place(v)));
  return labels;
}

void Partition::refresh(const Comm& comm, std::span<const std::uint32_t> places) {
  if (comm.size() == 1) return;
  std::vector<std::uint32_t> foreign;
  std::vector<std::uint32_t> labels;
  for (const std::uint32_t place : places) {
    if (place < graph_->own) continue;
    foreign.push_back(place);
    labels.push_back(label(place));
  }
  const auto totals = ask(
      comm, labels, [&](std::uint32_t community) { return graph_->vertices.owner(community); },
      [&](std::uint32_t community) { return totals_[community - graph_->own_begin]; });
  for (std::size_t i = 0; i < foreign.size(); ++i) totals_[foreign[i]] = totals[i];
}

std::vector<std::uint32_t> Partition::relabel(const Comm& comm, std::span<const Move> moves) {
  for (const auto& [vertex, to] : moves) place_of_slot_[vertex] = to;
  std::vector<std::uint32_t> changed;
  if (comm.size() == 1) return changed;
  struct Update {
    int rank;
    std::uint32_t slot;
    std::uint32_t label;
  };
  std::vector<Update> updates;
  for (const auto& [vertex, to] : moves) {
    for (const auto& [rank, slot] : boundary_->mirrors_of(vertex)) updates.push_back({rank, slot, label(to)});
  }
  const auto received = send_to(comm, updates, [](const Update& update) { return update.rank; });
  for (const auto& update : received.rows) {
    place_of_slot_[update.slot] = place_of_label(update.label);
    changed.push_back(update.slot);
  }
  return changed;
}

void Partition::add_up(const Comm& comm, std::vector<Delta> deltas) {
  std::sort(deltas.begin(), deltas.end(), [](const Delta& a, const Delta& b) { return a.label < b.label; });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < deltas.size(); ++i) {
    if (kept > 0 && deltas[kept - 1].label == deltas[i].label) {
      deltas[kept - 1].mass += deltas[i].mass;
      deltas[kept - 1].cut += deltas[i].cut;
      deltas[kept - 1].members += deltas[i].members;
    } else {
      deltas[kept++] = deltas[i];
    }
  }
  deltas.resize(kept);
  if (comm.size() > 1) {
    deltas =
        send_to(comm, deltas, [&](const Delta& delta) { return graph_->vertices.owner(delta.label); }).rows;
  }
  for (const auto& delta : deltas) {
    auto& totals = totals_[delta.label - graph_->own_begin];
    totals.mass += static_cast<std::uint64_t>(delta.mass);
    totals.cut += delta.cut;
    totals.members += delta.members;
  }
}

}  // namespace lockstep
