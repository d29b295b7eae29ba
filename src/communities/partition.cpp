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
    : graph_(&graph),
      has_cuts_(has_cuts),
      place_of_slot_(graph.slots()),
      masses_(comm.sum(graph.mass.sum())) {
  // With room for labels that are met later: what is not used costs nothing, growing would cost a copy.
  const std::size_t places = std::size_t{graph.slots()} * (comm.size() > 1 ? 2 : 1);
  masses_.reserve(places);
  members_.reserve(places);
  if (has_cuts) cut_.reserve(places);
  if (comm.size() > 1) {
    lower_ghosts_ = static_cast<std::uint32_t>(graph.ghosts_of_rank.begin(comm.rank()));
    following_.resize(graph.own);
    first_subscriber_.assign(graph.own, nobody);
    sent_.resize(static_cast<std::size_t>(comm.size()));
    received_.resize(sent_.size());
  }
}

Partition::Partition(const Comm& comm, const Graph& graph, const std::vector<std::uint32_t>& own_labels)
    : Partition(comm, graph, false) {
  if (are_own_ids(comm, graph, own_labels)) {
    set_alone(comm);
    return;
  }
  masses_.resize(graph.slots());
  members_.resize(graph.slots());
  follow();
  const auto labels = values_of_slots(comm, graph, own_labels);
  for (std::uint32_t slot = 0; slot < graph.slots(); ++slot) {
    const bool repeated = slot > 0 && labels[slot] == labels[slot - 1];  // most are, in a graph in order
    place_of_slot_[slot] = repeated ? place_of_slot_[slot - 1] : meet(labels[slot]);
  }
  std::vector<Delta> deltas;
  for (std::uint32_t v = 0; v < graph.own; ++v) {
    const bool repeated = v > 0 && place(v) == place(v - 1);
    if (!repeated) deltas.push_back({place(v), 0, 0, 0});
    deltas.back().mass += static_cast<std::int64_t>(graph.mass[v]);
    ++deltas.back().members;
  }
  add_up(comm, deltas);
}

Partition::Partition(const Comm& comm, const Graph& graph, const std::vector<std::uint64_t>& cuts,
                     Scope scope)
    : Partition(comm, graph, true) {
  scope_ = std::move(scope);
  cut_.assign(cuts.begin(), cuts.end());
  cut_.resize(graph.slots(), 0);
  set_alone(comm);
}

/// Totals of communities of one vertex each need not be added up.
void Partition::set_alone(const Comm& comm) {
  std::iota(place_of_slot_.begin(), place_of_slot_.end(), 0U);
  members_.assign(graph_->slots(), 1);
  for (std::uint32_t v = 0; v < graph_->own; ++v) masses_.push_back(graph_->mass[v]);
  if (comm.size() == 1) return;
  Numbers masses = ghost_masses(comm, *graph_, mirrors());
  std::size_t next = 0;
  for (std::size_t g = 0; g < graph_->ghosts.size(); ++g) {
    masses_.push_back(scope_ && scope_->ghosts[g] == 0 ? 0 : masses[next++]);
  }
  if (!scope_) ghost_masses_ = std::move(masses);
  follow();
  if (!has_cuts_) return;
  std::vector<Change> changes;
  for (std::uint32_t v = 0; v < graph_->own; ++v) {
    if (following_[v].any) changes.push_back({v, unseen, v});
  }
  tell_subscribers(comm, std::move(changes), {});
}

/// Ranks that have a vertex as a ghost have the totals of its label.
void Partition::follow() {
  for (std::uint32_t v = 0; v < following_.size(); ++v) following_[v].any = !mirrors().of(v).empty();
}

