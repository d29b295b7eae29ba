// Files: names, compression, failures; and the arithmetic under them.

#include <algorithm>
#include <cmath>
#include <csignal>
#include <set>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <zlib.h>

#include "data/error.hpp"
#include "data/generator/plan.hpp"
#include "tests/unit/generator/generated_log.hpp"

namespace {

using lockstep::GeneratorOptions;
using lockstep::generator::PowerLaw;

std::string read_compressed(const std::filesystem::path& path) {
  std::string text;
  std::vector<char> chunk(1U << 16U);
  gzFile file = gzopen(path.c_str(), "rb");
  if (file == nullptr) throw std::runtime_error("cannot open " + path.string());
  for (int bytes = 0; (bytes = gzread(file, chunk.data(), static_cast<unsigned>(chunk.size()))) > 0;) {
    text.append(chunk.data(), static_cast<std::size_t>(bytes));
  }
  EXPECT_EQ(gzclose(file), Z_OK);
  return text;
}

/// The message of the Error(io) that `act` throws.
template <typename Act>
std::string io_error(Act act) {
  try {
    act();
  } catch (const lockstep::Error& error) {
    EXPECT_EQ(error.code(), lockstep::ExitCode::io);
    return error.what();
  }
  return "nothing was thrown";
}

TEST(GeneratorOutput, CompressedShardHoldsTheSameRows) {
  GeneratorOptions options = organic_options(5000);
  const TemporaryFolder folder;
  write_shard(options, 0, folder.path);
  options.compress = true;
  write_shard(options, 0, folder.path);
  EXPECT_EQ(read_compressed(folder.path / "actions-0000.csv.gz"),
            read_text(folder.path / "actions-0000.csv"));
  EXPECT_EQ(read_text(folder.path / "actions-0000.csv.gz").substr(0, 2), "\x1f\x8b");
}

TEST(GeneratorOutput, LeavesOnlyFinishedFiles) {
  const TemporaryFolder folder;
  const GeneratorOptions options = organic_options(100);
  write_shard(options, 0, folder.path);
  write_truth(options, folder.path);
  write_study(options, folder.path);
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path)) {
    names.insert(entry.path().filename().string());
  }
  EXPECT_EQ(names, (std::set<std::string>{"actions-0000.csv", "study.toml", "truth.csv"}));
}

TEST(GeneratorOutput, NamesThePathThatCannotBeCreated) {
  const GeneratorOptions options = organic_options(100);
  const TemporaryFolder folder;
  const auto missing = folder.path / "missing";
  const std::string reason = ": No such file or directory";
  EXPECT_EQ(io_error([&] { write_shard(options, 0, missing); }),
            "cannot create " + (missing / "actions-0000.csv").string() + reason);
  EXPECT_EQ(io_error([&] { write_truth(options, missing); }),
            "cannot create " + (missing / "truth.csv").string() + reason);
  EXPECT_EQ(io_error([&] { write_study(options, missing); }),
            "cannot create " + (missing / "study.toml").string() + reason);
}

