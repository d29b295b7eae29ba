#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <tsl/robin_map.h>

#include "cluster/comm.hpp"
#include "data/prefetch.hpp"
#include "src/communities/bit_packed.hpp"
#include "src/communities/graph.hpp"
#include "src/communities/masses.hpp"

namespace lockstep {

/// What is known of a community as a whole.
struct Totals {
  std::uint64_t mass = 0;
  std::int64_t cut = 0;  ///< refinement: weight from here to the rest of the enclosing community
  std::uint32_t members = 0;
};

/// Whether every vertex is labelled by its own id. Collective.
bool are_own_ids(const Comm& comm, const Graph& graph, const std::vector<std::uint32_t>& own_labels);

/// Of which ghosts a partition is to know where they are: for a search inside given communities, those that
/// have a neighbour in their community here.
struct Scope {
  Mirrors mirrors;                   ///< of own vertices, where these are such ghosts
  std::vector<std::uint8_t> ghosts;  ///< by ghost: whether it is one
};

/// Which community every vertex is in. A community's label is the id of a vertex, whose owner keeps the
/// community's totals. A rank addresses the labels it has met by *places*: the place of label id(s) is slot
/// s, further labels follow; so a scan over arcs needs no look-up by label.
///
/// The owner of a label keeps its totals for the ranks that have the label's vertex as a ghost, and for those
/// that have met the label otherwise and subscribed to it. Most of what changes them these ranks have seen:
/// each adds up its own vertices' moves by itself, and those of ghosts that the label's owner owns, too. So
/// the owner sends totals only to ranks that must have missed a move; unless the community has become empty,
/// which nobody can meet.
class Partition {
 public:
  /// Own vertices with these labels. Collective.
  Partition(const Comm& comm, const Graph& graph, const std::vector<std::uint32_t>& own_labels);
  /// Every vertex alone. Totals count `cuts`, by own vertex. Ghosts outside of the scope are not kept up to
  /// date. Collective.
  Partition(const Comm& comm, const Graph& graph, const std::vector<std::uint64_t>& cuts, Scope scope);

  /// Place of a slot's community.
  std::uint32_t place(std::uint32_t slot) const { return place_of_slot_[slot]; }
  /// Asks the processor to have a slot's place, or a place's mass or totals, at hand soon: all lie anywhere
  /// in memory.
  void prefetch_place(std::uint32_t slot) const { prefetch(&place_of_slot_[slot]); }
  void prefetch_mass(std::uint32_t place) const { masses_.prefetch(place); }
  void prefetch_totals(std::uint32_t place) const {
    prefetch_mass(place);
    prefetch(&members_[place]);
    if (has_cuts_) prefetch(&cut_[place]);
  }
  std::uint32_t label(std::uint32_t place) const {
    return place < graph_->slots() ? graph_->id(place) : further_labels_[place - graph_->slots()];
  }
  /// label(a) < label(b), mostly without a look at memory: slots' ids ascend but for the own ones' place.
  bool precedes(std::uint32_t a, std::uint32_t b) const {
    if (a >= graph_->slots() || b >= graph_->slots()) return label(a) < label(b);
    const auto by_id = [&](std::uint32_t slot) {
      if (slot < graph_->own) return slot + lower_ghosts_;
      return slot - graph_->own < lower_ghosts_ ? slot - graph_->own : slot;
    };
    return by_id(a) < by_id(b);
  }
  /// Exact for labels of own vertices, and for communities that a slot is in.
  std::uint64_t mass(std::uint32_t place) const { return masses_[place]; }
  std::uint32_t members(std::uint32_t place) const { return members_[place]; }
  std::int64_t cut(std::uint32_t place) const { return cut_[place]; }
  Totals totals(std::uint32_t place) const {
    return {mass(place), has_cuts_ ? cut_[place] : 0, members(place)};
  }
  std::size_t places() const { return members_.size(); }
  std::vector<std::uint32_t> own_labels() const;

  struct Move {
    std::uint32_t slot;
    std::uint32_t to;  ///< place
  };
  /// What other ranks have told.
  struct News {
    std::vector<Move> ghosts;           ///< where ghosts go, ascending
    std::vector<std::uint64_t> masses;  ///< of these ghosts; not in a scope
    std::vector<std::uint32_t> woken;   ///< own vertices that are to decide again
  };
  /// Tells the ranks that have these own vertices as ghosts where they go, and the owners of the ghosts
  /// `woken` that these are to decide again; `moves` and `woken` ascend. Returns what this rank is told.
  /// Collective.
  News tell(const Comm& comm, std::span<const Move> moves, std::span<const std::uint32_t> woken = {});
  /// Moves own vertices, and ghosts as tell() has returned them, and brings everybody's totals up to date.
  /// Not in a scope. Collective.
  void move(const Comm& comm, std::span<const Move> moves, const News& news);
  /// Moves own vertices or ghosts; totals stay. Local.
  void apply(std::span<const Move> moves) {
    for (const auto& [slot, to] : moves) place_of_slot_[slot] = to;
  }

