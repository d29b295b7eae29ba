#include "src/networks/scoring.hpp"

#include <gtest/gtest.h>

#include "src/significance/jitter.hpp"
#include "tests/ranks/significance/swept_logs.hpp"

namespace lockstep::test {

namespace {

std::vector<std::uint64_t> figures(const ClassCounts& counts) {
  std::vector<std::uint64_t> all;
  for (const auto& classes : counts) {
    for (const PairCounts& c : classes) {
      all.insert(all.end(), {c.co_acting, c.co_present, static_cast<std::uint64_t>(c.triples)});
    }
  }
  return all;
}

/// Of one network of a table.
ClassCounts sum_of(const SweepTable& table, std::uint32_t network, std::span<const ChannelRule> channels) {
  ClassCounts sums(channels.size());
  for (const auto& [key, counts] : table) {
    const auto& [of, object, interval_class] = key;
    if (of == network) {
      sums[channel_of({object, 0, 0}, channels)][interval_class] += {counts[0], counts[1], counts[2]};
    }
  }
  return sums;
}

SweptLog swept_log(const LabelledLog& labelled, std::uint32_t seed) {
  auto own = own_piece(labelled.log.actions, seed);
  const ObjectClocks clocks(world(), own);
  return prepare_sweep(world(), std::move(own), clocks, labelled.log.channels, labelled.models);
}

TEST(Calibrate, CountsAllAccountsTogether) {
  for (const auto& labelled : rank_logs()) {
    const auto& [log, channels] = labelled.log;
    const auto table = brute_force_sweep(labelled, std::vector<std::uint32_t>(log.size(), 1));
    for (std::uint32_t seed = 0; seed < 6; ++seed) {
      const auto found = calibrate(world(), swept_log(labelled, seed), channels, labelled.models);
      EXPECT_EQ(figures(found), figures(sum_of(table, 1, channels))) << seed;
    }
  }
}

TEST(SweepNetworks, BringsEachNetworkToItsKeeper) {
  std::size_t rows_found = 0;
  for (const auto& labelled : rank_logs()) {
    const auto& [log, channels] = labelled.log;
    const auto table = brute_force_sweep(labelled, labelled.labels(log));
    rows_found += table.size();
    for (std::uint32_t seed = 0; seed < 6; ++seed) {
      const SweptLog swept = swept_log(labelled, seed);
      const auto rows =
          sweep_networks(world(), swept, labelled.labels(swept.log.actions), channels, labelled.models);
      const auto key = [](const SweepRow& row) {
        return std::tuple(row.network, row.object, row.interval_class);
      };
      for (std::size_t i = 0; i < rows.size(); ++i) {
        EXPECT_EQ(keeper(world(), rows[i].network), world().rank());
        EXPECT_TRUE(i == 0 || key(rows[i - 1]) < key(rows[i]));
      }
      EXPECT_EQ(world().sum(rows.size()), table.size());
      EXPECT_EQ(table_of(world().gather_all(rows)), table) << seed;

      const auto counts = sum_by_network(world(), rows, 4, channels.size());
      ASSERT_EQ(counts.size(), 4U);
      for (std::uint32_t network = 1; network <= 4; ++network) {
        EXPECT_EQ(figures(counts[network - 1]), figures(sum_of(table, network, channels))) << network;
      }
      EXPECT_EQ(scores_of(counts, labelled.models)[3], 0) << "no account is in network 4";
    }
  }
  EXPECT_GT(rows_found, 200U);
}

}  // namespace

}  // namespace lockstep::test
