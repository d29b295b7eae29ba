#include <algorithm>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "cluster/agree.hpp"
#include "cluster/hdf5_reader.hpp"
#include "cluster/progress.hpp"
#include "data/formats/time.hpp"
#include "data/study/study_file.hpp"
#include "jobs/commands/commands.hpp"
#include "jobs/funnel_table.hpp"

namespace lockstep {

namespace {

/// A text of at most `width` characters; one that is too long loses its middle, as URLs differ at the ends.
std::string shortened(const std::string& text, std::size_t width) {
  if (text.size() <= width) return text;
  const std::size_t head = (width - 1) / 2;
  return text.substr(0, head) + "…" + text.substr(text.size() - (width - 1 - head));
}

class ResultView {
 public:
  explicit ResultView(const std::string& file) : file_(file), reader_(file) {
    const Study study = parse_study(reader_.attribute("study"), file);
    name_ = study.name;
    unit_ = study.time_unit;
    tested_ = reader_.has("networks/q_value");
    sizes_ = reader_.column<std::uint32_t>("networks/size");
    compositions();
  }

  void ranking(std::size_t most) const {
    print_funnel();
    if (sizes_.empty()) {
      fmt::print("\nNo network: no community reached the study's min_size.\n");
      return;
    }
    const auto edges = reader_.column<std::uint64_t>("networks/edges");
    const auto score = reader_.column<double>("networks/score");
    const auto density = reader_.column<double>("networks/density");
    const auto first = reader_.column<std::int64_t>("networks/first_time");
    const auto last = reader_.column<std::int64_t>("networks/last_time");
    const auto q = tested_ ? reader_.column<double>("networks/q_value") : std::vector<double>();
    const auto lag =
        tested_ ? reader_.column<std::uint32_t>("networks/lag_median") : std::vector<std::uint32_t>();
    fmt::print("\n{:>5} {:>8} {:>9} {:>10} {}{:>8}  {:<10} {:<10}  {}\n", "rank", "accounts", "edges",
               tested_ ? "score" : "S/account", tested_ ? fmt::format("{:>8} {:>7} ", "q", "lag") : "",
               "density", "first", "last", "who");
    const std::size_t shown = std::min(most, sizes_.size());
    for (std::size_t i = 0; i < shown; ++i) {
      fmt::print("{:>5} {:>8} {:>9} {:>10.2f} {}{:>8.3f}  {:<10} {:<10}  {}\n", i + 1, sizes_[i], edges[i],
                 score[i], tested_ ? fmt::format("{:>8.3g} {:>7} ", q[i], lag_text(lag[i])) : "", density[i],
                 day(first[i]), day(last[i]), who(i + 1, 1));
    }
    if (shown < sizes_.size()) fmt::print("… {} more; --top N shows more of them\n", sizes_.size() - shown);
    if (tested_) {
      fmt::print(
          "\nscore: nats of evidence that the timing is coordinated; q: share of networks scoring at least "
          "this\nhigh that chance would give; lag: median time between a member's action and the nearest "
          "other's\n");
    }
    fmt::print("\nMembers and objects of a network: lockstep show {} --network N\n", file_);
  }

  void network(std::uint32_t rank, std::size_t most) const {
    if (rank == 0 || rank > sizes_.size()) {
      throw Error(ExitCode::usage,
                  fmt::format("--network {}: the file has networks 1 to {}", rank, sizes_.size()));
    }
    const std::size_t i = rank - 1;
    fmt::print("Network {} of {}: {} accounts, {} pairs, score {:.2f}, density {:.3f}\n", rank, name_,
               sizes_[i], number("edges", i), real("score", i), real("density", i));
    if (tested_) {
      fmt::print("q {:.3g}; {} co-acting pairs, {:.1f} expected by chance (lift {:.1f})\n",
                 real("q_value", i), number("observed", i), real("expected", i), real("lift", i));
      fmt::print(
          "{:.0f} % of the members' actions are co-actions; lag {} / {} / {} (quartiles); {} active days\n",
          100 * real("participation", i), lag_text(number("lag_quartile", i)),
          lag_text(number("lag_median", i)), lag_text(number("lag_upper_quartile", i)),
          number("active_days", i));
    }
    fmt::print("id {:016x}, active {} to {}\n", number("id", i),
               format_time(reader_.column<std::int64_t>("networks/first_time")[i], unit_),
               format_time(reader_.column<std::int64_t>("networks/last_time")[i], unit_));
    if (const auto about = who(rank, 4); !about.empty()) fmt::print("{}\n", about);
    links(rank, most);
    members(rank, most);
    objects(rank, most);
  }

