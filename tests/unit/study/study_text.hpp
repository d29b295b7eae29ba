#pragma once

#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "data/error.hpp"
#include "data/study/study_file.hpp"

/// Study files for tests.
namespace lockstep {

/// A study file of one line per key; a test replaces or adds lines of one table.
struct Lines {
  std::string study = "name = 'x'\n";
  std::string input = "files = 'a.csv'\naccount = 'who'\ntime = 'when'\n";
  std::string channel = "name = 'url'\nobject = 'link'\n";
  std::string rest = "";

  std::string text() const {
    return "[study]\n" + study + "[[input]]\n" + input + "[[channel]]\n" + channel + rest;
  }
};

inline Study parse(const Lines& lines) {
  return parse_study(lines.text(), "/there/study.toml");
}

/// The message of the Error that `action` throws; checks its exit code.
inline std::string message_of(ExitCode code, const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(static_cast<int>(error.code()), static_cast<int>(code)) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "no error was thrown";
  return "";
}

}  // namespace lockstep
