#pragma once

#include <gtest/gtest.h>

#include "cluster/comm.hpp"

namespace lockstep::test {

/// All ranks of the test program. Every rank runs every test: a test must make the same collective calls on
/// all of them. EXPECT_… may fail on any rank. ASSERT_… that fails, or an exception, ends the whole job
/// where there is more than one rank, as the others would wait for this one for ever.
const Comm& world();

}  // namespace lockstep::test
