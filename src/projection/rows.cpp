#include "src/projection/rows.hpp"

#include <algorithm>
#include <limits>

#include "data/error.hpp"
#include "src/log/windows.hpp"
#include "src/projection/partner_table.hpp"

namespace lockstep {

namespace {

/// An action of the account whose row is computed, with its window in the log.
struct OwnAction {
  std::uint32_t position;
  std::uint32_t low;
  std::uint32_t high;
};

/// The actions of the wanted accounts with their windows, account by account in the log's order.
struct OwnActions {
  std::vector<std::uint64_t> first;  ///< by account − range.first
  std::vector<OwnAction> actions;
};

OwnActions collect_own(std::span<const Action> log, AccountRange accounts,
                       std::span<const ChannelRule> channels) {
  OwnActions own;
  own.first.assign(std::size_t{accounts.end} - accounts.first + 2, 0);
  const auto wanted = [&](std::uint32_t account) {
    return account >= accounts.first && account < accounts.end;
  };
  for (const Action& action : log) {
    if (wanted(action.account)) ++own.first[action.account - accounts.first + 2];
  }
  for (std::size_t a = 1; a < own.first.size(); ++a) own.first[a] += own.first[a - 1];
  own.actions.resize(own.first.back());
  for_each_window(log, channels, [&](std::size_t i, std::size_t low, std::size_t high) {
    if (!wanted(log[i].account)) return;
    own.actions[own.first[log[i].account - accounts.first + 1]++] = {
        static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(low), static_cast<std::uint32_t>(high)};
  });
  own.first.pop_back();
  return own;
}

}  // namespace

class RowProjection::Implementation {
 public:
  Implementation(std::span<const Action> log, std::span<const ChannelRule> channels, DayClock clock)
      : log_(log), channels_(channels), clock_(clock) {
    if (log.size() > std::numeric_limits<std::uint32_t>::max()) {
      throw Error(ExitCode::internal, "more than 2^32 actions on one rank: use more ranks");
    }
    accounts_.reserve(log.size());
    for (const Action& action : log) accounts_.push_back(action.account);
  }

  void index(AccountRange accounts) {
    own_ = collect_own(log_, accounts, channels_);
    first_indexed_ = accounts.first;
  }

  void project_row(std::uint32_t account, std::vector<Edge>& edges) {
    const std::size_t a = account - first_indexed_;
    const auto row = std::span(own_.actions).subspan(own_.first[a], own_.first[a + 1] - own_.first[a]);
    const auto edges_before = static_cast<std::ptrdiff_t>(edges.size());
    std::size_t begin = 0;
    for (std::uint32_t c = 0; begin < row.size(); ++c) {
      std::size_t end = begin;
      while (end < row.size() && log_[row[end].position].object < channels_[c].end_object) ++end;
      if (end > begin) project(row.subspan(begin, end - begin), c, channels_[c].min_shared, edges);
      begin = end;
    }
    std::sort(edges.begin() + edges_before, edges.end(),
              [](auto& x, auto& y) { return std::tie(x.target, x.channel) < std::tie(y.target, y.channel); });
  }

 private:
  /// `own`: the account's actions in the channel, in the log's order.
  void project(std::span<const OwnAction> own, std::uint32_t channel, std::uint32_t min_shared,
               std::vector<Edge>& edges) {
    list_visits(own);
    if (visits_.size() < min_shared) return;
    account_ = accounts_[own.front().position];
    std::stable_sort(visits_.begin(), visits_.end(),
                     [](const Visit& a, const Visit& b) { return a.population < b.population; });
    partners_.clear();
    const std::size_t prefix = visits_.size() - min_shared + 1;
    for (std::uint32_t v = 0; v < visits_.size(); ++v) {
      if (v < prefix) {
        for_each_partner(visits_[v], [&](std::uint32_t b) { partners_.count_or_add(b, v + 1); });
      } else {
        if (partners_.empty()) return;
        for_each_partner(visits_[v], [&](std::uint32_t b) { partners_.count_if_seen(b, v + 1); });
      }
    }
    emit(channel, min_shared, edges);
  }

  /// The account's actions on one object.
  struct Visit {
    std::span<const OwnAction> own;
    std::uint64_t population;  ///< actions in the union of their windows
  };
  /// The closest co-action of the account with a partner on one object.
  struct Closest {
    std::uint32_t partner;  ///< index in found_
    std::uint32_t lag;
    std::uint32_t day;
  };

  void list_visits(std::span<const OwnAction> own) {
    visits_.clear();
    for (std::size_t i = 0; i < own.size();) {
      const std::size_t begin = i;
      std::uint64_t population = 0;
      std::uint32_t covered = 0;
      for (; i < own.size() && log_[own[i].position].object == log_[own[begin].position].object; ++i) {
        population += own[i].high - std::max(covered, own[i].low);
        covered = own[i].high;
      }
      visits_.push_back({own.subspan(begin, i - begin), population});
    }
  }

