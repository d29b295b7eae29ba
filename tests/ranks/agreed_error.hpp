#pragma once

#include <string>

#include "cluster/agree.hpp"
#include "tests/ranks/world.hpp"

namespace lockstep::test {

/// Checks that `call` throws AgreedError with `code` on this rank, and the same message on all ranks; returns
/// the message. Collective.
template <class Call>
std::string agreed_error(ExitCode code, Call call) {
  std::string message = "no error";
  try {
    call();
  } catch (const AgreedError& error) {
    EXPECT_EQ(static_cast<int>(error.code()), static_cast<int>(code)) << error.what();
    message = error.what();
  }
  EXPECT_NE(message, "no error");
  EXPECT_EQ(message, world().broadcast(message));
  return message;
}

}  // namespace lockstep::test
