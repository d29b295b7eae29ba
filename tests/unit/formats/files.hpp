#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "data/error.hpp"
#include "data/formats/rows.hpp"

namespace lockstep::test {

/// A folder of its own for every test.
class FilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ =
        std::filesystem::path(::testing::TempDir()) / (std::string("lockstep-") + info->test_suite_name() +
                                                       '-' + info->name() + '-' + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string write(const std::string& name, std::string_view text) const {
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
  }

 private:
  std::filesystem::path folder_;
};

inline std::string gzipped(std::string_view text) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

inline std::string zstd_packed(std::string_view text) {
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  packed.resize(ZSTD_compress2(context, packed.data(), packed.size(), text.data(), text.size()));
  ZSTD_freeCCtx(context);
  return packed;
}

/// A row as plain text: "line: value|value,value" (fields by '|', values by ','), or "line! error".
inline std::string shown(const Row& row) {
  if (!row.error.empty()) return std::to_string(row.line) + "! " + std::string(row.error);
  std::string text = std::to_string(row.line) + ": ";
  for (std::size_t field = 0; field + 1 < row.first.size(); ++field) {
    if (field > 0) text += '|';
    const auto values = row.values(field);
    for (std::size_t i = 0; i < values.size(); ++i) text += (i > 0 ? "," : "") + std::string(values[i]);
  }
  return text;
}

inline std::vector<std::string> all_rows(RowReader& reader) {
  std::vector<std::string> rows;
  Row row;
  while (reader.next(row)) rows.push_back(shown(row));
  return rows;
}

/// The message of the Error that `call` throws; checks its exit code.
template <typename Call>
std::string error_of(ExitCode code, Call call) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(static_cast<int>(error.code()), static_cast<int>(code)) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return "";
}

}  // namespace lockstep::test
