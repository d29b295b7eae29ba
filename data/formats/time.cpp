#include "data/formats/time.hpp"

#include <chrono>
#include <ctime>

#include <fmt/format.h>

#include "data/error.hpp"

namespace lockstep {

namespace {

constexpr std::int64_t first_second = -2'208'988'800;  // 1900-01-01T00:00:00Z
constexpr std::int64_t end_second = 9'214'646'400;     // 2262-01-01T00:00:00Z

/// An exact time: `milliseconds` counts up from `seconds`, also before 1970.
struct Instant {
  std::int64_t seconds = 0;
  std::int64_t milliseconds = 0;  ///< 0 … 999
};

std::int64_t floor_divide(std::int64_t value, std::int64_t divisor) {
  return value / divisor - (value % divisor < 0 ? 1 : 0);
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Takes `count` digits from the front of `text`.
bool take_digits(std::string_view& text, std::size_t count, int& number) {
  if (text.size() < count) return false;
  number = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (!is_digit(text[i])) return false;
    number = number * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return true;
}

bool take_character(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

/// Digits behind a decimal point: how many thousandths, and whether anything finer is lost.
struct Fraction {
  std::int64_t thousandths = 0;
  bool finer = false;
};

/// Takes the digits of a fraction, at least one.
bool take_fraction(std::string_view& text, Fraction& fraction) {
  std::int64_t scale = 100;
  std::size_t count = 0;
  for (; count < text.size() && is_digit(text[count]); ++count, scale /= 10) {
    fraction.thousandths += scale * (text[count] - '0');
    fraction.finer |= scale == 0 && text[count] != '0';
  }
  text.remove_prefix(count);
  return count > 0;
}

/// A decimal number in thousandths, rounded towards earlier.
std::optional<std::int64_t> parse_thousandths(std::string_view text) {
  constexpr std::int64_t limit = 1'000'000'000'000'000;  // far outside the range, far from overflow
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || !is_digit(text[0])) return std::nullopt;
  std::int64_t whole = 0;
  for (; !text.empty() && is_digit(text[0]); text.remove_prefix(1)) {
    whole = whole * 10 + (text[0] - '0');
    if (whole > limit) return std::nullopt;
  }
  Fraction fraction;
  if (take_character(text, '.') && !take_fraction(text, fraction)) return std::nullopt;
  if (!text.empty()) return std::nullopt;
  const std::int64_t size = whole * 1000 + fraction.thousandths;
  return negative ? -size - (fraction.finer ? 1 : 0) : size;
}

std::optional<std::int64_t> ticks_of(Instant instant, TimeUnit unit) {
  if (instant.seconds < first_second || instant.seconds >= end_second) return std::nullopt;
  return unit == TimeUnit::second ? instant.seconds : instant.seconds * 1000 + instant.milliseconds;
}

std::optional<std::int64_t> ticks_of_milliseconds(std::int64_t milliseconds, TimeUnit unit) {
  const std::int64_t seconds = floor_divide(milliseconds, 1000);
  return ticks_of({seconds, milliseconds - seconds * 1000}, unit);
}

/// Seconds since 1970 of a date and time of day; nothing for one that does not exist.
std::optional<std::int64_t> civil_seconds(int year, int month, int day, int hour, int minute, int second) {
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(unsigned(month)),
                                         std::chrono::day(unsigned(day))};
  // Second 60 is a leap second, counted as the first of the next minute.
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return days * 86'400 + std::int64_t{hour} * 3600 + std::int64_t{minute} * 60 + second;
}

/// Takes "Z", "+01:00", "+0100" or "+01" from the front; nothing there means UTC.
bool take_zone(std::string_view& text, int& offset_seconds) {
  offset_seconds = 0;
  if (text.empty() || take_character(text, 'Z') || take_character(text, 'z')) return true;
  const bool west = text[0] == '-';
  if (!take_character(text, '-') && !take_character(text, '+')) return false;
  int hours = 0;
  int minutes = 0;
  if (!take_digits(text, 2, hours)) return false;
  if (!text.empty()) {
    take_character(text, ':');
    if (!take_digits(text, 2, minutes)) return false;
  }
  offset_seconds = (hours * 3600 + minutes * 60) * (west ? -1 : 1);
  return hours < 24 && minutes < 60;
}

/// "14:03", "14:03:20", "14:03:20.25", all with a zone or none.
struct Clock {
  int hour = 0;
  int minute = 0;
  int second = 0;
  Fraction fraction;
  int zone_seconds = 0;
};

bool take_clock(std::string_view& text, Clock& clock) {
  if (!take_digits(text, 2, clock.hour) || !take_character(text, ':')) return false;
  if (!take_digits(text, 2, clock.minute)) return false;
  if (take_character(text, ':')) {
    if (!take_digits(text, 2, clock.second)) return false;
    const bool fractional = take_character(text, '.') || take_character(text, ',');
    if (fractional && !take_fraction(text, clock.fraction)) return false;
  }
  return take_zone(text, clock.zone_seconds);
}

std::optional<Instant> parse_iso8601(std::string_view text) {
  int year = 0;
  int month = 0;
  int day = 0;
  if (!take_digits(text, 4, year) || !take_character(text, '-') || !take_digits(text, 2, month)) return {};
  if (!take_character(text, '-') || !take_digits(text, 2, day)) return {};
  Clock clock;
  if (!text.empty()) {
    const bool separated =
        take_character(text, 'T') || take_character(text, ' ') || take_character(text, 't');
    if (!separated || !take_clock(text, clock) || !text.empty()) return {};
  }
  const auto seconds = civil_seconds(year, month, day, clock.hour, clock.minute, clock.second);
  if (!seconds) return {};
  return Instant{*seconds - clock.zone_seconds, clock.fraction.thousandths};
}

std::optional<Instant> parse_pattern(const std::string& text, const std::string& pattern) {
  std::tm time{};
  time.tm_year = 70;
  time.tm_mday = 1;
  const char* rest = strptime(text.c_str(), pattern.c_str(), &time);
  if (rest == nullptr || rest != text.c_str() + text.size()) return {};
  const auto seconds = civil_seconds(time.tm_year + 1900, time.tm_mon + 1, time.tm_mday, time.tm_hour,
                                     time.tm_min, time.tm_sec);
  if (!seconds) return {};
  return Instant{*seconds - time.tm_gmtoff, 0};
}

std::string_view without_spaces_around(std::string_view text) {
  constexpr std::string_view spaces = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(spaces);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(spaces) + 1 - begin);
}

}  // namespace

