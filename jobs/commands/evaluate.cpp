#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cluster/agree.hpp"
#include "data/formats/json_text.hpp"
#include "data/formats/rows.hpp"
#include "data/study/study_keys.hpp"
#include "jobs/commands/commands.hpp"
#include "jobs/found_networks.hpp"
#include "src/networks/evaluation.hpp"

namespace lockstep {

namespace {

struct Options {
  std::string results;
  std::string labels;
  std::string account = "account";
  std::string label = "label";
  std::string campaign;  ///< column; empty: a positive label is a campaign
  std::vector<std::string> positive;
  std::vector<std::string> negative;
  std::vector<std::size_t> at = {1, 5, 10, 20};
  bool significant_only = false;
  bool labelled_only = false;
  bool json = false;
  std::size_t top = 20;
};

enum class Truth : std::uint8_t { unlabelled, negative, positive };

struct Label {
  std::string label;
  std::string campaign;
  std::uint64_t line = 0;
  Truth truth = Truth::unlabelled;
};

using Labels = std::unordered_map<std::string, Label>;

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::ranges::find(words, word) != words.end();
}

void add_label(const Options& options, const Row& row, Labels& labels) {
  const auto refuse = [&](const std::string& what) {
    throw Error(ExitCode::bad_data, fmt::format("{}: line {}: {}", options.labels, row.line, what));
  };
  const auto value = [&](std::size_t field) {
    return row.values(field).empty() ? std::string() : std::string(row.values(field).front());
  };
  if (!row.error.empty()) refuse(std::string(row.error));
  const std::string account = value(0);
  if (account.empty()) refuse(fmt::format("no '{}'", options.account));
  Label label{value(1), options.campaign.empty() ? "" : value(2), row.line};
  if (label.campaign.empty()) label.campaign = label.label;
  const auto [known, is_new] = labels.emplace(account, label);
  if (!is_new && (known->second.label != label.label || known->second.campaign != label.campaign)) {
    refuse(fmt::format("'{}' has another label or campaign in line {}; expected one per account", account,
                       known->second.line));
  }
}

Labels read_labels(const Options& options) {
  const auto format = study_keys::format_of({options.labels});
  if (!format) {
    throw Error(
        ExitCode::usage,
        fmt::format("--labels {}: expected a name that ends in .csv, .tsv or .jsonl (or these with .gz "
                    "or .zst)",
                    options.labels));
  }
  std::vector<WantedField> wanted = {{options.account, ""}, {options.label, ""}};
  if (!options.campaign.empty()) wanted.push_back({options.campaign, ""});
  std::vector<std::string> required;
  for (const auto& field : wanted) required.push_back(field.name);
  Labels labels;
  for (const Split& split : plan_splits(options.labels, UINT64_MAX)) {
    const auto rows = open_rows(split, *format, wanted, {""}, required);
    for (Row row; rows->next(row);) add_label(options, row, labels);
  }
  return labels;
}

Truth truth_of(const std::string& label, const Options& options) {
  if (label.empty() || contains(options.negative, label)) {
    return label.empty() ? Truth::unlabelled : Truth::negative;
  }
  if (options.positive.empty() || contains(options.positive, label)) return Truth::positive;
  // Where both kinds are named, a label of neither says nothing.
  return options.negative.empty() ? Truth::negative : Truth::unlabelled;
}

/// "a, b, c, …": the first of the words.
std::string listed(const std::set<std::string>& words) {
  constexpr std::size_t most = 12;
  std::vector<std::string> shown;
  for (const auto& word : words) {
    if (shown.size() == most) break;
    shown.push_back(word);
  }
  return fmt::format("{}{}", fmt::join(shown, ", "), words.size() > most ? ", …" : "");
}

/// Says of every account what it is. Throws Error when the labels do not fit the options.
void tell_truth(const Options& options, Labels& labels) {
  std::set<std::string> words;
  std::uint64_t positives = 0;
  for (auto& [account, label] : labels) {
    if (!label.label.empty()) words.insert(label.label);
    label.truth = truth_of(label.label, options);
    positives += label.truth == Truth::positive ? 1 : 0;
  }
  if (words.empty()) {
    throw Error(ExitCode::bad_data,
                fmt::format("{}: no account has a value in '{}'", options.labels, options.label));
  }
  const auto refuse = [&](const std::string& what) {
    throw Error(ExitCode::usage, fmt::format("{}; the labels in column '{}' of {} are: {}", what,
                                             options.label, options.labels, listed(words)));
  };
  for (const auto& word : options.positive) {
    if (contains(options.negative, word)) refuse(fmt::format("'{}' is --positive and --negative", word));
    if (!words.contains(word)) refuse(fmt::format("--positive {}: no account has this label", word));
  }
  for (const auto& word : options.negative) {
    if (!words.contains(word)) refuse(fmt::format("--negative {}: no account has this label", word));
  }
  if (positives == 0) refuse("every label is --negative: no account is positive");
}

/// The evaluation with what a reader wants to know beside it.
struct Findings {
  Evaluation evaluation;
  std::vector<std::string> campaigns;  ///< names by number
  std::uint64_t listed_networks = 0;
  std::uint64_t labelled_positives = 0;  ///< accounts
  std::uint64_t labelled_negatives = 0;
  std::uint64_t unlabelled_found = 0;  ///< accounts in a listed network of which nothing is known
};

/// Numbers campaigns by name.
std::map<std::string, std::uint32_t> number_campaigns(const Labels& labels) {
  std::map<std::string, std::uint32_t> numbers;
  for (const auto& [account, label] : labels) {
    if (label.truth == Truth::positive) numbers.emplace(label.campaign, 0);
  }
  std::uint32_t number = 0;
  for (auto& [name, its_number] : numbers) its_number = number++;
  return numbers;
}

/// Networks by account name, of the labelled accounts; the unlabelled ones found are appended to `judged`.
std::unordered_map<std::string, std::uint32_t> match(const Options& options, const Labels& labels,
                                                     const FoundNetworks& result, Findings& findings,
                                                     std::vector<JudgedAccount>& judged) {
  std::unordered_map<std::string, std::uint32_t> network_of;
  for (std::size_t i = 0; i < result.accounts.size(); ++i) {
    const auto label = labels.find(result.accounts[i]);
    const bool labelled = label != labels.end() && label->second.truth != Truth::unlabelled;
    if (labelled) network_of.emplace(result.accounts[i], result.networks[i]);
    if (labelled || result.networks[i] == 0) continue;
    ++findings.unlabelled_found;
    if (!options.labelled_only) judged.push_back({result.networks[i], false, 0});
  }
  if (network_of.empty() && !result.accounts.empty()) {
    throw Error(
        ExitCode::bad_data,
        fmt::format("no label matches an account: {} calls accounts such as '{}', {} such as '{}'; is "
                    "--account the right column?",
                    options.labels, labels.begin()->first, options.results, result.accounts.front()));
  }
  return network_of;
}

Findings find_out(const Options& options) {
  const FoundNetworks result = read_networks(options.results, options.significant_only);
  Labels labels = read_labels(options);
  tell_truth(options, labels);
  Findings findings;
  findings.listed_networks = result.listed;
  std::vector<JudgedAccount> judged;
  const auto network_of = match(options, labels, result, findings, judged);
  const auto numbers = number_campaigns(labels);
  for (const auto& [name, number] : numbers) findings.campaigns.push_back(name);
  for (const auto& [account, label] : labels) {
    if (label.truth == Truth::unlabelled) continue;
    const auto known = network_of.find(account);
    const std::uint32_t network = known == network_of.end() ? 0 : known->second;
    const bool positive = label.truth == Truth::positive;
    ++(positive ? findings.labelled_positives : findings.labelled_negatives);
    judged.push_back({network, positive, positive ? numbers.at(label.campaign) : 0});
  }
  findings.evaluation = evaluate(judged, result.scores, static_cast<std::uint32_t>(numbers.size()));
  return findings;
}

std::string figure(const std::optional<double>& value) {
  return value ? fmt::format("{:.4f}", *value) : "-";
}

void print_metric(const std::string& name, const std::optional<double>& value, const std::string& remark) {
  fmt::print("  {:<20} {:>7}  {}\n", name, figure(value), remark);
}

void print_metrics(const Options& options, const Findings& findings) {
  const Evaluation& evaluation = findings.evaluation;
  const AccountCounts& counts = evaluation.accounts;
  fmt::print("{}: {} networks{}\n", options.results, findings.listed_networks,
             options.significant_only ? fmt::format(" with q <= {}", significant_q) : "");
  fmt::print("{}: {} positive and {} negative accounts\n", options.labels, findings.labelled_positives,
             findings.labelled_negatives);
  fmt::print("in networks: {} accounts without a label, {}\n", findings.unlabelled_found,
             options.labelled_only ? "left out" : "counted as negatives");
  fmt::print("\naccounts\n");
  print_metric("precision", counts.precision(),
               fmt::format("{} of {} in networks are positive", counts.found_positives, counts.found));
  print_metric("recall", counts.recall(),
               fmt::format("{} of {} positives are in networks", counts.found_positives, counts.positives));
  print_metric("F1", counts.f1(), "");
  print_metric("ROC-AUC", evaluation.roc_auc,
               fmt::format("ranking of {} accounts by their network's score", counts.accounts));
  print_metric("average precision", evaluation.average_precision,
               fmt::format("the same ranking; by chance {:.4f}",
                           static_cast<double>(counts.positives) / static_cast<double>(counts.accounts)));
  fmt::print("\nnetworks\n");
  print_metric("weighted precision", evaluation.weighted_precision, "purity, by size and purity");
  print_metric("NMI", evaluation.normalized_mutual_information, "networks and campaigns of found positives");
  print_metric("ARI", evaluation.adjusted_rand_index, "likewise");
  for (const std::size_t k : options.at) {
    print_metric(fmt::format("precision at {}", k), precision_at(evaluation.networks, k),
                 "networks mostly of positives");
  }
}

void print_rest(std::size_t rows, std::size_t shown) {
  if (rows > shown) fmt::print("… {} more; --top N shows more of them\n", rows - shown);
}

void print_networks(const Findings& findings, std::size_t most) {
  const auto& networks = findings.evaluation.networks;
  fmt::print("\n{:>7} {:>9} {:>9} {:>7}  {}\n", "network", "accounts", "positive", "purity",
             "campaign of most positives");
  std::size_t judged = 0;
  for (std::size_t i = 0; i < networks.size(); ++i) {
    const NetworkVerdict& network = networks[i];
    if (network.size == 0 || ++judged > most) continue;
    fmt::print("{:>7} {:>9} {:>9} {:>7.4f}  {}\n", i + 1, network.size, network.positives, network.purity(),
               network.positives > 0 ? findings.campaigns[network.campaign] : "-");
  }
  print_rest(judged, most);
}

/// "3 (92 %), 7 (4 %), …": the networks that hold most of the campaign.
std::string whereabouts(const CampaignVerdict& campaign) {
  constexpr std::size_t most = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(most, campaign.networks.size()); ++i) {
    const auto& [network, members] = campaign.networks[i];
    text += fmt::format("{}{} ({:.0f} %)", i == 0 ? "" : ", ", network,
                        100.0 * static_cast<double>(members) / static_cast<double>(campaign.members));
  }
  return text + (campaign.networks.size() > most ? ", …" : "");
}

