#include "cluster/agree.hpp"

#include <gtest/gtest.h>

#include "tests/ranks/agreed_error.hpp"

namespace lockstep::test {

namespace {

TEST(Agree, NoErrorIsNoError) {
  agree(world(), std::nullopt);
  EXPECT_EQ(attempt(world(), [] { return std::string("result ") + std::to_string(world().rank()); }),
            "result " + std::to_string(world().rank()));
}

TEST(Agree, TheErrorOfOneRankIsThatOfAll) {
  for (int r = 0; r < world().size(); ++r) {
    const auto message = agreed_error(ExitCode::io, [&] {
      attempt(world(), [&] {
        if (world().rank() == r) throw Error(ExitCode::io, "file " + std::to_string(r) + " is gone");
        return 1;
      });
    });
    EXPECT_EQ(message, "file " + std::to_string(r) + " is gone");
  }
}

TEST(Agree, OfSeveralErrorsTheLowestRanksCounts) {
  for (int lowest = 0; lowest < world().size(); ++lowest) {
    const auto message = agreed_error(lowest == 0 ? ExitCode::usage : ExitCode::bad_data, [&] {
      attempt(world(), [&] {
        if (world().rank() < lowest) return;
        throw Error(world().rank() == 0 ? ExitCode::usage : ExitCode::bad_data,
                    std::string(static_cast<std::size_t>(world().rank()) * 10, '.') + "wrong");
      });
    });
    EXPECT_EQ(message, std::string(static_cast<std::size_t>(lowest) * 10, '.') + "wrong");
  }
}

TEST(Agree, AMessageMayBeEmptyOrLong) {
  for (const std::string& text : {std::string(), std::string(200'000, 'x')}) {
    EXPECT_EQ(agreed_error(ExitCode::usage,
                           [&] {
                             attempt(world(), [&] {
                               if (world().rank() == world().size() - 1) throw Error(ExitCode::usage, text);
                             });
                           }),
              text);
  }
}

TEST(Agree, OtherExceptionsAreInternalErrors) {
  const int last = world().size() - 1;
  const auto memory = agreed_error(ExitCode::internal, [&] {
    attempt(world(), [&] {
      if (world().rank() == last) throw std::bad_alloc();
    });
  });
  EXPECT_EQ(memory,
            "out of memory on rank " + std::to_string(last) + ": use more ranks, or nodes with more memory");
  const auto other = agreed_error(ExitCode::internal, [&] {
    attempt(world(), [&] { return world().rank() == last ? std::vector<int>(1).at(1) : 0; });
  });
  EXPECT_NE(other, "");
}

TEST(Agree, FilesThatCannotBeChangedAreFileErrors) {
  const int last = world().size() - 1;
  const auto message = agreed_error(ExitCode::io, [&] {
    attempt(world(), [&] {
      if (world().rank() == last) std::filesystem::rename("/nowhere/file", "/nowhere/other");
    });
  });
  EXPECT_NE(message.find("/nowhere/file: No such file"), std::string::npos) << message;
}

TEST(Agree, WorkGoesOnAfterAnError) {
  for (int round = 0; round < 3; ++round) {
    agreed_error(ExitCode::io, [&] { agree(world(), Error(ExitCode::io, "again")); });
    EXPECT_EQ(world().sum(std::uint64_t{1}), static_cast<std::uint64_t>(world().size()));
  }
}

}  // namespace

}  // namespace lockstep::test