TimeParser::TimeParser(std::string format, TimeUnit unit)
    : kind_(Kind::pattern), pattern_(std::move(format)), unit_(unit) {
  if (pattern_ == "epoch") {
    kind_ = Kind::epoch;
  } else if (pattern_ == "epoch_ms") {
    kind_ = Kind::epoch_ms;
  } else if (pattern_ == "iso8601") {
    kind_ = Kind::iso8601;
  } else if (pattern_.find('%') == std::string::npos) {
    throw Error(ExitCode::usage,
                fmt::format("unknown time format '{}'; use epoch, epoch_ms, iso8601 or a strptime pattern "
                            "such as \"%Y-%m-%d %H:%M:%S\"",
                            pattern_));
  }
}

std::optional<std::int64_t> TimeParser::parse(std::string_view text) const {
  text = without_spaces_around(text);
  if (kind_ == Kind::epoch || kind_ == Kind::epoch_ms) {
    const auto thousandths = parse_thousandths(text);
    if (!thousandths) return std::nullopt;
    const auto milliseconds = kind_ == Kind::epoch ? *thousandths : floor_divide(*thousandths, 1000);
    return ticks_of_milliseconds(milliseconds, unit_);
  }
  const auto instant =
      kind_ == Kind::iso8601 ? parse_iso8601(text) : parse_pattern(std::string(text), pattern_);
  return instant ? ticks_of(*instant, unit_) : std::nullopt;
}

std::string format_time(std::int64_t ticks_since_1970, TimeUnit unit) {
  const std::int64_t ticks_per_second = unit == TimeUnit::second ? 1 : 1000;
  const std::int64_t seconds = floor_divide(ticks_since_1970, ticks_per_second);
  const std::int64_t days = floor_divide(seconds, 86'400);
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(days))};
  const std::int64_t second_of_day = seconds - days * 86'400;
  auto text =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", int(date.year()), unsigned(date.month()),
                  unsigned(date.day()), second_of_day / 3600, second_of_day / 60 % 60, second_of_day % 60);
  if (unit == TimeUnit::millisecond) text += fmt::format(".{:03}", ticks_since_1970 - seconds * 1000);
  return text + 'Z';
}

}  // namespace lockstep
