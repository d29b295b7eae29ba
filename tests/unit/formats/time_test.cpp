#include "data/formats/time.hpp"

#include <ctime>
#include <random>

#include <gtest/gtest.h>

#include "data/error.hpp"

namespace lockstep {

namespace {

using Ticks = std::optional<std::int64_t>;

Ticks seconds(const std::string& format, std::string_view text) {
  return TimeParser(format, TimeUnit::second).parse(text);
}

Ticks milliseconds(const std::string& format, std::string_view text) {
  return TimeParser(format, TimeUnit::millisecond).parse(text);
}

TEST(Time, EpochIsExactAndCutTowardsEarlier) {
  EXPECT_EQ(seconds("epoch", "1534891200"), 1534891200);
  EXPECT_EQ(seconds("epoch", " 1534891200.9 "), 1534891200);
  EXPECT_EQ(seconds("epoch", "-1"), -1);
  EXPECT_EQ(seconds("epoch", "-0.5"), -1);
  EXPECT_EQ(seconds("epoch", "-0.0000001"), -1);
  EXPECT_EQ(seconds("epoch", "-1.000"), -1);
  EXPECT_EQ(milliseconds("epoch", "1534891200.5"), 1534891200500);
  EXPECT_EQ(milliseconds("epoch", "1534891200.1239999"), 1534891200123);
  EXPECT_EQ(milliseconds("epoch", "-0.0011"), -2);
  EXPECT_EQ(milliseconds("epoch", "+7"), 7000);
}

TEST(Time, EpochMilliseconds) {
  EXPECT_EQ(milliseconds("epoch_ms", "1534891200123"), 1534891200123);
  EXPECT_EQ(seconds("epoch_ms", "1534891200999"), 1534891200);
  EXPECT_EQ(seconds("epoch_ms", "-1"), -1);
  EXPECT_EQ(milliseconds("epoch_ms", "-0.5"), -1);
  EXPECT_EQ(milliseconds("epoch_ms", "12.75"), 12);
}

TEST(Time, EpochRefusesWhatIsNoNumber) {
  for (const char* text : {"", " ", "-", ".5", "5.", "1e9", "0x10", "12 3", "--1", "1.2.3",
                           "9999999999999999999999", "NaN", "1534891200s"}) {
    EXPECT_EQ(seconds("epoch", text), std::nullopt) << text;
    EXPECT_EQ(milliseconds("epoch_ms", text), std::nullopt) << text;
  }
}

TEST(Time, OnlyTheYears1900To2261) {
  EXPECT_EQ(seconds("epoch", "-2208988800"), -2208988800);
  EXPECT_EQ(seconds("epoch", "-2208988800.1"), std::nullopt);
  EXPECT_EQ(seconds("epoch", "9214646399.9"), 9214646399);
  EXPECT_EQ(seconds("epoch", "9214646400"), std::nullopt);
  EXPECT_EQ(seconds("iso8601", "1900-01-01"), -2208988800);
  EXPECT_EQ(seconds("iso8601", "1899-12-31T23:59:59Z"), std::nullopt);
  EXPECT_EQ(milliseconds("iso8601", "2261-12-31T23:59:59.999Z"), 9214646399999);
  EXPECT_EQ(seconds("iso8601", "2262-01-01"), std::nullopt);
  EXPECT_EQ(seconds("epoch", "1534891200123"), std::nullopt) << "milliseconds read as seconds";
}

TEST(Time, Iso8601) {
  constexpr std::int64_t expected = 1534860180;  // date -u -d 2018-08-21T14:03:00Z +%s
  for (const char* text :
       {"2018-08-21T14:03:00Z", "2018-08-21 14:03:00", "2018-08-21T14:03", "2018-08-21T14:03Z",
        "2018-08-21t14:03:00z", "2018-08-21T14:03:00.999Z", "2018-08-21T14:03:00,5",
        "2018-08-21T16:03:00+02:00", "2018-08-21T19:33+0530", "2018-08-21T06:03:00.25-08",
        "2018-08-22T00:03:00+10:00", "2018-08-21T14:02:60Z"}) {
    EXPECT_EQ(seconds("iso8601", text), expected) << text;
  }
  EXPECT_EQ(seconds("iso8601", "2018-08-21"), expected - 14 * 3600 - 3 * 60);
  EXPECT_EQ(milliseconds("iso8601", "2018-08-21T14:03:00.0019Z"), expected * 1000 + 1);
  EXPECT_EQ(milliseconds("iso8601", "1969-12-31T23:59:59.25Z"), -750);
  EXPECT_EQ(seconds("iso8601", "1969-12-31T23:59:59.25Z"), -1);
}

TEST(Time, Iso8601RefusesWhatIsNoTime) {
  for (const char* text : {"2018-02-29",
                           "2018-13-01",
                           "2018-00-01",
                           "2018-01-00",
                           "2018-1-1",
                           "18-01-01",
                           "2018-01-01T",
                           "2018-01-01T24:00",
                           "2018-01-01T12",
                           "2018-01-01T12:60",
                           "2018-01-01T12:00:61",
                           "2018-01-01T12:00:00.",
                           "2018-01-01T12:00:00+2",
                           "2018-01-01T12:00:00+02:",
                           "2018-01-01T12:00:00+24:00",
                           "2018-01-01T12:00:00ZZ",
                           "2018-01-01T12:00:00 x",
                           "2018-01-01Z",
                           "2018/01/01",
                           "-018-01-01",
                           ""}) {
    EXPECT_EQ(seconds("iso8601", text), std::nullopt) << text;
  }
}

TEST(Time, Patterns) {
  EXPECT_EQ(seconds("%a %b %d %H:%M:%S %z %Y", "Wed Aug 27 13:08:45 +0000 2008"), 1219842525);
  EXPECT_EQ(seconds("%a %b %d %H:%M:%S %z %Y", "Wed Aug 27 15:08:45 +0200 2008"), 1219842525);
  EXPECT_EQ(milliseconds("%Y-%m-%d %H:%M", "2008-08-27 13:08"), 1219842480000);
  EXPECT_EQ(seconds("%d/%m/%Y", "27/08/2008"), 1219795200);
  EXPECT_EQ(seconds("%d/%m/%Y", "27/08/2008 13:08"), std::nullopt) << "garbage behind the time";
  EXPECT_EQ(seconds("%d/%m/%Y", "31/02/2008"), std::nullopt);
  EXPECT_EQ(seconds("%d/%m/%Y", ""), std::nullopt);
  EXPECT_EQ(seconds("%d/%m/%Y", "01/01/1850"), std::nullopt);
}

TEST(Time, UnknownFormatIsAnError) {
  EXPECT_THROW(TimeParser("epoch_us", TimeUnit::second), Error);
  EXPECT_THROW(TimeParser("", TimeUnit::second), Error);
}

TEST(Time, FormatIsTheInverse) {
  EXPECT_EQ(format_time(1534860180, TimeUnit::second), "2018-08-21T14:03:00Z");
  EXPECT_EQ(format_time(1534860180007, TimeUnit::millisecond), "2018-08-21T14:03:00.007Z");
  EXPECT_EQ(format_time(-1, TimeUnit::second), "1969-12-31T23:59:59Z");
  EXPECT_EQ(format_time(-1, TimeUnit::millisecond), "1969-12-31T23:59:59.999Z");
  std::mt19937_64 random(1);
  std::uniform_int_distribution<std::int64_t> any(-2208988800000, 9214646399999);
  for (int i = 0; i < 20'000; ++i) {
    const std::int64_t time = any(random);
    EXPECT_EQ(milliseconds("iso8601", format_time(time, TimeUnit::millisecond)), time);
    const std::time_t second = time / 1000;
    std::tm parts{};
    gmtime_r(&second, &parts);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    EXPECT_EQ(format_time(second, TimeUnit::second), text);
  }
}

}  // namespace

}  // namespace lockstep
