#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "data/error.hpp"

namespace lockstep::test {

/// An empty folder that goes with the test.
class Folder : public ::testing::Test {
 protected:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "lockstep-unit-XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~Folder() override { std::filesystem::remove_all(folder_); }

  static std::string bytes_of(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static void write(const std::filesystem::path& file, const std::string& bytes) {
    std::ofstream(file, std::ios::binary) << bytes;
  }
  /// Checks that `call` throws Error(io) that names the file.
  template <class Call>
  static void expect_io_error(const std::filesystem::path& file, Call call) {
    try {
      call();
      ADD_FAILURE() << "no error for " << file;
    } catch (const Error& error) {
      EXPECT_EQ(static_cast<int>(error.code()), static_cast<int>(ExitCode::io));
      EXPECT_NE(std::string(error.what()).find(file.string()), std::string::npos) << error.what();
    }
  }

  std::filesystem::path folder_;
};

}  // namespace lockstep::test