void print_campaigns(const Findings& findings, std::size_t most) {
  const auto& campaigns = findings.evaluation.campaigns;
  fmt::print("\n{:<30} {:>9} {:>9} {:>7} {:>9}  {}\n", "campaign", "accounts", "found", "recall", "networks",
             "most of it in");
  for (std::size_t i = 0; i < std::min(most, campaigns.size()); ++i) {
    const CampaignVerdict& campaign = campaigns[i];
    fmt::print("{:<30} {:>9} {:>9} {:>7.4f} {:>9}  {}\n", findings.campaigns[i], campaign.members,
               campaign.found, campaign.recall(), campaign.networks.size(), whereabouts(campaign));
  }
  print_rest(campaigns.size(), most);
}

std::string json(const std::optional<double>& value) {
  return value ? fmt::format("{}", *value) : "null";
}

std::string json(const std::string& text) {
  return json_text(text);
}

std::string json_accounts(const Findings& findings) {
  const Evaluation& evaluation = findings.evaluation;
  const AccountCounts& counts = evaluation.accounts;
  return fmt::format(
      R"({{"judged":{},"positives":{},"found":{},"found_positives":{},"labelled_negatives":{},)"
      R"("unlabelled_found":{},"precision":{},"recall":{},"f1":{},"roc_auc":{},"average_precision":{}}})",
      counts.accounts, counts.positives, counts.found, counts.found_positives, findings.labelled_negatives,
      findings.unlabelled_found, json(counts.precision()), json(counts.recall()), json(counts.f1()),
      json(evaluation.roc_auc), json(evaluation.average_precision));
}

