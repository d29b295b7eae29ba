#include "src/log/dictionary.hpp"

#include <map>
#include <tuple>

#include <gtest/gtest.h>

#include "tests/ranks/pieces.hpp"

namespace lockstep::test {

namespace {

/// A name by its group, in the order that gives it its id.
using Key = std::tuple<std::uint32_t, Digest, std::string>;

std::string name_of(std::uint32_t number) {
  return std::string(number % 9, '.') + std::to_string(number);
}

/// Names that several ranks meet several times; group 1 has none, and groups 0 and 2 share some.
std::vector<Key> some_keys(std::size_t n) {
  std::mt19937 engine(static_cast<std::uint32_t>(n));
  std::vector<Key> keys;
  for (std::size_t i = 0; i < n; ++i) {
    const std::string name = name_of(static_cast<std::uint32_t>(engine() % (n / 2 + 1)));
    keys.emplace_back(engine() % 2 * 2, digest_of(name), name);
  }
  return keys;
}

TEST(Dictionary, AnIdIsThePlaceInTheGlobalOrder) {
  for (const std::size_t n : {0, 1, 7, 2000}) {
    const std::vector<Key> all = some_keys(n);
    std::map<Key, std::uint64_t> id_of;
    for (const Key& key : all) id_of[key] = 0;
    std::uint64_t next = 0;
    for (auto& [key, id] : id_of) id = next++;

    for (std::uint32_t seed = 0; seed < 4; ++seed) {
      const auto mine = own_piece(all, seed);
      std::vector<Dictionary::Entry> entries;
      for (const auto& [group, digest, name] : mine) entries.push_back({group, digest, name});
      const auto [dictionary, ids] = Dictionary::build(world(), 3, entries);

      ASSERT_EQ(dictionary.size(), id_of.size());
      ASSERT_EQ(ids.size(), mine.size());
      for (std::size_t i = 0; i < ids.size(); ++i) ASSERT_EQ(ids[i], id_of[mine[i]]);
      EXPECT_EQ(dictionary.group_begin(0), 0U);
      EXPECT_EQ(dictionary.group_begin(1), dictionary.group_begin(2));
      EXPECT_EQ(dictionary.group_begin(3), dictionary.size());

      std::vector<bool> seen(dictionary.local_size(), false);
      for (const auto& [key, id] : id_of) {
        const auto& [group, digest, name] = key;
        ASSERT_EQ(dictionary.group_of(id), group);
        ASSERT_LE(dictionary.group_begin(group), id);
        ASSERT_LT(id, dictionary.group_begin(group + 1));
        if (dictionary.owner(id) != world().rank()) continue;
        EXPECT_EQ(dictionary.name(id), name);
        EXPECT_EQ(dictionary.digest(id), digest);
        ASSERT_FALSE(seen.at(dictionary.place(id)));
        seen[dictionary.place(id)] = true;
      }
      EXPECT_EQ(std::count(seen.begin(), seen.end(), false), 0);
      EXPECT_EQ(world().sum(dictionary.local_size()), dictionary.size());
    }
  }
}

TEST(Dictionary, TellsNamesToAnyRank) {
  const auto all = some_keys(500);
  const auto mine = own_piece(all, 2);
  std::vector<Dictionary::Entry> entries;
  for (const auto& [group, digest, name] : mine) entries.push_back({group, digest, name});
  const auto [dictionary, ids] = Dictionary::build(world(), 3, entries);
  const auto names = dictionary.names(world(), ids);
  ASSERT_EQ(names.size(), mine.size());
  for (std::size_t i = 0; i < names.size(); ++i) EXPECT_EQ(names[i], std::get<2>(mine[i]));
  const auto none_or_all = world().rank() == 0 ? std::vector<std::uint64_t>() : world().gather_all(ids);
  if (world().rank() == 0) world().gather_all(ids);
  EXPECT_EQ(dictionary.names(world(), none_or_all).size(), none_or_all.size());
}

}  // namespace

}  // namespace lockstep::test
