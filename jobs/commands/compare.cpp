#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cluster/agree.hpp"
#include "cluster/hdf5_reader.hpp"
#include "data/formats/json_text.hpp"
#include "data/study/study_file.hpp"
#include "data/study/study_settings.hpp"
#include "jobs/commands/commands.hpp"
#include "jobs/found_networks.hpp"
#include "src/networks/comparison.hpp"

namespace lockstep {

namespace {

struct Options {
  std::vector<std::string> files;
  double min_jaccard = 0.1;
  bool significant_only = false;
  bool json = false;
  std::size_t top = 20;
};

struct ResultFile {
  std::string file;
  FoundNetworks found;
  Study study;
  std::string input_digest;
};

/// Two result files side by side.
struct ComparedPair {
  const ResultFile& a;
  const ResultFile& b;
  NetworkComparison networks;
  std::vector<SettingDifference> settings;
};

ResultFile read_result(const std::string& file, bool significant_only) {
  const Hdf5Reader reader(file);
  return {file, read_networks(file, significant_only), parse_study(reader.attribute("study"), file),
          reader.attribute("input_digest")};
}

/// The accounts that are in a network of either, found by name.
std::vector<ComparedAccount> join_accounts(const FoundNetworks& a, const FoundNetworks& b) {
  std::map<std::string_view, ComparedAccount> accounts;
  for (std::size_t i = 0; i < a.accounts.size(); ++i) {
    if (a.networks[i] != 0) accounts[a.accounts[i]].a = a.networks[i];
  }
  for (std::size_t i = 0; i < b.accounts.size(); ++i) {
    if (b.networks[i] != 0) accounts[b.accounts[i]].b = b.networks[i];
  }
  std::vector<ComparedAccount> joined;
  for (const auto& [name, account] : accounts) joined.push_back(account);
  return joined;
}

/// Each file with the next, then the first with each that is not next to it.
std::vector<std::pair<std::size_t, std::size_t>> pairs_of(std::size_t files) {
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  for (std::size_t i = 1; i < files; ++i) pairs.emplace_back(i - 1, i);
  for (std::size_t i = 2; i < files; ++i) pairs.emplace_back(0, i);
  return pairs;
}

std::string figure(const std::optional<double>& value) {
  return value ? fmt::format("{:.4f}", *value) : "-";
}

/// What became of A's network, or where B's comes from.
std::string_view what_happened(const NetworkMatch& match) {
  if (match.persists()) return "persists";
  return match.best_of_a ? "joins" : "splits off";
}

void print_rest(std::size_t rows, std::size_t shown) {
  if (rows > shown) fmt::print("… {} more; --top N shows more of them\n", rows - shown);
}

void print_lone(const std::vector<SizedNetwork>& networks, std::string_view which, std::string_view why,
                std::size_t most) {
  if (networks.empty()) return;
  fmt::print("\nonly in {}: {} networks {}\n{:>9} {:>9}\n", which, networks.size(), why, "network",
             "accounts");
  for (std::size_t i = 0; i < std::min(most, networks.size()); ++i) {
    fmt::print("{:>9} {:>9}\n", networks[i].rank, networks[i].size);
  }
  print_rest(networks.size(), most);
}

void print_settings(const ComparedPair& pair) {
  if (pair.a.input_digest != pair.b.input_digest) fmt::print("the actions read differ\n");
  if (pair.settings.empty()) {
    fmt::print("the same settings\n");
    return;
  }
  fmt::print("settings that differ\n");
  for (const auto& [key, a, b] : pair.settings) {
    fmt::print("  {}: {} | {}\n", key, a.empty() ? "(none)" : a, b.empty() ? "(none)" : b);
  }
}

void print_agreement(const Agreement& agreement, std::string_view over) {
  fmt::print("NMI {}, ARI {} over {} accounts {}\n", figure(agreement.normalized_mutual_information),
             figure(agreement.adjusted_rand_index), agreement.accounts, over);
}

void print_pair(const ComparedPair& pair, const Options& options) {
  const NetworkComparison& networks = pair.networks;
  fmt::print("A {}: {} networks\nB {}: {} networks\n", pair.a.file, pair.a.found.listed, pair.b.file,
             pair.b.found.listed);
  print_settings(pair);
  fmt::print("\nmatched: {} networks persist\n", networks.persisting());
  if (!networks.matches.empty()) {
    fmt::print("{:>9} {:>9} {:>9} {:>9} {:>9} {:>8}\n", "A", "accounts", "B", "accounts", "shared",
               "Jaccard");
  }
  for (std::size_t i = 0; i < std::min(options.top, networks.matches.size()); ++i) {
    const NetworkMatch& match = networks.matches[i];
    fmt::print("{:>9} {:>9} {:>9} {:>9} {:>9} {:>8.4f}  {}\n", match.a.rank, match.a.size, match.b.rank,
               match.b.size, match.shared, match.jaccard(), what_happened(match));
  }
  print_rest(networks.matches.size(), options.top);
  print_lone(networks.only_a, "A", "disappear", options.top);
  print_lone(networks.only_b, "B", "appear", options.top);
  fmt::print("\naccounts in networks: {} in both, {} only in A (lost), {} only in B (gained)\n",
             networks.both.accounts, networks.lost, networks.gained);
  print_agreement(networks.either,
                  "in a network of either; one in no network counts as a network of its own");
  print_agreement(networks.both, "in a network of both");
}

void print_summary(const std::vector<ComparedPair>& pairs) {
  fmt::print("\n{:>8} {:>11} {:>8} {:>8} {:>9} {:>8} {:>8}  {}\n", "persist", "disappear", "appear", "lost",
             "gained", "NMI", "ARI", "results");
  for (const auto& pair : pairs) {
    const NetworkComparison& networks = pair.networks;
    fmt::print("{:>8} {:>11} {:>8} {:>8} {:>9} {:>8} {:>8}  {} | {}\n", networks.persisting(),
               networks.only_a.size(), networks.only_b.size(), networks.lost, networks.gained,
               figure(networks.either.normalized_mutual_information),
               figure(networks.either.adjusted_rand_index), pair.a.file, pair.b.file);
  }
}

void print_pairs(const std::vector<ComparedPair>& pairs, const Options& options) {
  for (const auto& pair : pairs) {
    print_pair(pair, options);
    fmt::print("\n");
  }
  fmt::print(
      "persists: each the other's best match; joins: A's best match, but B's network matches another one\n"
      "better; splits off: the other way round. A Jaccard index below {} is no match (--min-jaccard).\n",
      options.min_jaccard);
  if (pairs.size() > 1) print_summary(pairs);
}

std::string json(const std::optional<double>& value) {
  return value ? fmt::format("{}", *value) : "null";
}

std::string json(const SizedNetwork& network) {
  return fmt::format(R"({{"rank":{},"size":{}}})", network.rank, network.size);
}

std::string json(const std::vector<SizedNetwork>& networks) {
  std::vector<std::string> rows;
  for (const auto& network : networks) rows.push_back(json(network));
  return fmt::format("[{}]", fmt::join(rows, ","));
}

std::string json(const Agreement& agreement) {
  return fmt::format(R"({{"accounts":{},"nmi":{},"ari":{}}})", agreement.accounts,
                     json(agreement.normalized_mutual_information), json(agreement.adjusted_rand_index));
}

std::string json(const ComparedPair& pair) {
  const NetworkComparison& networks = pair.networks;
  std::vector<std::string> matches;
  for (const auto& match : networks.matches) {
    matches.push_back(fmt::format(R"({{"a":{},"b":{},"shared":{},"jaccard":{},"what":{}}})", json(match.a),
                                  json(match.b), match.shared, json(std::optional(match.jaccard())),
                                  json_text(what_happened(match))));
  }
  std::vector<std::string> settings;
  for (const auto& [key, a, b] : pair.settings) {
    settings.push_back(
        fmt::format(R"({{"key":{},"a":{},"b":{}}})", json_text(key), json_text(a), json_text(b)));
  }
  return fmt::format(
      R"({{"a":{},"b":{},"same_actions":{},"settings":[{}],"persist":{},"matches":[{}],"only_a":{},"only_b":{},)"
      R"("lost":{},"gained":{},"either":{},"both":{}}})",
      json_text(pair.a.file), json_text(pair.b.file), pair.a.input_digest == pair.b.input_digest,
      fmt::join(settings, ","), networks.persisting(), fmt::join(matches, ","), json(networks.only_a),
      json(networks.only_b), networks.lost, networks.gained, json(networks.either), json(networks.both));
}

void run_compare(const Options& options) {
  std::vector<ResultFile> results;
  for (const auto& file : options.files) results.push_back(read_result(file, options.significant_only));
  std::vector<ComparedPair> pairs;
  for (const auto& [i, j] : pairs_of(results.size())) {
    const ResultFile& a = results[i];
    const ResultFile& b = results[j];
    pairs.push_back({a, b, compare_networks(join_accounts(a.found, b.found), options.min_jaccard),
                     different_settings(a.study, b.study)});
  }
  if (!options.json) {
    print_pairs(pairs, options);
    return;
  }
  std::vector<std::string> rows;
  for (const auto& pair : pairs) rows.push_back(json(pair));
  fmt::print("{{\"min_jaccard\":{},\"pairs\":[{}]}}\n", options.min_jaccard, fmt::join(rows, ","));
}

}  // namespace

void add_compare(CLI::App& app, const Comm& comm) {
  const auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand(
      "compare",
      "Which networks of result files persist, appear and disappear: each file with the next, "
      "and the first with each");
  command->add_option("RESULTS", options->files, "results.h5 of two runs or more")
      ->required()
      ->expected(2, -1);
  command
      ->add_option("--min-jaccard", options->min_jaccard, "Networks with a lower Jaccard index do not match")
      ->check(CLI::Range(1e-9, 1.0))
      ->capture_default_str();
  command->add_flag("--significant-only", options->significant_only,
                    fmt::format("Only networks with a q-value of at most {}", significant_q));
  command->add_flag("--json", options->json, "Print JSON");
  command->add_option("--top", options->top, "Rows to print of each table")->capture_default_str();
  command->callback([options, &comm] {
    attempt(comm, [&] {
      if (comm.is_root()) run_compare(*options);
    });
  });
}

}  // namespace lockstep
