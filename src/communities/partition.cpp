#include "src/communities/partition.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include <boost/sort/spreadsort/integer_sort.hpp>

namespace lockstep {

bool are_own_ids(const Comm& comm, const Graph& graph, const std::vector<std::uint32_t>& own_labels) {
  bool others = false;
  for (std::uint32_t v = 0; v < graph.own; ++v) others = others || own_labels[v] != graph.id(v);
  return !comm.any(others);
}

Partition::Partition(const Comm& comm, const Graph& graph, bool has_cuts)
    : graph_(&graph), has_cuts_(has_cuts), place_of_slot_(graph.slots()) {
  if (comm.size() > 1) {
    first_subscriber_.assign(graph.own, nobody);
    sent_.resize(static_cast<std::size_t>(comm.size()));
    received_.resize(sent_.size());
  }
  // Unless told otherwise, ghosts are known to be under their own labels.
  std::iota(place_of_slot_.begin(), place_of_slot_.end(), 0U);
}

Partition::Partition(const Comm& comm, const Graph& graph, const std::vector<std::uint32_t>& own_labels)
    : Partition(comm, graph, false) {
  if (are_own_ids(comm, graph, own_labels)) {
    set_alone(comm);
    return;
  }
  mass_.resize(graph.slots(), 0);
  members_.resize(graph.slots(), 0);
  std::vector<Move> moves;
  std::vector<Delta> deltas;
  deltas.reserve(graph.own);
  for (std::uint32_t v = 0; v < graph.own; ++v) {
    const std::uint32_t place = meet(own_labels[v]);
    if (place != v) moves.push_back({v, place});
    deltas.push_back({place, static_cast<std::int64_t>(graph.mass[v]), 0, 1});
  }
  apply(moves);
  apply(tell(comm, moves));
  add_up(comm, deltas);
}

Partition::Partition(const Comm& comm, const Graph& graph, const std::vector<std::uint64_t>& cuts,
                     Scope scope)
    : Partition(comm, graph, true) {
  scope_ = std::move(scope);
  cut_.reserve(graph.slots());
  cut_.assign(cuts.begin(), cuts.end());
  cut_.resize(graph.slots(), 0);
  set_alone(comm);
}

/// Totals of communities of one vertex each need not be added up.
void Partition::set_alone(const Comm& comm) {
  mass_.reserve(graph_->slots());
  mass_ = graph_->mass;
  mass_.resize(graph_->slots(), 0);
  members_.assign(graph_->slots(), 1);
  if (comm.size() == 1) return;
  std::vector<std::uint32_t> all(graph_->own);
  std::iota(all.begin(), all.end(), 0U);
  tell_subscribers(comm, std::move(all), {});
}

std::uint32_t Partition::meet(std::uint32_t label) {
  if (const std::uint32_t slot = graph_->slot(label); slot != Graph::no_slot) {
    if (scope_ && slot >= graph_->own && std::exchange(scope_->ghosts[slot - graph_->own], 1) == 0) {
      new_places_.push_back(slot);
    }
    return slot;
  }
  const auto [known, is_new] = further_places_.try_emplace(label, static_cast<std::uint32_t>(mass_.size()));
  if (!is_new) return known->second;
  further_labels_.push_back(label);
  mass_.push_back(0);
  members_.push_back(0);
  if (has_cuts_) cut_.push_back(0);
  new_places_.push_back(known->second);
  return known->second;
}

std::vector<std::uint32_t> Partition::own_labels() const {
  std::vector<std::uint32_t> labels;
  labels.reserve(graph_->own);
  for (std::uint32_t v = 0; v < graph_->own; ++v) labels.push_back(label(place(v)));
  return labels;
}

std::vector<Partition::Move> Partition::tell(const Comm& comm, std::span<const Move> moves) {
  std::vector<Move> ghosts;
  if (comm.size() == 1) return ghosts;
  // Ghosts are in the order of their ids on every rank, so that their slots ascend, too.
  std::vector<BitPacker> packers(sent_.size());
  std::vector<std::uint32_t> last(packers.size(), 0);
  for_each_ahead(
      moves,
      [&](const Move& move) {
        mirrors().prefetch_first(move.slot);
        prefetch_label(move.to);
      },
      [&](const Move& move) { mirrors().prefetch_those_of(move.slot); },
      [&](const Move& move) {
        for (const auto& [rank, slot] : mirrors().of(move.slot)) {
          const auto r = static_cast<std::size_t>(rank);
          packers[r].begin_record();
          packers[r].put(slot - last[r], sent_[r].moved_slot);
          packers[r].put(label(move.to), sent_[r].moved_to);
          last[r] = slot;
        }
      });
  exchange_packed(comm, packers, [&](int rank, BitUnpacker bits) {
    MessageFields& fields = received_[static_cast<std::size_t>(rank)];
    for (std::uint32_t slot = 0; bits.next_record();) {
      slot += static_cast<std::uint32_t>(bits.get(fields.moved_slot));
      ghosts.push_back({slot, meet(static_cast<std::uint32_t>(bits.get(fields.moved_to)))});
    }
  });
  return ghosts;
}

void Partition::add(const Delta& delta) {
  mass_[delta.place] += static_cast<std::uint64_t>(delta.mass);
  members_[delta.place] += static_cast<std::uint32_t>(delta.members);
  if (has_cuts_) cut_[delta.place] += delta.cut;
}

/// First come deltas, by label, then subscriptions. `newcomers` are not yet on the lists of subscribers.
void Partition::send_to_owners(const Comm& comm, std::vector<Delta> foreign,
                               std::vector<std::uint32_t>& changed, std::vector<Newcomer>& newcomers) {
  constexpr std::uint64_t subscription = 0;  // in the place of 1 + members, folded
  std::vector<BitPacker> packers(sent_.size());
  std::vector<Differences> labels(packers.size());
  const auto begin_record = [&](std::uint32_t place, std::uint64_t kind) {
    const int owner = graph_->vertices.owner(label(place));
    const auto r = static_cast<std::size_t>(owner);
    packers[r].begin_record();
    packers[r].put_signed(labels[r].of(label(place) - graph_->vertices.begin(owner)), sent_[r].owned_label);
    packers[r].put(kind, sent_[r].kind);
    return r;
  };
  std::sort(foreign.begin(), foreign.end(), [](const Delta& a, const Delta& b) { return a.place < b.place; });
  for (std::size_t i = 0; i < foreign.size();) {
    Delta sum = foreign[i];
    for (++i; i < foreign.size() && foreign[i].place == sum.place; ++i) {
      sum.mass += foreign[i].mass;
      sum.cut += foreign[i].cut;
      sum.members += foreign[i].members;
    }
    const std::size_t r = begin_record(sum.place, 1 + fold(sum.members));
    packers[r].put_signed(sum.mass, sent_[r].delta_mass);
    if (has_cuts_) packers[r].put_signed(sum.cut, sent_[r].delta_cut);
  }
  for (const std::uint32_t place : new_places_) {
    const std::size_t r = begin_record(place, subscription);
    packers[r].put(place, sent_[r].subscribed_place);
  }
  new_places_.clear();
  exchange_packed(comm, packers, [&](int rank, BitUnpacker bits) {
    MessageFields& fields = received_[static_cast<std::size_t>(rank)];
    Differences differences;
    while (bits.next_record()) {
      const auto label = static_cast<std::uint32_t>(differences.next(bits.get_signed(fields.owned_label)));
      const std::uint64_t kind = bits.get(fields.kind);
      if (kind == subscription) {
        const auto place = static_cast<std::uint32_t>(bits.get(fields.subscribed_place));
        newcomers.push_back({label, {rank, place, nobody}});
        continue;
      }
      Delta delta{label, 0, 0, static_cast<std::int32_t>(unfold(kind - 1))};
      delta.mass = bits.get_signed(fields.delta_mass);
      if (has_cuts_) delta.cut = bits.get_signed(fields.delta_cut);
      add(delta);
      changed.push_back(label);
    }
  });
}

void Partition::tell_subscribers(const Comm& comm, std::vector<std::uint32_t> changed,
                                 const std::vector<Newcomer>& newcomers) {
  std::vector<BitPacker> packers(sent_.size());
  std::vector<Differences> places(packers.size());
  const auto tell = [&](const Subscriber& subscriber, std::uint32_t label) {
    const auto r = static_cast<std::size_t>(subscriber.rank);
    const std::uint64_t twice_mass = 2 * mass_[label] + (members_[label] > 1 ? 1 : 0);
    packers[r].begin_record();
    packers[r].put_signed(places[r].of(subscriber.place), sent_[r].total_place);
    packers[r].put(twice_mass, sent_[r].total_mass);
    if (has_cuts_) packers[r].put_signed(cut_[label], sent_[r].total_cut);
  };
  boost::sort::spreadsort::integer_sort(changed.begin(), changed.end());
  changed.erase(std::unique(changed.begin(), changed.end()), changed.end());
  std::erase_if(changed, [&](std::uint32_t label) { return members_[label] == 0; });
  // Ghosts' places ascend with their labels on every rank, others do not: these come later.
  for_each_ahead(
      changed,
      [&](std::uint32_t label) {
        mirrors().prefetch_first(label);
        prefetch(&mass_[label]);
        if (has_cuts_) prefetch(&cut_[label]);
      },
      [&](std::uint32_t label) { mirrors().prefetch_those_of(label); },
      [&](std::uint32_t label) {
        for (const auto& [rank, slot] : mirrors().of(label)) tell({rank, slot, nobody}, label);
      });
  for (const std::uint32_t label : changed) {
    for (auto i = first_subscriber_[label]; i != nobody; i = subscribers_[i].next)
      tell(subscribers_[i], label);
  }
  for (const auto& [label, subscriber] : newcomers) {
    tell(subscriber, label);
    subscribers_.push_back({subscriber.rank, subscriber.place, first_subscriber_[label]});
    first_subscriber_[label] = static_cast<std::uint32_t>(subscribers_.size() - 1);
  }
  exchange_packed(comm, packers, [&](int rank, BitUnpacker bits) {
    MessageFields& fields = received_[static_cast<std::size_t>(rank)];
    Differences differences;
    while (bits.next_record()) {
      const std::uint64_t place = differences.next(bits.get_signed(fields.total_place));
      const std::uint64_t twice_mass = bits.get(fields.total_mass);
      members_[place] = (twice_mass & 1) == 0 ? 1 : 2;
      mass_[place] = twice_mass / 2;
      if (has_cuts_) cut_[place] = bits.get_signed(fields.total_cut);
    }
  });
}

void Partition::add_up(const Comm& comm, std::span<const Delta> deltas) {
  const bool alone = comm.size() == 1;
  std::vector<std::uint32_t> changed;
  std::vector<Delta> foreign;
  for_each_ahead(
      deltas,
      [&](const Delta& delta) {
        prefetch(&mass_[delta.place]);
        prefetch(&members_[delta.place]);
        if (has_cuts_) prefetch(&cut_[delta.place]);
      },
      [](const Delta&) {},
      [&](const Delta& delta) {
        if (delta.place < graph_->own) {
          add(delta);
          if (!alone) changed.push_back(delta.place);
        } else {
          foreign.push_back(delta);
        }
      });
  if (alone) return;
  std::vector<Newcomer> newcomers;
  send_to_owners(comm, std::move(foreign), changed, newcomers);
  tell_subscribers(comm, std::move(changed), newcomers);
}

}  // namespace lockstep