 private:
  std::uint64_t number(const std::string& column, std::size_t i) const {
    return reader_.column<std::uint64_t>("networks/" + column)[i];
  }
  double real(const std::string& column, std::size_t i) const {
    return reader_.column<double>("networks/" + column)[i];
  }
  std::string lag_text(std::uint64_t lag) const {
    return fmt::format("{} {}", lag, unit_ == TimeUnit::second ? "s" : "ms");
  }
  std::string day(std::int64_t time) const { return format_time(time, unit_).substr(0, 10); }

  void print_funnel() const {
    const auto stage = reader_.text_column("funnel/stage");
    const auto channel = reader_.text_column("funnel/channel");
    const auto replica = tested_ ? reader_.column<std::uint32_t>("funnel/replica")
                                 : std::vector<std::uint32_t>(stage.size(), 0);
    std::vector<FunnelRow> rows(stage.size());
    for (std::size_t i = 0; i < stage.size(); ++i) {
      rows[i].stage = stage[i];
      rows[i].channel = channel[i];
      rows[i].replica = replica[i];
    }
    const auto fill = [&](const std::string& column, std::uint64_t FunnelRow::*count) {
      const auto counts = reader_.column<std::uint64_t>("funnel/" + column);
      for (std::size_t i = 0; i < rows.size(); ++i) rows[i].*count = counts[i];
    };
    fill("actions", &FunnelRow::actions);
    fill("pairs", &FunnelRow::pairs);
    fill("communities", &FunnelRow::communities);
    fill("dropped", &FunnelRow::dropped);
    const std::uint32_t replicas = replica.empty() ? 0 : std::ranges::max(replica);
    fmt::print("{}: {} networks\n\n{}", name_, sizes_.size(), funnel_table(rows, replicas));
  }

  void compositions() {
    const auto network = reader_.column<std::uint32_t>("composition/network");
    const auto attribute = reader_.text_column("composition/attribute");
    const auto value = reader_.text_column("composition/value");
    const auto accounts = reader_.column<std::uint64_t>("composition/accounts");
    for (std::size_t i = 0; i < network.size(); ++i) {
      compositions_[network[i]][attribute[i]].emplace_back(value[i], accounts[i]);
    }
  }

  /// "platform twitter 93 %, language fa 88 %": the most frequent values of each attribute.
  std::string who(std::size_t rank, std::size_t values) const {
    const auto known = compositions_.find(static_cast<std::uint32_t>(rank));
    if (known == compositions_.end()) return "";
    std::string text;
    for (const auto& [attribute, counts] : known->second) {
      text += (text.empty() ? "" : "; ") + attribute;
      for (std::size_t v = 0; v < std::min(values, counts.size()); ++v) {
        text += fmt::format(" {} {:.0f} %", counts[v].first,
                            100.0 * static_cast<double>(counts[v].second) / sizes_[rank - 1]);
      }
    }
    return text;
  }

  /// Other networks that this one has edges with: what is listed as two may be one.
  void links(std::uint32_t rank, std::size_t most) const {
    const auto a = reader_.column<std::uint32_t>("links/network_a");
    const auto b = reader_.column<std::uint32_t>("links/network_b");
    const auto edges = reader_.column<std::uint64_t>("links/edges");
    const auto evidence = reader_.column<std::uint64_t>("links/evidence");
    std::vector<std::size_t> rows;
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (a[i] == rank || b[i] == rank) rows.push_back(i);
    }
    if (rows.empty()) return;
    std::stable_sort(rows.begin(), rows.end(), [&](auto i, auto j) { return edges[i] > edges[j]; });
    fmt::print("\n{:<16} {:>9} {:>9} {:>14}\n", "linked network", "accounts", "edges", "shared objects");
    for (std::size_t r = 0; r < std::min(most, rows.size()); ++r) {
      const std::size_t i = rows[r];
      const std::uint32_t other = a[i] == rank ? b[i] : a[i];
      fmt::print("{:<16} {:>9} {:>9} {:>14}\n", other, sizes_[other - 1], edges[i], evidence[i]);
    }
    if (rows.size() > most) fmt::print("… {} more; --top N shows more of them\n", rows.size() - most);
  }