TEST(GeneratorOutput, FailsAndLeavesNothingWhenTheDiskIsFull) {
  GeneratorOptions options = organic_options(200'000);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{1'000'000, before.rlim_max};  // stands for a full disk
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  for (const bool compress : {false, true}) {
    options.compress = compress;
    const TemporaryFolder folder;
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
    const std::string message = io_error([&] { write_shard(options, 0, folder.path); });
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
    const auto path = folder.path / (compress ? "actions-0000.csv.gz" : "actions-0000.csv");
    EXPECT_EQ(message, "cannot write " + path.string() + ": File too large");
    EXPECT_TRUE(std::filesystem::is_empty(folder.path));
  }
  std::signal(SIGXFSZ, handler);
}

TEST(GeneratorOutput, RefusesAShardThatIsNotThere) {
  const TemporaryFolder folder;
  EXPECT_THROW(write_shard(organic_options(100), 1, folder.path), lockstep::Error);
}

TEST(GeneratorOutput, StudyNamesColumnsAndFilesThatExist) {
  GeneratorOptions options = organic_options(100);
  const TemporaryFolder folder;
  write_shard(options, 0, folder.path);
  write_study(options, folder.path);
  const std::string study = read_text(folder.path / "study.toml");
  const std::string shard = read_text(folder.path / "actions-0000.csv");
  const auto columns = split(shard.substr(0, shard.find('\n')), 8);
  for (const std::string key :
       {"account", "time", "platform", "language", "kind", "region", "followers", "object"}) {
    const std::size_t begin = study.find("\n" + key + " = \"");
    ASSERT_NE(begin, std::string::npos) << key;
    const std::size_t value = begin + key.size() + 5;
    const std::string column = study.substr(value, study.find('"', value) - value);
    EXPECT_NE(std::find(columns.begin(), columns.end(), column), columns.end()) << key << " = " << column;
  }
  for (const std::string line : {"files = [\"actions-*.csv\"]", "name = \"co-url\"", "window = \"60s\"",
                                 "min_shared = 3", "rule = \"significance\"", "format = \"csv\""}) {
    EXPECT_NE(study.find("\n" + line + "\n"), std::string::npos) << line;
  }
  options.compress = true;
  write_study(options, folder.path);
  EXPECT_NE(read_text(folder.path / "study.toml").find("files = [\"actions-*.csv.gz\"]"), std::string::npos);
}

TEST(PowerLaw, QuantileInvertsTheCumulativeShare) {
  for (const double exponent : {0.0, 0.5, 0.9, 1.0, 1.5, 3.0}) {
    const PowerLaw law(1000, exponent, 2.5);
    EXPECT_EQ(law.cumulative(0), 0);
    EXPECT_EQ(law.cumulative(1000), 1);
    for (std::uint64_t rank = 0; rank < 1000; ++rank) {
      const double middle = (law.cumulative(rank) + law.cumulative(rank + 1)) / 2;
      ASSERT_EQ(law.quantile(middle), rank) << exponent;
    }
  }
}

TEST(PowerLaw, WeightsFallAsTheExponentSays) {
  const PowerLaw law(1'000'000, 0.9, 10);
  const auto weight = [&](std::uint64_t rank) { return law.cumulative(rank + 1) - law.cumulative(rank); };
  EXPECT_NEAR(weight(100'000) / weight(1000), std::pow(100'010.5 / 1010.5, -0.9), 1e-4);
}

TEST(PowerLaw, MeetsTheShareOfTheFirstRank) {
  for (const double share : {0.001, 0.01, 0.1}) {
    EXPECT_NEAR(PowerLaw::with_first_share(100'000, 0.9, share).cumulative(1), share, 1e-6);
    EXPECT_NEAR(PowerLaw::with_first_share(100'000, 1.0, share).cumulative(1), share, 1e-6);
  }
}

TEST(Names, AreOneToOne) {
  std::set<std::uint64_t> seen;
  for (std::uint64_t index = 0; index < 100'000; ++index) {
    seen.insert(lockstep::generator::scrambled(index, 0x1234567890ABCDEFU));
  }
  EXPECT_EQ(seen.size(), 100'000U);
  EXPECT_LT(*seen.rbegin(), std::uint64_t{1} << 40U);
}

TEST(Names, ViralAccountsDifferUntilAllHaveBeenCaught) {
  GeneratorOptions options = organic_options(1000);
  for (const std::uint64_t accounts : {10U, 2310U, 4096U}) {
    options.accounts = accounts;
    const auto plan = lockstep::generator::make_plan(options);
    std::set<std::uint64_t> seen;
    for (std::uint64_t position = 5; position < 5 + accounts; ++position) {
      seen.insert(viral_account(plan, position));
    }
    EXPECT_EQ(seen.size(), accounts);
    EXPECT_EQ(*seen.rbegin(), accounts - 1);
  }
}

}  // namespace
