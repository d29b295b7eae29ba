#include "src/networks/synchrony.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "src/networks/scoring.hpp"
#include "src/significance/jitter.hpp"
#include "tests/unit/networks/brute_force_sweep.hpp"
#include "tests/unit/significance/clocks.hpp"

namespace lockstep::test {

namespace {

HaloLog whole(std::vector<Action> log) {
  const std::size_t end = log.size();
  return {std::move(log), 0, end};
}

TEST(Sweep, EqualsAllPairsAndTriples) {
  std::array<std::uint64_t, 3> sums{};
  for (std::uint32_t seed = 0; seed < 40; ++seed) {
    const auto labelled =
        random_labelled_log(seed, {60 + 20 * seed, 3 + seed % 15, 50 + 40 * (seed % 9), 9, 1});
    const auto& [log, channels] = labelled.log;
    const auto networks = labelled.labels(log);
    const auto rows = sweep(whole(log), networks, brute_force_clocks(log), channels, labelled.models);
    const auto expected = brute_force_sweep(labelled, networks);
    EXPECT_EQ(table_of(rows), expected) << seed;
    EXPECT_EQ(rows.size(), expected.size()) << "one row for each network, object and class";
    for (const SweepRow& row : rows) {
      EXPECT_TRUE(channels[row.channel].first_object <= row.object &&
                  row.object < channels[row.channel].end_object);
    }
    for (const auto& [key, counts] : expected) {
      for (std::size_t k = 0; k < 3; ++k) sums[k] += counts[k];
    }
  }
  for (const std::uint64_t sum : sums) EXPECT_GT(sum, 2'000U);
  EXPECT_LT(sums[0], sums[1]);
}

TEST(Sweep, CountsAnIntervalWhereItsFirstActionIsOwn) {
  const auto labelled = random_labelled_log(5, {400, 12, 300, 0, 1});
  const auto& [log, channels] = labelled.log;
  const auto networks = labelled.labels(log);
  std::vector<SweepRow> rows;
  for (std::size_t begin = 0; begin < log.size(); begin += 23) {
    const HaloLog piece{log, begin, std::min(log.size(), begin + 23)};
    const auto of_piece = sweep(piece, networks, brute_force_clocks(log), channels, labelled.models);
    rows.insert(rows.end(), of_piece.begin(), of_piece.end());
  }
  EXPECT_EQ(table_of(rows), brute_force_sweep(labelled, networks));
}

/// Three million accounts act at once: the triples do not fit into 64 bits.
TEST(Sweep, CountsTriplesOfAViralObject) {
  constexpr std::uint32_t n = 3'000'000;
  std::vector<Action> log;
  for (std::uint32_t account = 0; account < n; ++account) log.push_back({0, 100, account});
  const ObjectClock clock{0, n, 100};
  const ChannelRule channel{0, 1, 60, 1};
  const NullModel model(60, 1);
  const auto rows = sweep(whole(std::move(log)), std::vector<std::uint32_t>(n, 1), std::span(&clock, 1),
                          std::span(&channel, 1), std::span(&model, 1));
  ASSERT_EQ(rows.size(), 1U);
  const UnsignedWide triples = UnsignedWide{n} * (n - 1) * (n - 2);
  EXPECT_GT(triples, UnsignedWide{UINT64_MAX});
  EXPECT_TRUE(rows[0].counts.triples == triples);
  const double q = model.same(0);
  const double pairs = 0.5 * n * (n - 1.0);
  EXPECT_NEAR(judge(std::array<PairCounts, NullModel::classes>{rows[0].counts}, model).variance /
                  (pairs * q * (1 - q) + static_cast<double>(triples) * (model.triple(0) - q * q)),
              1, 1e-12);
}

/// Jitter must give S the mean M and the variance V, with accounts that act several times, too.
TEST(Judge, ForetellsMeanAndVarianceUnderJitter) {
  constexpr int replicas = 6'000;
  for (std::uint32_t seed = 1; seed <= 4; ++seed) {
    auto labelled = random_labelled_log(seed, {90, 4 + 3 * seed, 40 * seed * seed, 100, 1});
    for (auto& network : labelled.network_of) network = 1;
    const auto& [log, channels] = labelled.log;
    const auto clocks = brute_force_clocks(log);
    const std::vector<std::uint32_t> everyone(log.size(), 1);
    const auto judged = [&](const std::vector<Action>& actions) {
      ClassCounts counts(channels.size());
      for (const SweepRow& row : sweep(whole(actions), everyone, clocks, channels, labelled.models)) {
        counts[row.channel][row.interval_class] += row.counts;
      }
      return judge(counts, labelled.models);
    };
    const Synchrony foretold = judged(log);
    ASSERT_GT(foretold.expected, 5);
    double second = 0;
    double fourth = 0;
    double first = 0;
    for (std::uint32_t replica = 1; replica <= replicas; ++replica) {
      auto drawn = jitter(log, clocks, channels, labelled.models, seed, replica);
      std::sort(drawn.begin(), drawn.end());
      const Synchrony found = judged(drawn);
      ASSERT_EQ(found.co_present, foretold.co_present);
      const double off = static_cast<double>(found.co_acting) - foretold.expected;
      first += off / replicas;
      second += off * off / replicas;
      fourth += off * off * off * off / replicas;
    }
    EXPECT_NEAR(first, 0, 4 * std::sqrt(foretold.variance / replicas)) << seed;
    EXPECT_NEAR(second, foretold.variance, 4 * std::sqrt((fourth - second * second) / replicas)) << seed;
    // Tight enough to see the term of triples.
    EXPECT_LT(4 * std::sqrt((fourth - second * second) / replicas), foretold.variance / 8);
  }
}

TEST(Judge, IsTheFormulaOfTheMethod) {
  const NullModel model(60, 1);
  const std::vector<ChannelRule> channels = {{0, 1, 60, 1}};
  std::vector<Action> log;
  for (std::uint32_t account = 0; account < 7; ++account) log.push_back({0, 10 + 40 * account, account});
  const std::vector<ObjectClock> clocks = {{0, 7, 10}};
  const auto rows =
      sweep(whole(log), std::vector<std::uint32_t>(7, 1), clocks, channels, std::span(&model, 1));
  ASSERT_EQ(rows.size(), 1U);
  ClassCounts counts(1);
  counts[0][0] = rows[0].counts;
  for (const Synchrony& sum : {judge(counts, std::span(&model, 1)), judge(counts[0], model)}) {
    EXPECT_EQ(sum.co_acting, 6U);
    EXPECT_EQ(sum.co_present, 21U);
    const double q = model.same(0);
    EXPECT_DOUBLE_EQ(sum.expected, 21 * q);
    EXPECT_NEAR(sum.variance, 21 * q * (1 - q) + 6 * 35 * (model.triple(0) - q * q), 1e-12);
    EXPECT_DOUBLE_EQ(sum.lift(), 6 / (21 * q));
  }
}

TEST(Synchrony, ScoreCountsNatsCorrectedForBursts) {
  EXPECT_DOUBLE_EQ((Synchrony{10, 20, 4, 2}.score()), 10 * std::log(2.5) - 6);
  EXPECT_DOUBLE_EQ((Synchrony{10, 20, 4, 8}.score()), (10 * std::log(2.5) - 6) / 2);
  EXPECT_EQ((Synchrony{4, 20, 4, 1}.score()), 0);
  EXPECT_EQ((Synchrony{3, 20, 4, 1}.score()), 0);
  EXPECT_EQ((Synchrony{0, 0, 0, 0}.score()), 0);
  EXPECT_EQ((Synchrony{0, 0, 0, 0}.lift()), 0);
}

TEST(QValues, AreSharesOfSurrogates) {
  const std::vector<double> scores = {3, 5, 1, 3};
  EXPECT_EQ(q_values(scores, {1, 4, 0.5, 3}, 1), (std::vector<double>{2.0 / 5, 0, 3.0 / 7, 2.0 / 5}));
  EXPECT_EQ(q_values(scores, {1, 4, 0.5, 3}, 2), (std::vector<double>{1.0 / 4, 0, 1.5 / 5.5, 1.0 / 4}));
  EXPECT_EQ(q_values(scores, {}, 1), (std::vector<double>{0, 0, 0, 0}));
  EXPECT_TRUE(q_values({}, {1, 2}, 1).empty());
  // One strong surrogate: of 20 networks two score as high, but q is that of all twenty.
  std::vector<double> weak(20, 1.0);
  weak[0] = weak[1] = 9;
  const auto q = q_values(weak, {9}, 1);
  EXPECT_DOUBLE_EQ(q[0], 1.0 / 21);
  EXPECT_EQ(std::set(q.begin(), q.end()).size(), 1U);
}

TEST(QValues, NoEvidenceIsNeverBelieved) {
  EXPECT_EQ(q_values(std::vector<double>{0, 7, 0}, {}, 10), (std::vector<double>{1, 0, 1}));
  EXPECT_EQ(q_values(std::vector<double>{0, 7, 0}, {0, 0, 8}, 1), (std::vector<double>{1, 0.5, 1}));
  EXPECT_EQ(q_values(std::vector<double>{0}, {}, 1), std::vector<double>{1});
}

TEST(OrderByScore, PutsBelievedNetworksFirst) {
  Networks networks;
  networks.names = {"d", "b", "a", "c", "f", "e"};
  networks.ranked.resize(6);
  const std::vector<double> scores = {1, 9, 9, 4, 4, 4};
  const std::vector<double> q = {0, 0.0501, 0.06, 0.05, 0, 0.9};
  EXPECT_EQ(order_by_score(networks, scores, q), (std::vector<std::size_t>{3, 4, 0, 2, 1, 5}));
}

TEST(IntervalReach, CoversTheWidestInterval) {
  const std::vector<ChannelRule> channels = {{0, 5, 10, 2}, {5, 9, 0, 2}, {9, 11, INT32_MAX, 2}};
  const std::vector<NullModel> models = {{10, 4}, {0, 7}, {INT32_MAX, 1}};
  const auto reach = interval_reach(channels, models, 1);
  EXPECT_EQ(reach[0].window, 240U);
  EXPECT_EQ(reach[1].window, 140U);
  EXPECT_EQ(reach[2].window, UINT32_MAX);
  EXPECT_EQ(interval_reach(channels, models, 2)[0].window, 480U);
}

}  // namespace

}  // namespace lockstep::test
