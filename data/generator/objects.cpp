#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "data/generator/world.hpp"

namespace lockstep::generator {
namespace {

constexpr std::int64_t day_seconds = 86400;

/// How much people do in each hour of their local day, in per cent of the busiest hour.
constexpr std::array<unsigned, 24> busy = {30, 18, 12, 10, 10, 14, 25, 45, 60,  68, 72, 75,
                                           80, 78, 74, 72, 74, 80, 88, 95, 100, 96, 78, 52};

constexpr unsigned busy_sum() {
  unsigned sum = 0;
  for (const unsigned hour : busy) sum += hour;
  return sum;
}

/// Second of the local day, by an inverse transform of `busy`.
std::int64_t second_of_day(Draws& draws) {
  double left = draws.uniform() * busy_sum();
  std::size_t hour = 0;
  while (hour + 1 < busy.size() && left >= busy[hour]) left -= busy[hour++];
  const double share = std::min(left / busy[hour], 1.0);
  return static_cast<std::int64_t>(hour) * 3600 +
         std::min<std::int64_t>(3599, static_cast<std::int64_t>(share * 3600));
}

/// Share of the people of an audience who are up at `time`.
double wakefulness(std::int64_t time, std::uint32_t audience) {
  const std::int64_t local = time + std::int64_t{3600} * audiences[audience].utc_offset_hours + day_seconds;
  return busy[static_cast<std::size_t>(local % day_seconds / 3600)] / 100.0;
}

std::int64_t publication_time(const Plan& plan, std::uint32_t audience, Draws& draws) {
  const auto day = static_cast<std::int64_t>(draws.below(plan.options.days - 1));
  const std::int64_t utc = second_of_day(draws) - std::int64_t{3600} * audiences[audience].utc_offset_hours;
  const std::int64_t after_start = ((utc - plan.options.start) % day_seconds + day_seconds) % day_seconds;
  return plan.options.start + day * day_seconds + after_start;
}

void append_number(std::uint64_t number, std::string& text) {
  const fmt::format_int digits(number);
  text.append(digits.data(), digits.size());
}

void name_object(std::uint64_t name, std::string& url) {
  constexpr std::uint64_t domains = 997;
  url = "https://d";
  append_number(name % domains, url);
  url += ".example/";
  append_number(name, url);
}

void describe(const Plan& plan, std::uint64_t index, std::uint32_t audience, Draws& draws, Object& object) {
  name_object(scrambled(index, plan.object_key), object.url);
  object.audience = audience;
  object.published = publication_time(plan, audience, draws);
  // Some objects are forgotten twice as fast as others, some live twice as long.
  object.attention_seconds = plan.options.attention_seconds * std::exp2(2 * draws.uniform() - 1);
}

std::uint32_t draw_audience(Draws& draws) {
  return static_cast<std::uint32_t>(draws.below(audiences.size()));
}

}  // namespace

void describe_object(const Plan& plan, std::uint64_t index, Object& object) {
  Draws draws(plan.options.seed, Stream::object, index);
  describe(plan, index, draw_audience(draws), draws, object);
}

void describe_object(const Plan& plan, std::uint64_t index, std::uint32_t audience, Object& object) {
  Draws draws(plan.options.seed, Stream::object, index);
  describe(plan, index, audience, draws, object);
}

std::uint64_t first_action(const Plan& plan, std::uint64_t rank) {
  const auto dealt = static_cast<double>(plan.options.actions - plan.options.objects);
  return rank + static_cast<std::uint64_t>(dealt * plan.popularity.cumulative(rank));
}

std::uint64_t object_of_action(const Plan& plan, std::uint64_t action) {
  std::uint64_t low = 0;  // first_action(low) <= action < first_action(high)
  std::uint64_t high = plan.options.objects;
  while (high - low > 1) {
    const std::uint64_t middle = low + (high - low) / 2;
    (first_action(plan, middle) <= action ? low : high) = middle;
  }
  return low;
}

void camouflage_object(const Plan& plan, std::uint32_t audience, Draws& draws, Object& object) {
  constexpr int most_tries = 8;
  const double one_each =
      static_cast<double>(plan.options.objects) / static_cast<double>(plan.options.actions);
  for (int attempt = 0; attempt < most_tries; ++attempt) {
    const bool evenly = draws.uniform() < one_each;
    const std::uint64_t index =
        evenly ? draws.below(plan.options.objects) : plan.popularity.quantile(draws.uniform());
    describe_object(plan, index, object);
    if (audiences[object.audience].language == audiences[audience].language) return;
  }
}

std::int64_t reaction_time(const Plan& plan, const Object& object, std::uint32_t audience, Draws& draws) {
  constexpr int most_tries = 8;
  const auto horizon = static_cast<double>(plan.end() - object.published);
  const double reached = horizon / (horizon + object.attention_seconds);  // the share before the log ends
  std::int64_t time = object.published;
  for (int attempt = 0; attempt < most_tries; ++attempt) {
    const double share = draws.uniform() * reached;  // log-logistic: half of all within attention_seconds
    const double delay = object.attention_seconds * share / (1 - share);
    time = std::min(object.published + static_cast<std::int64_t>(delay), plan.end() - 1);
    if (draws.uniform() < wakefulness(time, audience)) break;
  }
  return time;
}

}  // namespace lockstep::generator