  template <class Count>
  void for_each_partner(const Visit& visit, Count count) {
    std::uint32_t covered = 0;
    for (const auto& [position, low, high] : visit.own) {
      for (std::uint32_t i = std::max(covered, low); i < high; ++i) {
        if (accounts_[i] > account_) count(accounts_[i]);
      }
      covered = high;
    }
  }

  /// Scans once more for the partners that reached min_shared: few, so their lags fit in memory.
  void emit(std::uint32_t channel, std::uint32_t min_shared, std::vector<Edge>& edges) {
    found_.clear();
    partners_.for_each([&](const PartnerTable::Partner& partner) {
      if (partner.objects < min_shared) return;
      found_.push_back({account_, partner.account, channel, partner.objects, 0, 0, UINT32_MAX, 0, 0});
    });
    if (found_.empty()) return;
    std::sort(found_.begin(), found_.end(), [](auto& a, auto& b) { return a.target < b.target; });
    partners_.clear();
    for (std::uint32_t f = 0; f < found_.size(); ++f) partners_.count_or_add(found_[f].target, f + 1);

    closest_.clear();
    best_.assign(found_.size(), none);
    for (const Visit& visit : visits_) note_lags(visit);
    std::sort(closest_.begin(), closest_.end(), [](const Closest& a, const Closest& b) {
      return std::tie(a.partner, a.lag) < std::tie(b.partner, b.lag);
    });
    auto lags = closest_.begin();
    for (auto& edge : found_) {
      edge.lag_min = lags->lag;
      edge.lag_median = lags[(edge.shared - 1) / 2].lag;
      edge.days = distinct_days({lags, lags + edge.shared});
      lags += edge.shared;
      edges.push_back(edge);
    }
  }

  void note_lags(const Visit& visit) {
    const auto before = static_cast<std::uint32_t>(closest_.size());
    for (const auto& [position, low, high] : visit.own) {
      const std::uint32_t time = log_[position].time;
      for (std::uint32_t i = low; i < high; ++i) {
        if (accounts_[i] <= account_) continue;
        const auto* partner = partners_.seen(accounts_[i]);
        if (partner == nullptr) continue;
        const std::uint32_t f = partner->last_visit - 1;
        const auto [earlier, later] = std::minmax(time, log_[i].time);
        found_[f].first_time = std::min(found_[f].first_time, earlier);
        found_[f].last_time = std::max(found_[f].last_time, later);
        if (best_[f] == none) {
          best_[f] = static_cast<std::uint32_t>(closest_.size());
          closest_.push_back({f, UINT32_MAX, 0});
        }
        auto& closest = closest_[best_[f]];
        if (later - earlier < closest.lag) {
          closest.lag = later - earlier;
          closest.day = static_cast<std::uint32_t>(clock_.day(earlier));
        }
      }
    }
    for (std::size_t c = before; c < closest_.size(); ++c) best_[closest_[c].partner] = none;
  }

  std::uint32_t distinct_days(std::span<const Closest> closest) {
    days_.clear();
    for (const auto& one : closest) days_.push_back(one.day);
    std::sort(days_.begin(), days_.end());
    return static_cast<std::uint32_t>(std::unique(days_.begin(), days_.end()) - days_.begin());
  }

  static constexpr std::uint32_t none = UINT32_MAX;

  std::span<const Action> log_;
  std::span<const ChannelRule> channels_;
  std::vector<std::uint32_t> accounts_;  ///< the log's column that is scanned, by itself: 4 bytes an action
  DayClock clock_;
  OwnActions own_;
  std::uint32_t first_indexed_ = 0;
  std::uint32_t account_ = 0;
  PartnerTable partners_;
  std::vector<Visit> visits_;
  std::vector<Edge> found_;
  std::vector<Closest> closest_;
  std::vector<std::uint32_t> best_;  ///< by index in found_: its entry of the current object in closest_
  std::vector<std::uint32_t> days_;
};

RowProjection::RowProjection(std::span<const Action> log, std::span<const ChannelRule> channels,
                             DayClock clock)
    : implementation_(std::make_unique<Implementation>(log, channels, clock)) {}
RowProjection::RowProjection(RowProjection&&) noexcept = default;
RowProjection::~RowProjection() = default;

void RowProjection::index(AccountRange accounts) {
  implementation_->index(accounts);
}

void RowProjection::project(AccountRange accounts, std::vector<Edge>& edges) {
  for (std::uint32_t a = accounts.first; a < accounts.end; ++a) implementation_->project_row(a, edges);
}

}  // namespace lockstep
