#include "src/communities/coarsening.hpp"

#include <algorithm>
#include <compare>
#include <functional>
#include <numeric>

#include <boost/sort/spreadsort/integer_sort.hpp>

#include "cluster/exchange.hpp"
#include "data/prefetch.hpp"
#include "data/release.hpp"
#include "data/wide.hpp"
#include "src/communities/look_ahead.hpp"
#include "src/communities/naming.hpp"
#include "src/communities/neighbour_weights.hpp"
#include "src/communities/packed.hpp"

namespace lockstep {

namespace {

/// Where a part comes in the order of the coarse vertices.
struct Key {
  std::uint32_t first;
  std::uint32_t second;
  friend auto operator<=>(const Key&, const Key&) = default;
};

struct Part {
  std::uint64_t arcs;  ///< of its vertices
  Key key;
};

struct Numbered {
  std::uint32_t id;           ///< coarse vertex
  std::uint32_t first_alike;  ///< the first one whose key begins alike
};

struct Numbering {
  Ranges vertices;                       ///< of the coarse graph, each rank's with about as many arcs
  std::vector<Numbered> parts;           ///< by own vertex that a part is named by
  std::vector<std::uint32_t> vertex_of;  ///< by own vertex: its coarse vertex
};

/// By own vertex that is a part's label: the arcs of the part's vertices, on all ranks.
std::vector<std::uint64_t> arcs_of_parts(const Comm& comm, const Graph& graph, const Partition& parts) {
  std::vector<std::uint64_t> arcs(parts.places(), 0);
  for (std::uint32_t v = 0; v < graph.own; ++v) arcs[parts.place(v)] += graph.first[v + 1] - graph.first[v];
  struct Share {
    std::uint64_t arcs;
    std::uint32_t part;
  };
  std::vector<Share> shares;
  for (std::uint32_t place = graph.own; place < parts.places(); ++place) {
    if (arcs[place] > 0) shares.push_back({arcs[place], parts.label(place)});
  }
  arcs.resize(graph.own);
  const auto owner = [&](const Share& share) { return graph.vertices.owner(share.part); };
  for (const auto& [count, part] : send_to(comm, shares, owner).rows) arcs[part - graph.own_begin] += count;
  return arcs;
}

/// Pieces of the coarse vertices with about as many arcs each. `arcs` are of this rank's vertices, which
/// follow those of lower ranks. Collective.
Ranges balanced_ranges(const Comm& comm, const std::vector<std::uint64_t>& arcs) {
  const auto ranks = static_cast<std::uint64_t>(comm.size());
  std::uint64_t own = 0;
  for (const std::uint64_t count : arcs) own += count + 1;
  const std::uint64_t all = comm.sum(own);
  std::uint64_t before = comm.exclusive_sum(own);
  // Rank r's piece ends with the first vertex at which r + 1 shares of the arcs are reached.
  std::vector<std::uint64_t> ends(ranks, 0);
  std::uint64_t next = comm.exclusive_sum(arcs.size());
  for (const std::uint64_t count : arcs) {
    const auto share = [&](std::uint64_t sum) {
      return static_cast<std::uint64_t>(Wide{sum} * static_cast<Wide>(ranks) / static_cast<Wide>(all));
    };
    ++next;
    for (std::uint64_t r = share(before); r < share(before + count + 1); ++r) ends[r] = next;
    before += count + 1;
  }
  comm.sum_each(ends);
  Ranges ranges{{0}};
  ranges.first.insert(ranges.first.end(), ends.begin(), ends.end());
  return ranges;
}

/// Numbers parts by their keys; `sorter` is the rank that sorts the keys with this beginning, and ascends
/// with them. Returns the numbers in the order of `parts`. Collective.
template <class Sorter>
std::vector<Numbered> number_by_key(const Comm& comm, const std::vector<Part>& parts, Sorter sorter,
                                    Ranges& vertices) {
  const auto ranks = static_cast<std::size_t>(comm.size());
  std::vector<std::size_t> sorter_of;
  sorter_of.reserve(parts.size());
  std::vector<Packer> questions(ranks);
  std::vector<Differences> seconds(ranks);
  for (const auto& [arcs, key] : parts) {
    const auto r = static_cast<std::size_t>(sorter(key.first));
    sorter_of.push_back(r);
    questions[r].put(arcs);
    questions[r].put(key.first);
    questions[r].put_signed(seconds[r].of(key.second));
  }
  std::vector<Part> rows;
  std::vector<std::size_t> rows_of_rank(ranks, 0);
  exchange_packed(comm, questions, [&](int rank, Unpacker bytes) {
    const std::size_t before = rows.size();
    for (Differences differences; !bytes.done();) {
      const std::uint64_t arcs = bytes.get();
      const auto first = static_cast<std::uint32_t>(bytes.get());
      rows.push_back({arcs, {first, static_cast<std::uint32_t>(differences.next(bytes.get_signed()))}});
    }
    rows_of_rank[static_cast<std::size_t>(rank)] = rows.size() - before;
  });
  std::vector<std::uint32_t> order(rows.size());
  std::iota(order.begin(), order.end(), 0U);
  const auto number = [&](std::uint32_t i) {
    return std::uint64_t{rows[i].key.first} << 32 | rows[i].key.second;
  };
  boost::sort::spreadsort::integer_sort(
      order.begin(), order.end(), [&](std::uint32_t i, unsigned bits) { return number(i) >> bits; },
      [&](std::uint32_t a, std::uint32_t b) { return number(a) < number(b); });
  std::vector<std::uint64_t> ordered_arcs;
  ordered_arcs.reserve(order.size());
  for (const std::uint32_t i : order) ordered_arcs.push_back(rows[i].arcs);
  vertices = balanced_ranges(comm, ordered_arcs);

  std::vector<Numbered> numbered(order.size());
  const auto first = static_cast<std::uint32_t>(comm.exclusive_sum(order.size()));
  for (std::uint32_t i = 0; i < order.size(); ++i) {
    const bool alike = i > 0 && rows[order[i - 1]].key.first == rows[order[i]].key.first;
    numbered[order[i]] = {first + i, alike ? numbered[order[i - 1]].first_alike : first + i};
  }
  std::vector<Packer> answers(ranks);
  auto next = numbered.begin();
  for (std::size_t r = 0; r < ranks; ++r) {
    for (const auto end = next + static_cast<std::ptrdiff_t>(rows_of_rank[r]); next != end; ++next) {
      answers[r].put(next->id);
      answers[r].put(next->id - next->first_alike);
    }
  }
  const auto received = exchange_bytes(comm, answers);
  std::vector<Unpacker> replies(ranks, Unpacker({}));
  for_each_sender(received,
                  [&](int rank, Unpacker bytes) { replies[static_cast<std::size_t>(rank)] = bytes; });
  std::vector<Numbered> in_order;
  in_order.reserve(parts.size());
  for (const std::size_t r : sorter_of) {
    const auto id = static_cast<std::uint32_t>(replies[r].get());
    in_order.push_back({id, id - static_cast<std::uint32_t>(replies[r].get())});
  }
  return in_order;
}

/// Numbers the parts by key_of(v) of the own vertex v that a part is named by. Collective.
template <class KeyOf, class Sorter>
Numbering number_parts(const Comm& comm, const Graph& graph, const Partition& parts, KeyOf key_of,
                       Sorter sorter) {
  const auto arcs = arcs_of_parts(comm, graph, parts);
  std::vector<Part> own_parts;
  std::vector<std::uint32_t> named_by;
  for (std::uint32_t v = 0; v < graph.own; ++v) {
    if (parts.members(v) == 0) continue;
    own_parts.push_back({arcs[v], key_of(v)});
    named_by.push_back(v);
  }
  Numbering numbering;
  const auto numbers = number_by_key(comm, own_parts, sorter, numbering.vertices);
  numbering.parts.resize(graph.own);
  for (std::size_t i = 0; i < named_by.size(); ++i) numbering.parts[named_by[i]] = numbers[i];

  std::vector<std::uint32_t> foreign;  // places of parts of own vertices that another rank's vertices name
  for (std::uint32_t v = 0; v < graph.own; ++v) {
    if (parts.place(v) >= graph.own) foreign.push_back(parts.place(v));
  }
  std::sort(foreign.begin(), foreign.end());
  foreign.erase(std::unique(foreign.begin(), foreign.end()), foreign.end());
  std::vector<std::uint32_t> labels;
  for (const std::uint32_t place : foreign) labels.push_back(parts.label(place));
  const auto ids = ask(
      comm, labels, [&](std::uint32_t label) { return graph.vertices.owner(label); },
      [&](std::uint32_t label) { return numbering.parts[label - graph.own_begin].id; });
  std::vector<std::uint32_t> id_of_foreign(parts.places() - graph.own, 0);
  for (std::size_t i = 0; i < foreign.size(); ++i) id_of_foreign[foreign[i] - graph.own] = ids[i];
  numbering.vertex_of.reserve(graph.own);
  for (std::uint32_t v = 0; v < graph.own; ++v) {
    const std::uint32_t place = parts.place(v);
    numbering.vertex_of.push_back(place < graph.own ? numbering.parts[place].id
                                                    : id_of_foreign[place - graph.own]);
  }
  return numbering;
}

/// The own vertices, by their numbers.
std::vector<std::uint32_t> order_by(const std::vector<std::uint32_t>& number_of) {
  std::vector<std::uint64_t> keys;
  keys.reserve(number_of.size());
  for (std::uint32_t v = 0; v < number_of.size(); ++v) keys.push_back(std::uint64_t{number_of[v]} << 32 | v);
  boost::sort::spreadsort::integer_sort(keys.begin(), keys.end());
  std::vector<std::uint32_t> order;
  order.reserve(keys.size());
  for (const std::uint64_t key : keys) order.push_back(static_cast<std::uint32_t>(key));
  return order;
}

/// The vertices from `order` whose numbers are `begin` … `end` − 1; `order` ascends with their numbers.
template <class NumberOf>
std::span<const std::uint32_t> between(std::span<const std::uint32_t> order, std::uint64_t begin,
                                       std::uint64_t end, NumberOf number_of) {
  const auto at = [&](std::uint64_t number) {
    return std::partition_point(order.begin(), order.end(),
                                [&](std::uint32_t v) { return number_of(v) < number; });
  };
  return {at(begin), at(end)};
}

/// Adds up this rank's vertices `order`, which are those of some parts, part by part: what lies inside a part
/// goes to inner(coarse vertex, weight), what leads elsewhere to take(coarse vertex, row). `vertex_of`: the
/// coarse vertex by slot; there are at most `most_vertices`.
template <class Inner, class Take>
void add_up_parts(const Graph& graph, const std::vector<std::uint32_t>& vertex_of,
                  std::uint64_t most_vertices, std::span<const std::uint32_t> order, Inner inner, Take take) {
  NeighbourWeights weights;
  std::vector<Neighbour> row;
  std::size_t begin = 0;  // of the part's vertices in `order`
  std::size_t done = 0;
  visit_ahead(
      graph, order, [&](std::uint32_t slot) { prefetch(&vertex_of[slot]); },
      [&](std::uint32_t v) {
        const std::uint32_t vertex = vertex_of[v];
        if (done == begin) {
          std::uint64_t arcs = 0;
          for (std::size_t i = begin; i < order.size() && vertex_of[order[i]] == vertex; ++i) {
            arcs += graph.first[order[i] + 1] - graph.first[order[i]];
          }
          weights.clear(std::min(arcs, most_vertices));
        }
        for (std::uint64_t a = graph.first[v]; a < graph.first[v + 1]; ++a) {
          const std::uint32_t slot = graph.target[a];
          weights.add(vertex_of[slot], graph.weight[a], slot);
        }
        ++done;
        if (done < order.size() && vertex_of[order[done]] == vertex) return;
        begin = done;
        row.clear();
        for (const auto& entry : weights.entries()) {
          if (entry.place != vertex) row.push_back({entry.place, entry.weight});
        }
        inner(vertex, weights.weight(vertex));
        take(vertex, row);
      });
}

/// What is to be known of a part by the owner of its coarse vertex.
struct Member {
  std::uint32_t vertex;     ///< coarse
  std::uint32_t community;  ///< named by its first coarse vertex; 0 except by the owner of the part's label
  std::uint64_t mass;
  std::uint64_t inner;
};

std::vector<Member> own_members(const Graph& graph, const Partition& parts, const Numbering& numbering) {
  std::vector<Member> members;
  for (std::uint32_t v = 0; v < graph.own; ++v) {
    const bool is_label = parts.members(v) > 0;
    if (is_label) {
      members.push_back({numbering.parts[v].id, numbering.parts[v].first_alike, parts.mass(v), 0});
    }
    if (graph.inner[v] > 0) members.push_back({numbering.vertex_of[v], 0, 0, graph.inner[v]});
  }
  return members;
}

/// Gives the coarse graph's owners what `members` say of their vertices.
void send_members(const Comm& comm, const std::vector<Member>& members, Coarse& coarse) {
  const Ranges& vertices = coarse.graph.vertices;
  const auto begin = vertices.begin(comm.rank());
  coarse.graph.mass = Numbers(vertices.size(comm.rank()), 0);
  coarse.graph.inner = Numbers(vertices.size(comm.rank()), 0);
  coarse.labels.assign(vertices.size(comm.rank()), 0);
  const auto owner = [&](const Member& member) { return vertices.owner(member.vertex); };
  const auto put = [&](Packer& packer, const Member& member) {
    packer.put(member.vertex - vertices.begin(owner(member)));
    packer.put(member.community == 0 ? 0 : member.vertex - member.community + 1);
    packer.put(member.mass);
    packer.put(member.inner);
  };
  send_packed(comm, members, owner, put, [&](Unpacker& bytes) {
    const std::uint64_t v = bytes.get();
    const std::uint64_t behind_first = bytes.get();
    if (behind_first > 0) coarse.labels[v] += static_cast<std::uint32_t>(begin + v + 1 - behind_first);
    coarse.graph.mass.add(v, bytes.get());
    coarse.graph.inner.add(v, bytes.get());
  });
}

Coarse make_coarse(const Comm& comm, const Graph& graph, const Partition& parts, Numbering numbering) {
  auto members = own_members(graph, parts, numbering);
  Coarse coarse;
  coarse.vertex_of = std::move(numbering.vertex_of);
  const auto vertex_of_slot = values_of_slots(comm, graph, coarse.vertex_of);
  const auto order = order_by(coarse.vertex_of);
  const auto inner = [&](std::uint32_t vertex, std::uint64_t weight) {
    if (weight > 0) members.push_back({vertex, 0, 0, weight});
  };
  coarse.graph = graph_of_rows(
      comm, numbering.vertices, graph.target.size(), [&](std::uint64_t begin, std::uint64_t end, auto take) {
        const auto some = between(order, begin, end, [&](std::uint32_t v) { return coarse.vertex_of[v]; });
        add_up_parts(graph, vertex_of_slot, numbering.vertices.total(), some, inner, take);
      });
  send_members(comm, members, coarse);
  return coarse;
}

}  // namespace

Coarse order_by_community(const Comm& comm, const Graph& graph, const Partition& communities) {
  std::vector<Part> vertices;
  vertices.reserve(graph.own);
  for (std::uint32_t v = 0; v < graph.own; ++v) {
    vertices.push_back(
        {graph.first[v + 1] - graph.first[v], {communities.label(communities.place(v)), graph.id(v)}});
  }
  Ranges ranges;
  const auto numbered = number_by_key(
      comm, vertices, [&](std::uint32_t community) { return graph.vertices.owner(community); }, ranges);
  release(vertices);
  Coarse ordered;
  std::vector<Member> members;
  members.reserve(graph.own);
  for (std::uint32_t v = 0; v < graph.own; ++v) {
    ordered.vertex_of.push_back(numbered[v].id);
    members.push_back({numbered[v].id, numbered[v].first_alike, graph.mass[v], graph.inner[v]});
  }
  const auto id_of_slot = values_of_slots(comm, graph, ordered.vertex_of);
  const auto order = order_by(ordered.vertex_of);
  std::vector<Neighbour> row;
  ordered.graph = graph_of_rows(
      comm, ranges, graph.target.size(), [&](std::uint64_t begin, std::uint64_t end, auto take) {
        visit_ahead(
            graph, between(order, begin, end, [&](std::uint32_t v) { return ordered.vertex_of[v]; }),
            [&](std::uint32_t slot) { prefetch(&id_of_slot[slot]); },
            [&](std::uint32_t v) {
              row.clear();
              for (std::uint64_t a = graph.first[v]; a < graph.first[v + 1]; ++a) {
                row.push_back({id_of_slot[graph.target[a]], graph.weight[a]});
              }
              take(ordered.vertex_of[v], row);
            });
      });
  send_members(comm, members, ordered);
  return ordered;
}

Coarse coarsen(const Comm& comm, const Graph& graph, const Partition& parts, const Partition& communities) {
  // A part lies in one community: that of the vertex it is named by.
  auto numbering = number_parts(
      comm, graph, parts,
      [&](std::uint32_t v) {
        return Key{communities.label(communities.place(v)), graph.id(v)};
      },
      [&](std::uint32_t community) { return graph.vertices.owner(community); });
  return make_coarse(comm, graph, parts, std::move(numbering));
}

Graph contract(const Comm& comm, const Graph& graph, const std::vector<std::uint32_t>& vertex_of) {
  const auto labels = name_by_first(comm, graph.own_begin, vertex_of, std::less<>());
  const Partition parts(comm, graph, labels);
  std::uint64_t vertices = 0;
  for (const std::uint32_t vertex : vertex_of) vertices = std::max(vertices, std::uint64_t{vertex} + 1);
  const Ranges even = even_ranges(comm.max(vertices), comm.size());
  // The vertex that a part is named by lies in it.
  auto numbering = number_parts(
      comm, graph, parts,
      [&](std::uint32_t v) {
        return Key{vertex_of[v], 0};
      },
      [&](std::uint32_t vertex) { return even.owner(vertex); });
  return make_coarse(comm, graph, parts, std::move(numbering)).graph;
}

}  // namespace lockstep
