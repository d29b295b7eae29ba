#include "cluster/comm.hpp"

#include <numeric>

#include <gtest/gtest.h>

#include "tests/ranks/pieces.hpp"

namespace lockstep::test {

namespace {

/// Every rank knows what every other one brings to the collective.
std::uint64_t value_of(int rank) {
  return (std::uint64_t{1} << 40) + static_cast<std::uint64_t>(rank * rank);
}

/// Twelve bytes, so that messages are cut inside of rows.
struct Row {
  std::uint32_t source;
  std::uint32_t destination;
  std::uint32_t number;
  bool operator==(const Row&) const = default;
};

std::vector<Row> rows_between(int source, int destination, std::size_t count) {
  std::vector<Row> rows;
  for (std::uint32_t n = 0; n < count; ++n) {
    rows.push_back({static_cast<std::uint32_t>(source), static_cast<std::uint32_t>(destination), n});
  }
  return rows;
}

constexpr std::size_t default_limit = std::size_t{64} << 20;

TEST(Comm, KnowsItsRanks) {
  EXPECT_EQ(world().sum(std::uint64_t{1}), static_cast<std::uint64_t>(world().size()));
  EXPECT_EQ(world().exclusive_sum(1), static_cast<std::uint64_t>(world().rank()));
  EXPECT_EQ(world().is_root(), world().rank() == 0);
}

TEST(Comm, SumsAndExtremes) {
  const int size = world().size();
  std::uint64_t sum = 0;
  for (int r = 0; r < world().rank(); ++r) sum += value_of(r);
  EXPECT_EQ(world().exclusive_sum(value_of(world().rank())), sum);
  for (int r = world().rank(); r < size; ++r) sum += value_of(r);
  EXPECT_EQ(world().sum(value_of(world().rank())), sum);
  EXPECT_EQ(world().max(value_of(world().rank())), value_of(size - 1));
  EXPECT_EQ(world().max(UINT64_MAX - value_of(world().rank())), UINT64_MAX - value_of(0));
  EXPECT_EQ(world().min(std::int64_t{-5} - world().rank()), -4 - size);
  EXPECT_EQ(world().max(std::int64_t{-5} - world().rank()), -5);
}

TEST(Comm, AnyIsTrueWhereOneIs) {
  EXPECT_FALSE(world().any(false));
  for (int r = 0; r < world().size(); ++r) EXPECT_TRUE(world().any(world().rank() == r));
}

TEST(Comm, SumsEachElement) {
  const auto ranks = static_cast<std::uint64_t>(world().size());
  for (const std::size_t limit : {std::size_t{8}, std::size_t{50}, default_limit}) {
    const SmallMessages small(limit);
    for (const std::size_t length : {0, 1, 6, 100}) {
      std::vector<std::uint64_t> values(length);
      for (std::size_t i = 0; i < length; ++i) values[i] = i * 1000 + value_of(world().rank());
      world().sum_each(values);
      const std::uint64_t sum = world().sum(value_of(world().rank()));
      for (std::size_t i = 0; i < length; ++i) EXPECT_EQ(values[i], i * 1000 * ranks + sum);
    }
  }
}

TEST(Comm, TextsFromAndToTheRoot) {
  const std::string mine = std::string(static_cast<std::size_t>(world().rank()) * 1000, 'x') + '\0';
  EXPECT_EQ(world().broadcast(mine), std::string(1, '\0'));
  const auto texts = world().gather(mine);
  ASSERT_EQ(texts.size(), world().is_root() ? static_cast<std::size_t>(world().size()) : 0U);
  for (std::size_t r = 0; r < texts.size(); ++r) EXPECT_EQ(texts[r], std::string(r * 1000, 'x') + '\0');
}

TEST(Comm, GathersRowsInRankOrder) {
  for (const std::size_t limit : {std::size_t{7}, std::size_t{64}, default_limit}) {
    const SmallMessages small(limit);
    for (std::size_t scale = 0; scale < 40; scale += 13) {
      std::vector<Row> expected;
      std::vector<Row> mine;
      for (int r = 0; r < world().size(); ++r) {
        const auto rows = rows_between(r, 0, static_cast<std::size_t>((2 * r + 3) % 5) * scale);
        expected.insert(expected.end(), rows.begin(), rows.end());
        if (r == world().rank()) mine = rows;
      }
      EXPECT_EQ(world().gather_all(mine), expected);
    }
  }
  const auto ranks = world().gather_all_values(world().rank());
  ASSERT_EQ(ranks.size(), static_cast<std::size_t>(world().size()));
  for (int r = 0; r < world().size(); ++r) EXPECT_EQ(ranks[static_cast<std::size_t>(r)], r);
}

/// Each rank sends count(source, destination) rows to each.
template <class Count>
void check_exchange(Count count) {
  std::vector<Row> outgoing;
  std::vector<Row> expected;
  std::vector<std::size_t> counts;
  std::vector<std::size_t> expected_counts;
  for (int other = 0; other < world().size(); ++other) {
    const auto to = rows_between(world().rank(), other, count(world().rank(), other));
    const auto from = rows_between(other, world().rank(), count(other, world().rank()));
    outgoing.insert(outgoing.end(), to.begin(), to.end());
    expected.insert(expected.end(), from.begin(), from.end());
    counts.push_back(to.size());
    expected_counts.push_back(from.size());
  }
  const Traffic before = world().traffic();
  const auto received = world().exchange(outgoing, counts);
  EXPECT_EQ(received.rows, expected);
  EXPECT_EQ(received.counts, expected_counts);
  const auto self = static_cast<std::size_t>(world().rank());
  EXPECT_EQ(world().traffic().bytes_sent - before.bytes_sent, (outgoing.size() - counts[self]) * sizeof(Row));
  EXPECT_EQ(world().traffic().bytes_received - before.bytes_received,
            (expected.size() - counts[self]) * sizeof(Row));
}

TEST(Comm, ExchangesRows) {
  for (const std::size_t limit : {std::size_t{5}, std::size_t{100}, default_limit}) {
    const SmallMessages small(limit);
    check_exchange([](int, int) { return 0U; });
    check_exchange([](int from, int to) { return from == to ? 20U : 0U; });
    check_exchange([](int from, int to) { return static_cast<std::size_t>((from * 5 + to * 3) % 7); });
    check_exchange([](int from, int to) { return from == 0 && to == world().size() - 1 ? 500U : 0U; });
    check_exchange([](int, int to) { return to == 0 ? 100U : 1U; });
  }
}

TEST(Comm, SelfIsAlone) {
  const Comm self = Comm::self();
  EXPECT_EQ(self.size(), 1);
  EXPECT_TRUE(self.is_root());
  EXPECT_EQ(self.sum(value_of(world().rank())), value_of(world().rank()));
  EXPECT_EQ(self.exclusive_sum(7), 0U);
  const auto rows = rows_between(1, 2, 30);
  EXPECT_EQ(self.gather_all(rows), rows);
  EXPECT_EQ(self.exchange(rows, std::vector<std::size_t>{30}).rows, rows);
  EXPECT_EQ(self.traffic().bytes_sent, 0U);
}

}  // namespace

}  // namespace lockstep::test
