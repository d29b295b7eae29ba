#include "src/significance/pair_test.hpp"

#include <algorithm>
#include <cmath>

#include <boost/math/distributions/binomial.hpp>

#include "cluster/exchange.hpp"

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

/// The histories of some accounts, wherever they are owned. Own ones are not copied.
class FetchedHistories {
 public:
  FetchedHistories(const Comm& comm, const Histories& histories, std::vector<std::uint32_t> accounts)
      : comm_(comm), histories_(histories) {
    std::sort(accounts.begin(), accounts.end());
    accounts.erase(std::unique(accounts.begin(), accounts.end()), accounts.end());
    std::erase_if(accounts, [&](std::uint32_t account) { return histories.owner(account) == comm.rank(); });
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
    std::uint64_t expected = 0;
    for (std::size_t k = i; k < a_end; ++k) {
      for (std::size_t l = j; l < b_end; ++l) expected += model.fixed(a[k].interval, b[l].interval);
    }
    chances.co_present += expected > 0 ? 1 : 0;
    chances.expected += std::min(expected, fixed_one);
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
                                   const std::function<void(std::uint64_t)>& edges_done, std::size_t batch) {
  std::vector<TestedEdge> kept;
  const std::span<const Edge> edges(candidates);
  const std::uint64_t batches = comm.max(std::uint64_t{(edges.size() + batch - 1) / batch});
  std::size_t next = 0;
  for (std::uint64_t round = 0; round < batches; ++round) {
    // A pair's rows stay together.
    std::size_t end = std::min(edges.size(), next + batch);
    while (end > next && end < edges.size() && same_pair(edges[end - 1], edges[end])) ++end;
    std::vector<std::uint32_t> accounts;
    for (std::size_t e = next; e < end; ++e) {
      accounts.push_back(edges[e].source);
      accounts.push_back(edges[e].target);
    }
    const FetchedHistories fetched(comm, histories, std::move(accounts));
    const PairTester tester(fetched, channels, models);
    while (next < end) {
      std::size_t pair_end = next;
      while (pair_end < end && same_pair(edges[next], edges[pair_end])) ++pair_end;
      tester.test(edges.subspan(next, pair_end - next), kept);
      next = pair_end;
    }
    if (edges_done) edges_done(next);
  }
  return kept;
}

}  // namespace lockstep
