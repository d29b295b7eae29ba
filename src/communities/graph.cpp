#include "src/communities/graph.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include <boost/sort/pdqsort/pdqsort.hpp>
#include <boost/sort/spreadsort/integer_sort.hpp>

#include "cluster/sort.hpp"
#include "src/communities/bit_packed.hpp"
#include "src/communities/packed.hpp"

namespace lockstep {

namespace {

void sort_and_add_up(std::vector<Arc>& arcs) {
  const auto key = [](const Arc& arc) { return std::uint64_t{arc.source} << 32 | arc.target; };
  const auto before = [&](const Arc& a, const Arc& b) { return key(a) < key(b); };
  if (!std::is_sorted(arcs.begin(), arcs.end(), before)) {
    const auto shifted = [&](const Arc& arc, unsigned bits) { return key(arc) >> bits; };
    boost::sort::spreadsort::integer_sort(arcs.begin(), arcs.end(), shifted, before);
  }
  std::size_t kept = 0;
  for (std::size_t i = 0; i < arcs.size(); ++i) {
    if (kept > 0 && arcs[kept - 1].source == arcs[i].source && arcs[kept - 1].target == arcs[i].target) {
      arcs[kept - 1].weight += arcs[i].weight;
    } else {
      arcs[kept++] = arcs[i];
    }
  }
  arcs.resize(kept);
}

/// Tells the owners of the ghosts who has them. Collective.
Mirrors find_mirrors(const Comm& comm, const Graph& graph) {
  // A rank's vertices have consecutive slots as ghosts: the first one is enough.
  std::vector<Packer> packers(static_cast<std::size_t>(comm.size()));
  for (int rank = 0; rank < comm.size(); ++rank) {
    Packer& packer = packers[static_cast<std::size_t>(rank)];
    const std::uint64_t begin = graph.ghosts_of_rank.begin(rank);
    const std::uint64_t end = graph.ghosts_of_rank.end(rank);
    if (begin < end) packer.put(graph.own + begin);
    std::uint64_t last = graph.vertices.begin(rank);
    for (std::uint64_t g = begin; g < end; ++g) {
      const std::uint32_t id = graph.ghosts[g];
      packer.put(id - std::exchange(last, id));
    }
  }
  const auto received = exchange_bytes(comm, packers);
  const auto for_each_mirror = [&](auto visit) {
    for_each_sender(received, [&](int rank, Unpacker bytes) {
      auto slot = static_cast<std::uint32_t>(bytes.get());
      for (std::uint64_t vertex = 0; !bytes.done(); ++slot) {
        vertex += bytes.get();
        visit(vertex, Mirrors::Mirror{rank, slot});
      }
    });
  };
  std::vector<std::uint64_t> first(std::size_t{graph.own} + 1, 0);
  for_each_mirror([&](std::uint64_t vertex, const Mirrors::Mirror&) { ++first[vertex + 1]; });
  std::partial_sum(first.begin(), first.end(), first.begin());
  std::vector<Mirrors::Mirror> mirrors(first.back());
  auto next = first;
  for_each_mirror(
      [&](std::uint64_t vertex, const Mirrors::Mirror& mirror) { mirrors[next[vertex]++] = mirror; });
  return {std::move(first), std::move(mirrors)};
}

bool by_target(const Neighbour& a, const Neighbour& b) {
  return a.target < b.target;
}

void sort_row(std::vector<Neighbour>& row) {
  boost::sort::pdqsort_branchless(row.begin(), row.end(), by_target);
}

/// Writes a row whose targets ascend: their distances, each with a bit that says whether a weight comes with
/// it, as most are 1.
void put_row(Packer& packer, const std::vector<Neighbour>& row) {
  packer.put_all(1 + 2 * row.size(), [&](auto put) {
    put(row.size());
    std::uint32_t last = 0;
    for (const auto& [target, weight] : row) {
      put(std::uint64_t{target - last} << 1 | (weight == 1 ? 0 : 1));
      if (weight != 1) put(weight);
      last = target;
    }
  });
}

/// Appends what put_row() has written.
void read_row(Unpacker& bytes, std::vector<Neighbour>& row) {
  Unpacker next = bytes;  // by itself it stays in registers
  Neighbour end{0, 0};
  for (std::uint64_t arcs = next.get(); arcs > 0; --arcs) {
    const std::uint64_t distance = next.get();
    end.target += static_cast<std::uint32_t>(distance >> 1);
    end.weight = (distance & 1) == 0 ? 1 : next.get();
    row.push_back(end);
  }
  bytes = next;
}

/// Equal targets, which follow each other, add up.
void add_up_row(std::vector<Neighbour>& row) {
  std::size_t kept = 0;
  for (const Neighbour& end : row) {
    if (kept > 0 && row[kept - 1].target == end.target) {
      row[kept - 1].weight += end.weight;
    } else {
      row[kept++] = end;
    }
  }
  row.resize(kept);
}

/// A rank's part of a graph of which no vertex has a row yet, with room for so many arcs: what is not used
/// costs nothing, growing would cost copies.
Graph begin_graph(const Ranges& vertices, int rank, std::size_t arcs) {
  Graph graph;
  graph.vertices = vertices;
  graph.own_begin = static_cast<std::uint32_t>(vertices.begin(rank));
  graph.own = static_cast<std::uint32_t>(vertices.size(rank));
  graph.first.reserve(std::size_t{graph.own} + 1);
  graph.first.push_back(0);
  graph.target.reserve(arcs);
  graph.weight.reserve(arcs);
  graph.ghost_positions = RankedSet(vertices.total());
  return graph;
}

}  // namespace

RowExchange::RowExchange(const Comm& comm, const Ranges& vertices)
    : comm_(comm),
      packers_(static_cast<std::size_t>(comm.size())),
      last_source_(packers_.size(), 0),
      arcs_(packers_.size(), 0) {
  graph_.vertices = vertices;
}

void RowExchange::send(int rank, std::uint32_t source, std::vector<Neighbour>& row) {
  if (row.empty()) return;
  const auto r = static_cast<std::size_t>(rank);
  sort_row(row);
  packers_[r].put(source - std::exchange(last_source_[r], source));
  put_row(packers_[r], row);
  arcs_[r] += row.size();
}

void RowExchange::exchange(std::uint64_t most_arcs) {
  const std::vector<std::size_t> one_each(packers_.size(), 1);
  const auto arcs = comm_.exchange(arcs_, one_each).rows;
  graph_ = begin_graph(graph_.vertices, comm_.rank(), std::accumulate(arcs.begin(), arcs.end(), most_arcs));
  received_ = exchange_bytes(comm_, packers_);
  for_each_sender(received_, [&](int, Unpacker bytes) { streams_.push_back({bytes}); });
  for (std::size_t stream = 0; stream < streams_.size(); ++stream) push(stream);
}

/// False at the end.
bool RowExchange::Stream::next() {
  if (bytes.done()) return false;
  source += static_cast<std::uint32_t>(bytes.get());
  return true;
}

/// Takes a stream's next row into account.
void RowExchange::push(std::size_t stream) {
  if (!streams_[stream].next()) return;
  heap_.push_back(stream);
  std::push_heap(heap_.begin(), heap_.end(), later());
}

/// The row of the next vertex, of which this rank has `row`.
void RowExchange::add_next_row(std::vector<Neighbour>& row) {
  const auto source = static_cast<std::uint32_t>(graph_.own_begin + graph_.first.size() - 1);
  run_ends_.clear();
  if (!row.empty()) run_ends_.push_back(row.size());
  while (!heap_.empty() && streams_[heap_.front()].source == source) {
    std::pop_heap(heap_.begin(), heap_.end(), later());
    const std::size_t stream = heap_.back();
    heap_.pop_back();
    read_row(streams_[stream].bytes, row);
    run_ends_.push_back(row.size());
    push(stream);
  }
  if (run_ends_.size() > 1) {
    merge_runs(row, run_ends_, by_target);
    add_up_row(row);
  }
  // For now an end's id less own_begin takes the place of its slot: for own ones it is the slot.
  for (const Neighbour& end : row) {
    graph_.target.push_back(end.target - graph_.own_begin);
    graph_.weight.push_back(end.weight);
  }
  graph_.first.push_back(graph_.target.size());
  graph_.for_each_arc_to_ghost(source - graph_.own_begin, [&](std::uint64_t arc) {
    graph_.ghost_positions.insert(graph_.own_begin + graph_.target[arc]);
  });
}

/// The rows of the next vertices up to before this one, of which this rank has none.
void RowExchange::add_rows_before(std::uint64_t vertex) {
  while (graph_.own_begin + graph_.first.size() - 1 < vertex) {
    row_.clear();
    add_next_row(row_);
  }
}

void RowExchange::keep(std::uint32_t source, std::vector<Neighbour>& row) {
  add_rows_before(source);
  sort_row(row);
  add_next_row(row);
}

Graph RowExchange::finish() {
  add_rows_before(std::uint64_t{graph_.own_begin} + graph_.own);
  received_ = {};
  if (comm_.size() > 1) {
    graph_.ghosts = graph_.ghost_positions.number();
    for (const std::uint64_t id : graph_.vertices.first) {
      const auto ghost = std::lower_bound(graph_.ghosts.begin(), graph_.ghosts.end(), id);
      graph_.ghosts_of_rank.first.push_back(static_cast<std::uint64_t>(ghost - graph_.ghosts.begin()));
    }
    for (std::uint32_t v = 0; v < graph_.own; ++v) {
      graph_.for_each_arc_to_ghost(v, [&](std::uint64_t arc) {
        graph_.target[arc] =
            graph_.own + graph_.ghost_positions.position(graph_.own_begin + graph_.target[arc]);
      });
    }
    graph_.mirrors = find_mirrors(comm_, graph_);
  }
  return std::move(graph_);
}

Graph make_graph(const Comm& comm, const Ranges& vertices, std::vector<Arc> arcs, Numbers mass,
                 Numbers inner) {
  sort_and_add_up(arcs);
  const auto first_of = [&](std::uint64_t vertex) {
    return std::lower_bound(arcs.begin(), arcs.end(), vertex,
                            [](const Arc& arc, std::uint64_t source) { return arc.source < source; });
  };
  std::vector<Neighbour> row;
  Graph graph =
      graph_of_rows(comm, vertices, arcs.size(), [&](std::uint64_t begin, std::uint64_t end, auto take) {
        const auto last = first_of(end);
        for (auto arc = first_of(begin); arc != last;) {
          row.clear();
          const std::uint32_t source = arc->source;
          for (; arc != last && arc->source == source; ++arc) row.push_back({arc->target, arc->weight});
          take(source, row);
        }
      });
  graph.mass = std::move(mass);
  graph.inner = std::move(inner);
  return graph;
}

Graph gather_graph(const Comm& comm, const Graph& graph) {
  Packer packer;
  std::vector<Neighbour> row;
  for (std::uint32_t v = 0; v < graph.own; ++v) {
    row.clear();
    for (std::uint64_t a = graph.first[v]; a < graph.first[v + 1]; ++a) {
      row.push_back({graph.id(graph.target[a]), graph.weight[a]});
    }
    put_row(packer, row);
  }
  const auto rows = comm.gather_all(packer.bytes());
  Unpacker bytes(rows);
  Graph whole;
  whole.vertices = Ranges{{0, graph.size()}};
  whole.own = static_cast<std::uint32_t>(graph.size());
  whole.first = {0};
  for (std::uint32_t v = 0; v < whole.own; ++v) {
    row.clear();
    read_row(bytes, row);
    for (const auto& [target, weight] : row) {
      whole.target.push_back(target);
      whole.weight.push_back(weight);
    }
    whole.first.push_back(whole.target.size());
  }
  whole.mass = Numbers(comm.gather_all(graph.mass.values()));
  whole.inner = Numbers(comm.gather_all(graph.inner.values()));
  return whole;
}

namespace {

/// Calls append(value_of(own vertex)), which is below 2^61, in turn for each ghost that is among its owner's
/// `mirrors`. Ghosts are in the order of their ids, and so are those of one owner: each run of equal values
/// travels as its difference from the one before, with a bit that says whether a length follows. Collective.
template <class ValueOf, class Append>
void append_ghost_values(const Comm& comm, const Graph& graph, const Mirrors& mirrors, ValueOf value_of,
                         Append append) {
  struct Run {
    std::uint64_t value = 0;
    std::uint64_t length = 0;
    Differences differences{};
    Field difference_field{}, length_field{};
  };
  std::vector<BitPacker> packers(static_cast<std::size_t>(comm.size()));
  std::vector<Run> runs(packers.size());
  const auto put = [&](std::size_t r) {
    Run& run = runs[r];
    if (run.length == 0) return;
    const std::uint64_t difference = fold(run.differences.of(run.value));
    packers[r].begin_record();
    packers[r].put(difference << 1 | (run.length > 1 ? 1 : 0), run.difference_field);
    if (run.length > 1) packers[r].put(run.length - 2, run.length_field);
    run.length = 0;
  };
  for (std::uint32_t v = 0; v < graph.own; ++v) {
    const std::uint64_t value = value_of(v);
    for (const auto& mirror : mirrors.of(v)) {
      const auto r = static_cast<std::size_t>(mirror.rank);
      if (value != runs[r].value) put(r);
      runs[r].value = value;
      ++runs[r].length;
    }
  }
  for (std::size_t r = 0; r < runs.size(); ++r) put(r);
  exchange_packed(comm, packers, [&](int, BitUnpacker bits) {
    for (Run run; bits.next_record();) {
      const std::uint64_t difference = bits.get(run.difference_field);
      run.value = run.differences.next(unfold(difference >> 1));
      run.length = (difference & 1) == 0 ? 1 : 2 + bits.get(run.length_field);
      for (; run.length > 0; --run.length) append(run.value);
    }
  });
}

}  // namespace

Numbers ghost_masses(const Comm& comm, const Graph& graph, const Mirrors& mirrors) {
  Numbers masses;
  append_ghost_values(
      comm, graph, mirrors, [&](std::uint32_t v) { return graph.mass[v]; },
      [&](std::uint64_t value) { masses.push_back(value); });
  return masses;
}

std::vector<std::uint32_t> values_of_slots(const Comm& comm, const Graph& graph,
                                           const std::vector<std::uint32_t>& own_values) {
  std::vector<std::uint32_t> values;
  values.reserve(graph.slots());
  values = own_values;
  append_ghost_values(
      comm, graph, graph.mirrors, [&](std::uint32_t v) { return own_values[v]; },
      [&](std::uint64_t value) { values.push_back(static_cast<std::uint32_t>(value)); });
  return values;
}

}  // namespace lockstep
