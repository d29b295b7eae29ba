#include "src/significance/pair_test.hpp"

#include <algorithm>
#include <cmath>

#include <boost/math/distributions/binomial.hpp>
#include <tsl/robin_map.h>
#include <tsl/robin_set.h>

#include "cluster/exchange.hpp"
#include "data/wide.hpp"

namespace lockstep {

namespace {

constexpr double one_in_fixed_point = 4294967296.0;  // 2^NullModel::fraction_bits
constexpr std::uint64_t fixed_one = std::uint64_t{1} << NullModel::fraction_bits;
/// Weight of p = 0.01.
constexpr std::uint32_t least_weight = full_weight / 10;

std::span<const Visit> in_channel(std::span<const Visit> visits, const ChannelRule& channel) {
  const auto below = [](const Visit& visit, std::uint64_t object) { return visit.object < object; };
  const auto begin = std::lower_bound(visits.begin(), visits.end(), channel.first_object, below);
  return {begin, std::lower_bound(begin, visits.end(), channel.end_object, below)};
}

bool same_pair(const Edge& x, const Edge& y) {
  return x.source == y.source && x.target == y.target;
}

std::size_t end_of_object(std::span<const Visit> visits, std::size_t begin) {
  std::size_t end = begin;
  while (end < visits.size() && visits[end].object == visits[begin].object) ++end;
  return end;
}

std::size_t end_of_interval(std::span<const Visit> visits, std::size_t begin) {
  std::size_t end = begin;
  while (end < visits.size() && visits[end].interval == visits[begin].interval) ++end;
  return end;
}

/// min(1, Σ q) over all pairs of visits to one object, in fixed point. Visits are by interval, and only runs
/// in equal or neighbouring intervals meet: a step per visit, however often two accounts act.
std::uint64_t expected_on_object(std::span<const Visit> a, std::span<const Visit> b, const NullModel& model) {
  std::uint64_t expected = 0;
  std::size_t low = 0;
  for (std::size_t i = 0; i < a.size() && expected < fixed_one;) {
    const std::uint64_t interval = a[i].interval;
    const std::size_t a_end = end_of_interval(a, i);
    while (low < b.size() && b[low].interval + std::uint64_t{1} < interval) ++low;
    for (std::size_t j = low; j < b.size() && b[j].interval <= interval + 1;) {
      const std::size_t b_end = end_of_interval(b, j);
      const UnsignedWide chances =
          UnsignedWide{a_end - i} * (b_end - j) * model.fixed(a[i].interval, b[j].interval);
      expected = static_cast<std::uint64_t>(std::min<UnsignedWide>(expected + chances, fixed_one));
      j = b_end;
    }
    i = a_end;
  }
  return expected;
}

std::size_t end_of_pair(std::span<const Edge> edges, std::size_t begin) {
  std::size_t end = begin;
  while (end < edges.size() && same_pair(edges[begin], edges[end])) ++end;
  return end;
}

using Lengths = tsl::robin_map<std::uint32_t, std::uint64_t>;

/// How many visits the edges' accounts have that are owned by other ranks. Collective.
Lengths foreign_lengths(const Comm& comm, std::span<const Edge> edges, const Histories& histories) {
  tsl::robin_set<std::uint32_t> met;
  for (const Edge& edge : edges) {
    for (const std::uint32_t account : {edge.source, edge.target}) {
      if (histories.owner(account) != comm.rank()) met.insert(account);
    }
  }
  const std::vector<std::uint32_t> accounts(met.begin(), met.end());
  const auto found = ask(
      comm, accounts, [&](std::uint32_t account) { return histories.owner(account); },
      [&](std::uint32_t account) { return std::uint64_t{histories.of(account).size()}; });
  Lengths lengths;
  for (std::size_t i = 0; i < accounts.size(); ++i) lengths[accounts[i]] = found[i];
  return lengths;
}

/// Edges begin … end − 1, and whose histories must be fetched for them.
struct Batch {
  std::size_t end;
  PairBatch size;
  std::vector<std::uint32_t> accounts;
};

/// As many pairs from edge `begin` on as fit into `budget` visits, and at least one.
Batch cut_batch(std::span<const Edge> edges, std::size_t begin, const Lengths& lengths,
                std::uint64_t budget) {
  Batch batch{begin, {}, {}};
  tsl::robin_set<std::uint32_t> fetched;
  while (batch.end < edges.size()) {
    std::uint64_t more = 0;
    std::vector<std::uint32_t> new_accounts;
    for (const std::uint32_t account : {edges[batch.end].source, edges[batch.end].target}) {
      const auto length = lengths.find(account);
      if (length == lengths.end() || fetched.contains(account)) continue;
      more += length->second;
      new_accounts.push_back(account);
    }
    if (batch.size.pairs > 0 && batch.size.visits + more > budget) break;
    fetched.insert(new_accounts.begin(), new_accounts.end());
    batch.size.visits += more;
    ++batch.size.pairs;
    batch.end = end_of_pair(edges, batch.end);
  }
  batch.accounts.assign(fetched.begin(), fetched.end());
  return batch;
}

/// The histories of some accounts that other ranks own, and of all own ones, which are not copied.
class FetchedHistories {
 public:
  FetchedHistories(const Comm& comm, const Histories& histories, std::vector<std::uint32_t> accounts)
      : comm_(comm), histories_(histories) {
    std::sort(accounts.begin(), accounts.end());
    const auto asked =
        send_to(comm, accounts, [&](std::uint32_t account) { return histories.owner(account); });
    std::vector<Visit> answers;
    std::vector<std::size_t> counts;
    std::size_t next = 0;
    for (const std::size_t count : asked.counts) {
      const std::size_t before = answers.size();
      for (const std::size_t end = next + count; next < end; ++next) {
        const auto visits = histories.of(asked.rows[next]);
        answers.insert(answers.end(), visits.begin(), visits.end());
      }
      counts.push_back(answers.size() - before);
    }
    // Owners own ascending ranges and answer in order: the answers are by account.
    foreign_ = comm.exchange(answers, counts).rows;
  }

