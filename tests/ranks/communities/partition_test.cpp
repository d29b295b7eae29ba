#include "src/communities/partition.hpp"

#include "tests/ranks/pieces.hpp"
#include "tests/ranks/world.hpp"
#include "tests/unit/communities/graphs.hpp"

namespace lockstep::test {
namespace {

/// What every rank believes of its vertices, its ghosts and their communities is so.
void expect_true(const Graph& graph, const Partition& partition, const std::vector<std::uint64_t>& mass) {
  const Labels labels = world().gather_all(partition.own_labels());
  std::vector<Totals> expected(labels.size());
  for (std::size_t v = 0; v < labels.size(); ++v) {
    expected[labels[v]].mass += mass[v];
    ++expected[labels[v]].members;
  }
  const auto expect_totals = [&](std::uint32_t place) {
    const Totals& known = expected[partition.label(place)];
    EXPECT_EQ(partition.mass(place), known.mass) << "label " << partition.label(place);
    EXPECT_EQ(partition.members(place), known.members) << "label " << partition.label(place);
  };
  for (std::uint32_t v = 0; v < graph.own; ++v) expect_totals(v);
  for (std::uint32_t slot = 0; slot < graph.slots(); ++slot) {
    EXPECT_EQ(partition.label(partition.place(slot)), labels[graph.id(slot)]);
    expect_totals(partition.place(slot));
  }
  const auto places = static_cast<std::uint32_t>(partition.places());
  for (std::uint32_t a = 0; a < places; ++a) {
    const std::uint32_t b = (7 * a + 3) % places;
    EXPECT_EQ(partition.precedes(a, b), partition.label(a) < partition.label(b));
  }
}

/// A few own vertices move to neighbours' communities, or to their own labels where nobody uses them.
std::vector<Partition::Move> random_moves(const Graph& graph, const Partition& partition, Random& random) {
  std::vector<Partition::Move> moves;
  for (std::uint32_t v = 0; v < graph.own; ++v) {
    if (below(random, 4) > 0) continue;
    std::uint32_t to = v;
    if (partition.members(v) > 0 || below(random, 2) == 0) {
      const auto degree = static_cast<std::uint32_t>(graph.first[v + 1] - graph.first[v]);
      if (degree == 0) continue;
      to = partition.place(graph.target[graph.first[v] + below(random, degree)]);
    }
    if (to != partition.place(v)) moves.push_back({v, to});
  }
  return moves;
}

TEST(Partition, KnowsTheTotalsOfAllCommunitiesItMeets) {
  for (std::uint32_t seed = 0; seed < 6; ++seed) {
    // With so few links many moves are seen by some of the ranks only, and many communities become empty.
    WholeGraph whole = random_graph(seed, 40, 50 + 20 * seed, 3);
    const int bits = seed < 3 ? 0 : 40;  // masses that fit into four bytes all together, and others
    for (std::uint32_t v = 0; v < whole.size(); ++v) whole.mass[v] = std::uint64_t{1 + v % 5} << bits;
    for (const Ranges& ranges : several_ranges(whole.size())) {
      const Graph graph = distribute(world(), whole, ranges);
      const Labels start =
          seed % 2 == 0 ? everyone_alone(whole.size()) : random_labels(seed, whole.size(), 9);
      const auto own = start.begin() + graph.own_begin;
      Partition partition(world(), graph, Labels(own, own + graph.own));
      expect_true(graph, partition, whole.mass);
      Random random(100 * seed + static_cast<std::uint64_t>(world().rank()));
      for (int round = 0; round < 50; ++round) {
        const auto moves = random_moves(graph, partition, random);
        partition.move(world(), moves, partition.tell(world(), moves));
        expect_true(graph, partition, whole.mass);
      }
    }
  }
}

TEST(Partition, TellsWhereGhostsGoAndWhomTheyWake) {
  struct Told {
    std::uint32_t id;
    std::uint32_t label;
  };
  const WholeGraph whole = random_graph(1, 60, 150, 3);
  for (const Ranges& ranges : several_ranges(whole.size())) {
    const Graph graph = distribute(world(), whole, ranges);
    Partition partition(world(), graph, graph.own_ids());
    Random random(static_cast<std::uint64_t>(world().rank()));
    for (std::uint32_t round = 0; round < 20; ++round) {
      const auto moves =
          round % 3 == 0 ? std::vector<Partition::Move>{} : random_moves(graph, partition, random);
      std::vector<std::uint32_t> wanted;
      for (std::uint32_t slot = graph.own; slot < graph.slots(); ++slot) {
        if (below(random, 1 + round % 4) == 1) wanted.push_back(slot);
      }
      const auto news = partition.tell(world(), moves, wanted);

      std::vector<Told> told;
      for (const auto& [v, to] : moves) told.push_back({graph.id(v), partition.label(to)});
      std::vector<Told> expected;
      for (const Told& move : world().gather_all(told)) {
        const std::uint32_t slot = graph.slot(move.id);
        if (slot != Graph::no_slot && slot >= graph.own) expected.push_back(move);
      }
      ASSERT_EQ(news.ghosts.size(), expected.size());
      for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_EQ(graph.id(news.ghosts[i].slot), expected[i].id);
        EXPECT_EQ(partition.label(news.ghosts[i].to), expected[i].label);
      }
      std::vector<std::uint32_t> woken_ids;
      for (const std::uint32_t slot : wanted) woken_ids.push_back(graph.id(slot));
      std::vector<std::uint32_t> woken;
      for (const std::uint32_t id : world().gather_all(woken_ids)) {
        if (ranges.owner(id) == world().rank()) woken.push_back(id - graph.own_begin);
      }
      EXPECT_EQ(news.woken, woken);
      partition.move(world(), moves, news);
    }
  }
}

}  // namespace
}  // namespace lockstep::test