std::string json_networks(const Findings& findings) {
  std::vector<std::string> rows;
  const auto& networks = findings.evaluation.networks;
  for (std::size_t i = 0; i < networks.size(); ++i) {
    const NetworkVerdict& network = networks[i];
    if (network.size == 0) continue;
    rows.push_back(fmt::format(
        R"({{"rank":{},"size":{},"positives":{},"campaign":{},"campaign_members":{},"purity":{}}})", i + 1,
        network.size, network.positives,
        network.positives > 0 ? json(findings.campaigns[network.campaign]) : "null", network.campaign_members,
        json(network.purity())));
  }
  return fmt::format("[{}]", fmt::join(rows, ","));
}

std::string json_campaigns(const Findings& findings) {
  std::vector<std::string> rows;
  for (std::size_t i = 0; i < findings.campaigns.size(); ++i) {
    const CampaignVerdict& campaign = findings.evaluation.campaigns[i];
    std::vector<std::string> networks;
    for (const auto& [network, members] : campaign.networks) {
      networks.push_back(fmt::format(
          R"({{"rank":{},"members":{},"share":{}}})", network, members,
          json(std::optional(static_cast<double>(members) / static_cast<double>(campaign.members)))));
    }
    rows.push_back(fmt::format(R"({{"campaign":{},"members":{},"found":{},"recall":{},"networks":[{}]}})",
                               json(findings.campaigns[i]), campaign.members, campaign.found,
                               json(std::optional(campaign.recall())), fmt::join(networks, ",")));
  }
  return fmt::format("[{}]", fmt::join(rows, ","));
}