  struct Delta {
    std::uint32_t place;
    std::int64_t mass;
    std::int64_t cut;
    std::int32_t members;
  };
  /// Adds to totals, wherever their owners are, and brings everybody's totals up to date. Collective.
  void add_up(const Comm& comm, std::span<const Delta> deltas);

 private:
  static constexpr std::uint32_t nobody = UINT32_MAX;
  struct Subscriber {
    int rank;
    std::uint32_t place;  ///< on that rank
    std::uint32_t next;   ///< of the same label, in subscribers_
  };
  /// Of an own label.
  struct Following {
    bool any = false;       ///< whether other ranks have totals of it, …
    bool outdated = false;  ///< … and whether these may be wrong, as it has become empty
  };
  /// A vertex came to a community of this rank, or left it.
  struct Change {
    std::uint32_t label;   ///< as an own place
    int rank;              ///< which owns the vertex; `unseen` where no subscriber knows of the change
    std::uint32_t vertex;  ///< where this rank owns it
  };
  static constexpr int unseen = -1;
  /// Who has missed something of what has changed a community.
  struct Audience {
    std::uint32_t label;
    bool everybody;
    int other;  ///< otherwise all but this rank, if other ranks' vertices came or went; `unseen` if none did
    std::span<const Change> changes;  ///< otherwise whoever is without a mirror of an own vertex among these
  };
  struct Newcomer {
    std::uint32_t label;  ///< as an own place
    Subscriber subscriber;
  };

  /// What the messages to a rank, or from it, have been like.
  struct MessageFields {
    Field moved_slot, moved_to, moved_mass, woken;
    Field owned_label, kind, delta_mass, delta_cut, subscribed_place;
    Field total_place, total_mass, total_members, total_cut;
  };

  Partition(const Comm& comm, const Graph& graph, bool has_cuts);
  const Mirrors& mirrors() const { return scope_ ? scope_->mirrors : graph_->mirrors; }
  void set_alone(const Comm& comm);
  void follow();
  std::uint32_t meet(std::uint32_t label);
  void prefetch_label(std::uint32_t place) const {
    if (place - graph_->own < graph_->ghosts.size()) prefetch(&graph_->ghosts[place - graph_->own]);
  }
  void add(const Delta& delta);
  /// The rank that owns the label of a place that is no own vertex's; and whether a given rank does.
  int owner(std::uint32_t place) const {
    return place < graph_->slots() ? graph_->ghost_owner(place) : graph_->vertices.owner(label(place));
  }
  bool is_owned_by(int rank, std::uint32_t place) const {
    return place < graph_->slots() ? graph_->ghosts_of_rank.has(rank, place - graph_->own)
                                   : graph_->vertices.has(rank, label(place));
  }
  void add_to_own(const Delta& delta, int rank, std::uint32_t vertex, std::size_t know,
                  std::vector<Change>& changes);
  bool is_mirrored(std::uint32_t vertex, int rank) const;
  void exchange_totals(const Comm& comm, std::vector<Delta> foreign, bool sender_knows,
                       std::vector<Change> changes);
  void send_to_owners(const Comm& comm, std::vector<Delta> foreign, bool sender_knows,
                      std::vector<Change>& changes, std::vector<Newcomer>& newcomers);
  std::vector<Audience> audiences_of(std::vector<Change>& changes, int self);
  void tell_subscribers(const Comm& comm, std::vector<Change> changes,
                        const std::vector<Newcomer>& newcomers);

  const Graph* graph_;
  bool has_cuts_;
  std::uint32_t lower_ghosts_ = 0;       ///< those whose ids are smaller than own ones
  std::optional<Scope> scope_;           ///< all ghosts where there is none
  std::optional<Numbers> ghost_masses_;  ///< otherwise moves bring their masses
  std::vector<std::uint32_t> place_of_slot_;
  Masses masses_;  ///< by place, as the next two
  std::vector<std::uint32_t> members_;
  std::vector<std::int64_t> cut_;  ///< with has_cuts_ only
  std::vector<std::uint32_t> further_labels_;
  tsl::robin_map<std::uint32_t, std::uint32_t> further_places_;
  std::vector<std::uint32_t> new_places_;        ///< met since totals were last exchanged
  std::vector<Following> following_;             ///< by own label, as the next; on several ranks only
  std::vector<std::uint32_t> first_subscriber_;  ///< of a list in subscribers_
  std::vector<Subscriber> subscribers_;
  std::vector<MessageFields> sent_;  ///< by rank, as the next
  std::vector<MessageFields> received_;
};

}  // namespace lockstep
