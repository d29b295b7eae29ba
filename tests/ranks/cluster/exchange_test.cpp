#include "cluster/exchange.hpp"

#include <array>
#include <map>

#include <gtest/gtest.h>

#include "cluster/ranges.hpp"
#include "cluster/texts.hpp"
#include "tests/ranks/pieces.hpp"

namespace lockstep::test {

namespace {

TEST(Ranges, EvenOnesDifferByOneAtMost) {
  for (const std::uint64_t n :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{7}, std::uint64_t{1000}, UINT64_MAX - 1}) {
    for (const int pieces : {1, 2, 3, 8, 1000}) {
      const Ranges ranges = even_ranges(n, pieces);
      EXPECT_EQ(ranges.begin(0), 0U);
      EXPECT_EQ(ranges.total(), n);
      const std::uint64_t least = n / static_cast<std::uint64_t>(pieces);
      for (int r = 0; r < pieces; ++r) {
        ASSERT_GE(ranges.size(r), least);
        ASSERT_LE(ranges.size(r), least + 1);
        if (ranges.size(r) == 0) continue;
        ASSERT_EQ(ranges.owner(ranges.begin(r)), r);
        ASSERT_EQ(ranges.owner(ranges.end(r) - 1), r);
      }
    }
  }
}

TEST(Ranges, EmptyPiecesOwnNothing) {
  const Ranges ranges{{0, 0, 2, 2, 2, 5, 5}};
  std::vector<int> owners;
  for (std::uint64_t i = 0; i < ranges.total(); ++i) owners.push_back(ranges.owner(i));
  EXPECT_EQ(owners, (std::vector<int>{1, 1, 4, 4, 4}));
}

/// Numbers that differ between ranks, more on higher ranks and none on rank 0.
std::vector<std::uint64_t> numbers_of(int rank) {
  std::vector<std::uint64_t> numbers;
  for (int n = 0; n < rank * 40; ++n)
    numbers.push_back(static_cast<std::uint64_t>(n * n + rank) * 2654435761U);
  return numbers;
}
int destination(std::uint64_t number) {
  return static_cast<int>((number >> 7) % static_cast<std::uint64_t>(world().size()));
}

TEST(SendTo, RowsArriveInTheirOrder) {
  const auto received = send_to(world(), numbers_of(world().rank()), destination);
  std::vector<std::uint64_t> expected;
  for (int r = 0; r < world().size(); ++r) {
    const std::size_t before = expected.size();
    for (const auto number : numbers_of(r)) {
      if (destination(number) == world().rank()) expected.push_back(number);
    }
    EXPECT_EQ(received.counts[static_cast<std::size_t>(r)], expected.size() - before);
  }
  EXPECT_EQ(received.rows, expected);
}

TEST(Ask, AnswersComeInTheOrderOfTheQuestions) {
  const auto questions = numbers_of(world().rank());
  const auto answers = ask(world(), questions, destination, [](std::uint64_t number) {
    EXPECT_EQ(destination(number), world().rank());
    return std::array{number + 1, static_cast<std::uint64_t>(world().rank())};
  });
  ASSERT_EQ(answers.size(), questions.size());
  for (std::size_t i = 0; i < questions.size(); ++i) {
    EXPECT_EQ(answers[i],
              (std::array{questions[i] + 1, static_cast<std::uint64_t>(destination(questions[i]))}));
  }
}

std::string text_of(std::uint64_t number) {
  return std::string(number % 23, static_cast<char>(number % 251));
}

TEST(AskTexts, AnswersComeInTheOrderOfTheQuestions) {
  const SmallMessages small(11);
  const auto questions = numbers_of(world().rank());
  std::map<std::uint64_t, std::string> texts;  // they must live until all are given
  const auto received = ask_texts(world(), questions, destination, [&](std::uint64_t number) {
    return std::string_view(texts.try_emplace(number, text_of(number)).first->second);
  });
  ASSERT_EQ(received.size(), questions.size());
  for (std::size_t i = 0; i < questions.size(); ++i) EXPECT_EQ(received[i], text_of(questions[i]));
}

TEST(ExchangeTexts, ArriveInTheOrderOfTheSendingRanks) {
  std::vector<std::string> mine;
  std::vector<std::size_t> counts;
  std::vector<std::string> expected;
  const auto texts = [](int from, int to) {
    std::vector<std::string> between;
    for (int n = 0; n < (from + 2 * to) % 4; ++n) {
      between.push_back(n == 1 ? "" : std::to_string(from) + '\0' + std::to_string(to) + " text");
    }
    return between;
  };
  for (int other = 0; other < world().size(); ++other) {
    const auto to = texts(world().rank(), other);
    const auto from = texts(other, world().rank());
    mine.insert(mine.end(), to.begin(), to.end());
    expected.insert(expected.end(), from.begin(), from.end());
    counts.push_back(to.size());
  }
  const TextPool received = exchange_texts(world(), {mine.begin(), mine.end()}, counts);
  ASSERT_EQ(received.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(received[i], expected[i]);
}

TEST(Redistribute, KeepsTheGlobalOrder) {
  for (const std::size_t n : {0, 1, 5, 1000}) {
    std::vector<std::uint32_t> all(n);
    for (std::size_t i = 0; i < n; ++i) all[i] = static_cast<std::uint32_t>(i * 3);
    for (std::uint32_t seed = 0; seed < 6; ++seed) {
      const auto borders = random_borders(n, seed + 1);
      const Ranges target{{borders.begin(), borders.end()}};
      EXPECT_EQ(redistribute(world(), own_piece(all, seed), target), own_piece(all, seed + 1));
    }
  }
}

}  // namespace

}  // namespace lockstep::test