std::uint32_t Partition::meet(std::uint32_t label) {
  if (const std::uint32_t slot = graph_->slot(label); slot != Graph::no_slot) {
    if (scope_ && slot >= graph_->own && std::exchange(scope_->ghosts[slot - graph_->own], 1) == 0) {
      new_places_.push_back(slot);
    }
    return slot;
  }
  const auto [known, is_new] =
      further_places_.try_emplace(label, static_cast<std::uint32_t>(members_.size()));
  if (!is_new) return known->second;
  further_labels_.push_back(label);
  masses_.push_back(0);
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

Partition::News Partition::tell(const Comm& comm, std::span<const Move> moves,
                                std::span<const std::uint32_t> woken) {
  constexpr std::uint32_t no_slot_yet = UINT32_MAX;  // from which the first one's distance is not 0 either
  constexpr std::uint64_t no_more_moves = 0;         // in the place of the next one's distance
  News news;
  if (comm.size() == 1) return news;
  const bool with_masses = !scope_ && !ghost_masses_;
  // Ghosts are in the order of their ids on every rank, so that their slots ascend, too.
  std::vector<BitPacker> packers(sent_.size());
  std::vector<std::uint32_t> last(packers.size(), no_slot_yet);
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
          if (with_masses) packers[r].put(graph_->mass[move.slot], sent_[r].moved_mass);
          last[r] = slot;
        }
      });
  for (auto ghost = woken.begin(); ghost != woken.end();) {
    const int rank = graph_->ghost_owner(*ghost);
    const auto r = static_cast<std::size_t>(rank);
    packers[r].begin_record();
    packers[r].put(no_more_moves, sent_[r].moved_slot);
    std::uint64_t vertex = graph_->vertices.begin(rank);
    for (; ghost != woken.end() && is_owned_by(rank, *ghost); ++ghost) {
      const std::uint32_t id = graph_->id(*ghost);
      packers[r].begin_record();
      packers[r].put(id - std::exchange(vertex, id), sent_[r].woken);
    }
  }
  exchange_packed(comm, packers, [&](int rank, BitUnpacker bits) {
    MessageFields& fields = received_[static_cast<std::size_t>(rank)];
    for (std::uint32_t slot = no_slot_yet; bits.next_record();) {
      const std::uint64_t distance = bits.get(fields.moved_slot);
      if (distance == no_more_moves) break;
      slot += static_cast<std::uint32_t>(distance);
      news.ghosts.push_back({slot, meet(static_cast<std::uint32_t>(bits.get(fields.moved_to)))});
      if (scope_) continue;
      news.masses.push_back(with_masses ? bits.get(fields.moved_mass) : (*ghost_masses_)[slot - graph_->own]);
    }
    for (std::uint32_t vertex = 0; bits.next_record();) {
      vertex += static_cast<std::uint32_t>(bits.get(fields.woken));
      news.woken.push_back(vertex);
    }
  });
  return news;
}

void Partition::move(const Comm& comm, std::span<const Move> moves, const News& news) {
  const bool alone = comm.size() == 1;
  const int self = comm.rank();
  std::vector<Change> changes;
  std::vector<Delta> foreign;
  const auto for_each_move = [&](std::span<const Move> some, auto mass_of, auto change) {
    for_each_ahead(
        some,
        [&](const Move& move) {
          prefetch(&place_of_slot_[move.slot]);
          if (move.slot >= graph_->own) return;
          graph_->mass.prefetch(move.slot);
          mirrors().prefetch_first(move.slot);
        },
        [&](const Move& move) {
          for (const std::uint32_t place : {place_of_slot_[move.slot], move.to}) prefetch_totals(place);
        },
        [&](const Move& move) {
          const auto mass = static_cast<std::int64_t>(mass_of(move));
          change(move.slot, Delta{std::exchange(place_of_slot_[move.slot], move.to), -mass, 0, -1});
          change(move.slot, Delta{move.to, mass, 0, 1});
        });
  };
  for_each_move(
      moves, [&](const Move& move) { return graph_->mass[move.slot]; },
      [&](std::uint32_t v, const Delta& delta) {
        if (!alone && delta.place < graph_->own) {
          add_to_own(delta, self, v, mirrors().of(v).size(), changes);
          return;
        }
        add(delta);
        if (!alone && !is_mirrored(v, owner(delta.place))) foreign.push_back(delta);
      });
  if (alone) return;
  int rank = 0;  // which owns the ghost; ghosts ascend, so it does, too
  for_each_move(
      news.ghosts,
      [&](const Move& move) { return news.masses[static_cast<std::size_t>(&move - news.ghosts.data())]; },
      [&](std::uint32_t slot, const Delta& delta) {
        while (slot - graph_->own >= graph_->ghosts_of_rank.end(rank)) ++rank;
        if (delta.place < graph_->own) {
          add_to_own(delta, rank, 0, 1, changes);
        } else if (is_owned_by(rank, delta.place)) {
          add(delta);
        }
      });
  exchange_totals(comm, std::move(foreign), true, std::move(changes));
}

