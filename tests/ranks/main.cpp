#include <cstdio>
#include <optional>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "cluster/comm.hpp"
#include "cluster/environment.hpp"
#include "tests/ranks/world.hpp"

namespace lockstep::test {

namespace {

std::optional<Comm> the_world;

/// Names the rank of every failure; a fatal one ends all ranks.
class RankPrinter : public ::testing::EmptyTestEventListener {
  void OnTestStart(const ::testing::TestInfo& test) override {
    test_ = std::string(test.test_suite_name()) + '.' + test.name();
  }
  void OnTestPartResult(const ::testing::TestPartResult& result) override {
    if (!result.failed()) return;
    std::ostringstream text;
    text << "rank " << world().rank() << " of " << world().size() << ", " << test_ << ": "
         << (result.file_name() != nullptr ? result.file_name() : "") << ':' << result.line_number() << '\n'
         << result.message() << '\n';
    std::fputs(text.str().c_str(), stderr);
    if (result.fatally_failed() && world().size() > 1) end_all_ranks(ExitCode::internal);
  }

  std::string test_;
};

int run_all() {
  auto& listeners = ::testing::UnitTest::GetInstance()->listeners();
  if (!world().is_root()) delete listeners.Release(listeners.default_result_printer());
  if (world().size() > 1) listeners.Append(new RankPrinter);
  const bool failed = world().any(RUN_ALL_TESTS() != 0);
  if (failed && world().is_root()) std::fputs("a test failed on some rank\n", stderr);
  return failed ? 1 : 0;
}

}  // namespace

const Comm& world() {
  return *the_world;
}

}  // namespace lockstep::test

int main(int argc, char** argv) {
  const lockstep::Environment environment(argc, argv);
  ::testing::InitGoogleTest(&argc, argv);
  lockstep::test::the_world.emplace(lockstep::Comm::world());
  const int code = lockstep::test::run_all();
  lockstep::test::the_world.reset();  // before MPI ends
  return code;
}