void print_json(const Options& options, const Findings& findings) {
  const Evaluation& evaluation = findings.evaluation;
  std::vector<std::string> at;
  for (const std::size_t k : options.at) {
    at.push_back(fmt::format(R"({{"k":{},"precision":{}}})", k, json(precision_at(evaluation.networks, k))));
  }
  fmt::print(
      R"({{"results":{},"labels":{},"listed_networks":{},"accounts":{},"weighted_precision":{},"nmi":{},)"
      R"("ari":{},"precision_at":[{}],"networks":{},"campaigns":{}}})"
      "\n",
      json(options.results), json(options.labels), findings.listed_networks, json_accounts(findings),
      json(evaluation.weighted_precision), json(evaluation.normalized_mutual_information),
      json(evaluation.adjusted_rand_index), fmt::join(at, ","), json_networks(findings),
      json_campaigns(findings));
}

void print_findings(const Options& options, const Findings& findings) {
  if (options.json) {
    print_json(options, findings);
    return;
  }
  print_metrics(options, findings);
  print_networks(findings, options.top);
  print_campaigns(findings, options.top);
}

void add_options(CLI::App& command, Options& options) {
  command.add_option("RESULTS", options.results, "results.h5 of a run")->required();
  command
      .add_option("--labels", options.labels,
                  "Labels of accounts: a csv, tsv or jsonl file, plain, .gz or .zst")
      ->required();
  command.add_option("--account", options.account, "Its column with the account")->capture_default_str();
  command.add_option("--label", options.label, "Its column with the label")->capture_default_str();
  command.add_option("--campaign", options.campaign,
                     "Its column with the campaign of positive accounts; without it, or where it is empty: "
                     "the label");
  // One value each, so that RESULTS may follow.
  command
      .add_option("--positive", options.positive,
                  "A label of coordinated accounts (default: all but --negative)")
      ->allow_extra_args(false);
  command
      .add_option("--negative", options.negative,
                  "A label of other accounts (default: all but --positive; with both, the remaining "
                  "labels say nothing)")
      ->allow_extra_args(false);
  command.add_option("--at", options.at, "Number of first networks for precision at K")
      ->allow_extra_args(false)
      ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000'000}))
      ->capture_default_str();
  command.add_flag("--significant-only", options.significant_only,
                   fmt::format("Only networks with a q-value of at most {}", significant_q));
  command.add_flag("--labelled-only", options.labelled_only,
                   "Leave accounts without a label out; else those in networks count as negatives");
  command.add_flag("--json", options.json, "Print JSON");
  command.add_option("--top", options.top, "Rows to print of each table")->capture_default_str();
}

}  // namespace

void add_evaluate(CLI::App& app, const Comm& comm) {
  const auto options = std::make_shared<Options>();
  auto* command =
      app.add_subcommand("evaluate", "Compare the networks of a result file with known labels of accounts");
  add_options(*command, *options);
  command->callback([options, &comm] {
    attempt(comm, [&] {
      if (comm.is_root()) print_findings(*options, find_out(*options));
    });
  });
}

}  // namespace lockstep