  void members(std::uint32_t rank, std::size_t most) const {
    const auto network = reader_.column<std::uint32_t>("members/network");
    const auto account = reader_.column<std::uint32_t>("members/account");
    const auto degree = reader_.column<std::uint32_t>("members/degree");
    const auto strength = reader_.column<std::uint64_t>("members/strength");
    const auto names = reader_.text_column("accounts/name");
    const auto display = reader_.text_column("accounts/display_name");
    const auto range = std::equal_range(network.begin(), network.end(), rank);
    std::vector<std::size_t> rows(static_cast<std::size_t>(range.second - range.first));
    std::iota(rows.begin(), rows.end(), static_cast<std::size_t>(range.first - network.begin()));
    std::sort(rows.begin(), rows.end(), [&](auto i, auto j) {
      return std::tie(strength[j], names[account[i]]) < std::tie(strength[i], names[account[j]]);
    });
    fmt::print("\n{:<40} {:>9} {:>14}\n", "member", "partners", "shared objects");
    for (std::size_t r = 0; r < std::min(most, rows.size()); ++r) {
      std::string name = names[account[rows[r]]];
      if (!display[account[rows[r]]].empty()) name += " (" + display[account[rows[r]]] + ")";
      fmt::print("{:<40} {:>9} {:>14}\n", shortened(name, 40), degree[rows[r]], strength[rows[r]]);
    }
    if (rows.size() > most) fmt::print("… {} more; --top N shows more of them\n", rows.size() - most);
  }

  void objects(std::uint32_t rank, std::size_t most) const {
    const auto network = reader_.column<std::uint32_t>("evidence/network");
    const auto object = reader_.column<std::uint64_t>("evidence/object");
    const auto channel = reader_.column<std::uint32_t>("evidence/channel");
    const auto accounts = reader_.column<std::uint64_t>("evidence/accounts");
    const auto actions = reader_.column<std::uint64_t>("evidence/actions");
    const auto first = reader_.column<std::int64_t>("evidence/first_time");
    const auto last = reader_.column<std::int64_t>("evidence/last_time");
    const auto names = reader_.text_column("objects/name");
    const auto channels = reader_.text_column("channels/name");
    const auto range = std::equal_range(network.begin(), network.end(), rank);
    fmt::print("\n{:<50} {:<12} {:>8} {:>8}  {:<20} {:<20}\n", "object", "channel", "accounts", "actions",
               "first", "last");
    const auto begin = static_cast<std::size_t>(range.first - network.begin());
    const auto end = static_cast<std::size_t>(range.second - network.begin());
    for (std::size_t i = begin; i < std::min(end, begin + most); ++i) {
      std::string name = names[object[i]];
      std::replace(name.begin(), name.end(), '\x1f', ' ');
      fmt::print("{:<50} {:<12} {:>8} {:>8}  {:<20} {:<20}\n", shortened(name, 50),
                 shortened(channels[channel[i]], 12), accounts[i], actions[i], format_time(first[i], unit_),
                 format_time(last[i], unit_));
    }
  }

  std::string file_;
  Hdf5Reader reader_;
  std::string name_;
  TimeUnit unit_ = TimeUnit::second;
  bool tested_ = false;  ///< by the significance rule
  std::vector<std::uint32_t> sizes_;
  std::map<std::uint32_t, std::map<std::string, std::vector<std::pair<std::string, std::uint64_t>>>>
      compositions_;
};

}  // namespace

void add_show(CLI::App& app, const Comm& comm) {
  struct Options {
    std::string file;
    std::optional<std::uint32_t> network;
    std::size_t top = 20;
  };
  const auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand("show", "Print the ranked networks of a result file, or one of them");
  command->add_option("RESULTS", options->file, "results.h5 of a run")->required();
  command->add_option("--network", options->network, "Rank of the network to print with members and objects");
  command->add_option("--top", options->top, "Rows to print of each table")->capture_default_str();
  command->callback([options, &comm] {
    attempt(comm, [&] {
      if (!comm.is_root()) return;
      const ResultView view(options->file);
      if (options->network) {
        view.network(*options->network, options->top);
      } else {
        view.ranking(options->top);
      }
    });
  });
}

}  // namespace lockstep
