#include "src/communities/bit_packed.hpp"

#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace lockstep {
namespace {

TEST(BitPacked, NumbersComeBackAsTheyWere) {
  std::mt19937_64 random(3);
  Field sent, sent_signed, received, received_signed;
  // Fields go on learning from message to message; numbers change their size all the time.
  for (std::size_t records = 0; records < 400; records = 2 * records + 1) {
    std::vector<std::uint64_t> numbers = {0, 1, UINT32_MAX, UINT64_MAX, UINT64_MAX - 1, 0};
    while (numbers.size() < records) numbers.push_back(random() >> random() % 64);
    numbers.resize(records);
    BitPacker packer;
    for (const std::uint64_t number : numbers) {
      packer.begin_record();
      packer.put(number, sent);
      packer.put_signed(static_cast<std::int64_t>(number), sent_signed);
    }
    const auto bytes = packer.bytes();
    EXPECT_EQ(bytes.empty(), records == 0);
    if (records == 0) continue;
    BitUnpacker unpacker(bytes);
    for (const std::uint64_t number : numbers) {
      ASSERT_TRUE(unpacker.next_record());
      EXPECT_EQ(unpacker.get(received), number);
      EXPECT_EQ(unpacker.get_signed(received_signed), static_cast<std::int64_t>(number));
    }
    EXPECT_FALSE(unpacker.next_record());
    EXPECT_FALSE(unpacker.next_record());
  }
}

TEST(BitPacked, SmallSignedNumbersAreSmall) {
  for (const std::int64_t number :
       {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1}, std::int64_t{-2},
        std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
    EXPECT_EQ(unfold(fold(number)), number);
  }
  EXPECT_EQ(fold(-1), 1U);
  EXPECT_EQ(fold(2), 4U);
}

TEST(BitPacked, TakesAboutAsManyBitsAsTheNumbersHave) {
  std::mt19937_64 random(5);
  for (const int bits : {0, 3, 10, 17, 40}) {
    Field field;
    BitPacker packer;
    constexpr int records = 10'000;
    for (int i = 0; i < records; ++i) {
      packer.begin_record();
      packer.put(random() & ((std::uint64_t{1} << bits) - 1), field);
    }
    EXPECT_LE(8.0 * static_cast<double>(packer.bytes().size()), records * (bits + 1.1));
  }
}

TEST(BitPacked, AFieldTellsTheMeansSize) {
  Field field;
  EXPECT_EQ(field.low_bits(), 0);
  for (int i = 0; i < 1000; ++i) field.learn(100);
  EXPECT_EQ(field.low_bits(), 6);
  for (int i = 0; i < 1000; ++i) field.learn(UINT64_MAX);
  EXPECT_EQ(field.low_bits(), 54);
  for (int i = 0; i < 5000; ++i) field.learn(0);
  EXPECT_EQ(field.low_bits(), 0);
}

}  // namespace
}  // namespace lockstep
