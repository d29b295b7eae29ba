#include <gtest/gtest.h>

#include "cluster/environment.hpp"

// Comm::self() needs MPI, not its launcher.
int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  const lockstep::Environment environment(argc, argv);
  return RUN_ALL_TESTS();
}