bool Partition::is_mirrored(std::uint32_t vertex, int rank) const {
  const auto ranks = mirrors().of(vertex);
  if (ranks.size() + 1 == sent_.size()) return true;  // all others
  return std::ranges::any_of(ranks, [&](const auto& mirror) { return mirror.rank == rank; });
}

/// Adds to the totals of an own label, on several ranks; to `changes`, where not all other ranks know of it:
/// `know` do. `rank` and `vertex`: as in Change.
void Partition::add_to_own(const Delta& delta, int rank, std::uint32_t vertex, std::size_t know,
                           std::vector<Change>& changes) {
  const bool was_empty = members_[delta.place] == 0;
  add(delta);
  const bool all_know = know + 1 == sent_.size();
  if (all_know && !was_empty) return;  // mostly: that spares a look at memory
  const Following& following = following_[delta.place];
  if (following.any && (!all_know || following.outdated)) changes.push_back({delta.place, rank, vertex});
}

void Partition::add(const Delta& delta) {
  masses_.add(delta.place, delta.mass);
  members_[delta.place] += static_cast<std::uint32_t>(delta.members);
  if (has_cuts_) cut_[delta.place] += delta.cut;
}

/// After `foreign` went to the owners, these tell their subscribers of all changes; `changes` are those that
/// this rank knows of already. The rest as for send_to_owners.
void Partition::exchange_totals(const Comm& comm, std::vector<Delta> foreign, bool sender_knows,
                                std::vector<Change> changes) {
  if (!comm.any(!foreign.empty() || !new_places_.empty() || !changes.empty())) return;
  std::vector<Newcomer> newcomers;
  send_to_owners(comm, std::move(foreign), sender_knows, changes, newcomers);
  tell_subscribers(comm, std::move(changes), newcomers);
}

/// First come deltas, by label, then subscriptions. `sender_knows`: it has added its deltas to its own
/// totals, too. `newcomers` are not yet on the lists of subscribers.
void Partition::send_to_owners(const Comm& comm, std::vector<Delta> foreign, bool sender_knows,
                               std::vector<Change>& changes, std::vector<Newcomer>& newcomers) {
  constexpr std::uint64_t subscription = 0;  // in the place of 1 + members, folded
  std::vector<BitPacker> packers(sent_.size());
  std::vector<Differences> labels(packers.size());
  const auto begin_record = [&](std::uint32_t place, std::uint64_t kind) {
    const int rank = owner(place);
    const auto r = static_cast<std::size_t>(rank);
    packers[r].begin_record();
    packers[r].put_signed(labels[r].of(label(place) - graph_->vertices.begin(rank)), sent_[r].owned_label);
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
      add_to_own(delta, sender_knows ? rank : unseen, 0, sender_knows ? 1 : 0, changes);
    }
  });
}

/// By community that has changed and is not empty: who has missed something. Sorts `changes`, to which the
/// answer refers; `self` is this rank.
std::vector<Partition::Audience> Partition::audiences_of(std::vector<Change>& changes, int self) {
  boost::sort::spreadsort::integer_sort(
      changes.begin(), changes.end(),
      [](const Change& change, unsigned bits) { return change.label >> bits; },
      [](const Change& a, const Change& b) { return a.label < b.label; });
  std::vector<Audience> audiences;
  for (auto change = changes.begin(); change != changes.end();) {
    bool& outdated = following_[change->label].outdated;
    Audience audience{change->label, outdated, unseen, {}};
    const auto begin = change;
    for (; change != changes.end() && change->label == audience.label; ++change) {
      if (change->rank == self) continue;
      audience.everybody = audience.everybody || change->rank == unseen ||
                           (audience.other != unseen && audience.other != change->rank);
      audience.other = change->rank;
    }
    audience.changes = {begin, change};
    outdated = members(audience.label) == 0;
    if (!outdated) audiences.push_back(audience);
  }
  return audiences;
}

