#include "data/generator/generator.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "data/generator/check.hpp"
#include "data/generator/output_file.hpp"
#include "data/generator/plan.hpp"
#include "data/generator/world.hpp"

namespace lockstep {
namespace {

using namespace lockstep::generator;

/// Writes the truth rows of all groups of a kind.
void write_groups(const Plan& plan, const GroupKind& kind, OutputFile& file) {
  const bool viral = kind.label == Label::viral;
  std::uint64_t accounts = kind.count * kind.accounts;
  if (viral) accounts = std::min(accounts, plan.options.accounts);  // then the same accounts come again
  for (std::uint64_t position = 0; position < accounts; ++position) {
    std::string& text = file.buffer();
    append_account_name(plan, viral ? viral_account(plan, position) : kind.first_account + position, text);
    const std::uint64_t number = kind.first_number + position / kind.accounts;
    fmt::format_to(std::back_inserter(text), ",{},{}\n", network_name(kind.label, number),
                   label_name(kind.label));
    file.flush_if_full();
  }
}

constexpr std::string_view study_text = R"([study]
name = "synthetic"

[[input]]
account = "account"
files = ["actions-*.csv{suffix}"]
followers = "followers"
format = "csv"
kind = "kind"
language = "language"
platform = "platform"
region = "region"
time = "time"

[[channel]]
min_shared = 3
name = "co-url"
object = "url"
window = "60s"

[coordination]
rule = "significance"
)";

}  // namespace

std::uint32_t shard_count(const GeneratorOptions& options) {
  return checked(options).shards;
}

void write_truth(const GeneratorOptions& options, const std::filesystem::path& folder) {
  const Plan plan = make_plan(options);
  OutputFile file(folder / "truth.csv", false);
  file.buffer() += "account,network,label\n";
  for (const GroupKind& kind : plan.kinds) write_groups(plan, kind, file);
  file.commit();
}

void write_study(const GeneratorOptions& options, const std::filesystem::path& folder) {
  OutputFile file(folder / "study.toml", false);
  file.buffer() += fmt::format(study_text, fmt::arg("suffix", checked(options).compress ? ".gz" : ""));
  file.commit();
}

}  // namespace lockstep