  std::span<const Visit> of(std::uint32_t account) const {
    if (histories_.owner(account) == comm_.rank()) return histories_.of(account);
    const auto [begin, end] = std::equal_range(foreign_.begin(), foreign_.end(), Visit{0, 0, account},
                                               [](auto& x, auto& y) { return x.account < y.account; });
    return {begin, end};
  }

 private:
  const Comm& comm_;
  const Histories& histories_;
  std::vector<Visit> foreign_;
};

/// Tests one pair at a time, all its channels.
class PairTester {
 public:
  PairTester(const FetchedHistories& histories, std::span<const ChannelRule> channels,
             std::span<const NullModel> models)
      : histories_(histories),
        channels_(channels),
        models_(models),
        most_p_(largest_alpha / static_cast<double>(channels.size())) {}

  /// Appends the rows of the pair to `kept` where its p is at most largest_alpha.
  void test(std::span<const Edge> pair, std::vector<TestedEdge>& kept) const {
    double least = 1;
    for (const Edge& edge : pair) {
      const Chances chances = count(edge, most_expected(edge.shared, most_p_));
      least = std::min(least, pair_p_value(edge.shared, chances));
    }
    const std::uint32_t weight = weight_of(std::min(1.0, least * static_cast<double>(channels_.size())));
    if (weight < least_weight) return;
    for (const Edge& edge : pair) {
      const Chances chances = count(edge, UINT64_MAX);
      kept.push_back(
          {edge, {weight, chances.co_present, chances.expected, pair_p_value(edge.shared, chances)}});
    }
  }

 private:
  /// Where counting stops early, p comes out as 1 or above most_p_: too large to be the pair's.
  Chances count(const Edge& edge, std::uint64_t most) const {
    Chances chances = count_chances(histories_.of(edge.source), histories_.of(edge.target),
                                    channels_[edge.channel], models_[edge.channel], most);
    if (chances.expected > most) chances.expected = std::uint64_t{edge.shared} << NullModel::fraction_bits;
    return chances;
  }

  const FetchedHistories& histories_;
  std::span<const ChannelRule> channels_;
  std::span<const NullModel> models_;
  double most_p_;
};

}  // namespace

Chances count_chances(std::span<const Visit> a, std::span<const Visit> b, const ChannelRule& channel,
                      const NullModel& model, std::uint64_t most_expected) {
  Chances chances;
  a = in_channel(a, channel);
  b = in_channel(b, channel);
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() && j < b.size() && chances.expected <= most_expected) {
    const std::size_t a_end = end_of_object(a, i);
    const std::size_t b_end = end_of_object(b, j);
    if (a[i].object != b[j].object) {
      (a[i].object < b[j].object ? i : j) = a[i].object < b[j].object ? a_end : b_end;
      continue;
    }
    const std::uint64_t expected =
        expected_on_object(a.subspan(i, a_end - i), b.subspan(j, b_end - j), model);
    chances.co_present += expected > 0 ? 1 : 0;
    chances.expected += expected;
    i = a_end;
    j = b_end;
  }
  return chances;
}

std::uint64_t most_expected(std::uint32_t shared, double p_value) {
  const double s = shared;
  // A little more than the bound, so that rounding drops no pair.
  return static_cast<std::uint64_t>(
      std::ceil(s * std::pow(p_value, 1 / s) * one_in_fixed_point * (1 + 1e-9)));
}

double pair_p_value(std::uint32_t shared, const Chances& chances) {
  const double expected = static_cast<double>(chances.expected) / one_in_fixed_point;
  if (static_cast<double>(shared) < expected + 1) return 1;
  // A declared resolution above Δ says that neighbouring intervals never meet; where they do, it is wrong.
  if (shared > chances.co_present) return 1;
  const auto trials = static_cast<double>(chances.co_present);
  const boost::math::binomial_distribution<double> null(trials, expected / trials);
  return boost::math::cdf(boost::math::complement(null, static_cast<double>(shared) - 1));
}

std::uint32_t weight_of(double p_value) {
  if (p_value >= 1) return 0;
  const double weight = p_value > 0 ? std::min(1.0, -std::log10(p_value) / 20) : 1.0;
  return static_cast<std::uint32_t>(std::floor(weight * full_weight));
}

std::vector<TestedEdge> test_pairs(const Comm& comm, std::vector<Edge> candidates, const Histories& histories,
                                   std::span<const ChannelRule> channels, std::span<const NullModel> models,
                                   const PairTestOptions& options) {
  std::vector<TestedEdge> kept;
  const std::span<const Edge> edges(candidates);
  const Lengths lengths = foreign_lengths(comm, edges, histories);
  const std::uint64_t budget =
      options.visit_budget > 0 ? options.visit_budget : 4 * comm.max(histories.visits());
  std::size_t next = 0;
  while (comm.any(next < edges.size())) {
    Batch batch = cut_batch(edges, next, lengths, budget);
    const FetchedHistories fetched(comm, histories, std::move(batch.accounts));
    const PairTester tester(fetched, channels, models);
    while (next < batch.end) {
      const std::size_t pair_end = end_of_pair(edges, next);
      tester.test(edges.subspan(next, pair_end - next), kept);
      next = pair_end;
    }
    if (options.batch_done) options.batch_done(batch.size);
  }
  return kept;
}

}  // namespace lockstep