void Partition::tell_subscribers(const Comm& comm, std::vector<Change> changes,
                                 const std::vector<Newcomer>& newcomers) {
  const int self = comm.rank();
  std::vector<BitPacker> packers(sent_.size());
  std::vector<Differences> places(packers.size());
  const auto tell = [&](int rank, std::uint32_t place, std::uint32_t label) {
    const auto r = static_cast<std::size_t>(rank);
    packers[r].begin_record();
    packers[r].put_signed(places[r].of(place), sent_[r].total_place);
    packers[r].put(mass(label), sent_[r].total_mass);
    packers[r].put(members(label), sent_[r].total_members);
    if (has_cuts_) packers[r].put_signed(cut_[label], sent_[r].total_cut);
  };
  const auto missed = [&](const Audience& audience, int rank) {
    if (audience.everybody || (audience.other != unseen && audience.other != rank)) return true;
    return std::ranges::any_of(audience.changes, [&](const Change& change) {
      return change.rank == self && !is_mirrored(change.vertex, rank);
    });
  };
  const auto audiences = audiences_of(changes, self);
  // Ghosts' places ascend with their labels on every rank, others do not: these come later.
  for_each_ahead(
      audiences,
      [&](const Audience& audience) {
        mirrors().prefetch_first(audience.label);
        prefetch_totals(audience.label);
      },
      [&](const Audience& audience) { mirrors().prefetch_those_of(audience.label); },
      [&](const Audience& audience) {
        for (const auto& [rank, slot] : mirrors().of(audience.label)) {
          if (missed(audience, rank)) tell(rank, slot, audience.label);
        }
      });
  for (const Audience& audience : audiences) {
    for (auto i = first_subscriber_[audience.label]; i != nobody; i = subscribers_[i].next) {
      const auto& [rank, place, next] = subscribers_[i];
      if (missed(audience, rank)) tell(rank, place, audience.label);
    }
  }
  for (const auto& [label, subscriber] : newcomers) {
    tell(subscriber.rank, subscriber.place, label);
    subscribers_.push_back({subscriber.rank, subscriber.place, first_subscriber_[label]});
    first_subscriber_[label] = static_cast<std::uint32_t>(subscribers_.size() - 1);
    following_[label].any = true;
  }
  exchange_packed(comm, packers, [&](int rank, BitUnpacker bits) {
    MessageFields& fields = received_[static_cast<std::size_t>(rank)];
    Differences differences;
    while (bits.next_record()) {
      const std::uint64_t place = differences.next(bits.get_signed(fields.total_place));
      masses_.set(place, bits.get(fields.total_mass));
      members_[place] = static_cast<std::uint32_t>(bits.get(fields.total_members));
      if (has_cuts_) cut_[place] = bits.get_signed(fields.total_cut);
    }
  });
}

void Partition::add_up(const Comm& comm, std::span<const Delta> deltas) {
  const bool alone = comm.size() == 1;
  std::vector<Change> changes;
  std::vector<Delta> foreign;
  for_each_ahead(
      deltas, [&](const Delta& delta) { prefetch_totals(delta.place); }, [](const Delta&) {},
      [&](const Delta& delta) {
        if (alone) {
          add(delta);
        } else if (delta.place < graph_->own) {
          add_to_own(delta, unseen, 0, 0, changes);
        } else {
          foreign.push_back(delta);
        }
      });
  if (alone) return;
  exchange_totals(comm, std::move(foreign), false, std::move(changes));
}

}  // namespace lockstep
