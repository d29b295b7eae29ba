#include <set>
#include <string>
#include <tuple>

#include <gtest/gtest.h>

#include "data/digest.hpp"
#include "data/name_table.hpp"
#include "data/release.hpp"

namespace lockstep::test {

namespace {

using namespace std::string_view_literals;

TEST(Release, GivesMemoryBack) {
  std::vector<int> rows(1000, 1);
  release(rows);
  EXPECT_EQ(rows.size(), 0U);
  EXPECT_EQ(rows.capacity(), 0U);
}

TEST(TextPool, KeepsTextsOfAnyLength) {
  TextPool pool;
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < 3000; ++i) texts.emplace_back(i * 7 % 23, static_cast<char>('a' + i % 26));
  for (const auto& text : texts) pool.add(text);
  ASSERT_EQ(pool.size(), texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) EXPECT_EQ(pool[i], texts[i]);
}

TEST(NameTable, NumbersNamesInTheirFirstOrder) {
  NameTable table;
  const auto name = [](std::uint32_t i) { return "account " + std::to_string(i * 7919U % 20000U); };
  for (std::uint32_t i = 0; i < 20000; ++i) ASSERT_EQ(table.index_of(name(i)), i);
  for (std::uint32_t i = 20000; i-- > 0;) ASSERT_EQ(table.index_of(name(i)), i);
  EXPECT_EQ(table.size(), 20000U);
  EXPECT_EQ(table.name(12345), name(12345));
  EXPECT_EQ(table.digest(12345), digest_of(name(12345)));
}

TEST(NameTable, NumbersManyNamesAsOneByOne) {
  NameTable one_by_one;
  NameTable many;
  std::uint64_t random = 1;
  for (const std::size_t count : {0, 1, 7, 5000, 5000}) {
    TextPool names;
    std::vector<std::uint32_t> expected;
    for (std::size_t i = 0; i < count; ++i) {
      random = mix(random, i, 0, 0);
      const std::string name = std::to_string(random % 3000);  // many twice
      names.add(name);
      expected.push_back(one_by_one.index_of(name));
    }
    EXPECT_EQ(many.indices_of(names), expected);
  }
  ASSERT_EQ(many.size(), one_by_one.size());
  for (std::size_t i = 0; i < many.size(); ++i) EXPECT_EQ(many.name(i), one_by_one.name(i));
}

TEST(NameTable, EveryByteCounts) {
  NameTable table;
  const std::vector<std::string_view> names = {""sv, "\0"sv, "a"sv, "a\0"sv, "A"sv, "a "sv, "\xC3\xA9"sv};
  for (std::uint32_t i = 0; i < names.size(); ++i) EXPECT_EQ(table.index_of(names[i]), i);
  for (std::uint32_t i = 0; i < names.size(); ++i) EXPECT_EQ(table.name(i), names[i]);
}

// Ids and every later tie-break follow from these: they may not change with a version of the library.
TEST(Digest, IsXxh3Of128Bits) {
  EXPECT_EQ(digest_of(""), (Digest{0x99aa06d3014798d8, 0x6001c324468d497f}));
  EXPECT_EQ(digest_of("a"), (Digest{0xa96faf705af16834, 0xe6c632b61e964e1f}));
  EXPECT_EQ(digest_of("abc"), (Digest{0x06b05ab6733a6185, 0x78af5f94892f3950}));
}

TEST(Digest, UpperHalfDecidesTheOrder) {
  EXPECT_LT((Digest{1, 9}), (Digest{2, 0}));
  EXPECT_LT((Digest{1, 2}), (Digest{1, 3}));
}

TEST(Mix, EveryWordAndItsPlaceCount) {
  std::set<std::uint64_t> seen;
  for (std::uint64_t bits = 0; bits < 81; ++bits) {
    seen.insert(mix(bits % 3, bits / 3 % 3, bits / 9 % 3, bits / 27));
  }
  EXPECT_EQ(seen.size(), 81U);
}

}  // namespace

}  // namespace lockstep::test
