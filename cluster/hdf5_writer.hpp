#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/comm.hpp"

namespace lockstep {

/// What a reader of the file sees beside a column's values.
struct ColumnLabel {
  std::string path;  ///< "group/column"
  std::string unit;  ///< "1" for plain numbers, "s since 1970-01-01 UTC", …
  std::string description;
};

/// Writes one HDF5 file of columns, all ranks together. The file appears under its name when close()
/// returns, whole and on disk; until then there is only a temporary file beside it. Equal columns give equal
/// bytes: no times are stored, and nothing depends on the rank count. Every member is collective and throws
/// AgreedError(io) on all ranks when any rank could not write.
class Hdf5Writer {
 public:
  /// `failed` is told what went wrong before one rank has to end all of them at once: a file that could not
  /// be written cannot be closed either.
  Hdf5Writer(const Comm& comm, std::filesystem::path file,
             std::function<void(const std::string&)> failed = {});
  ~Hdf5Writer();
  Hdf5Writer(const Hdf5Writer&) = delete;
  Hdf5Writer& operator=(const Hdf5Writer&) = delete;

  /// A column of numbers: the values of all ranks in rank order. T: (u)int16/32/64, double.
  template <class T>
  void column(const ColumnLabel& label, std::span<const T> values);
  template <class T>
  void column(const ColumnLabel& label, const std::vector<T>& values) {
    column(label, std::span<const T>(values));
  }
  /// A column of UTF-8 texts: those of all ranks in rank order. Kept in memory until close().
  void text_column(const ColumnLabel& label, std::vector<std::string> values);
  /// An attribute of the file itself; the root's value counts.
  void attribute(const std::string& name, const std::string& text);

  void close();

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace lockstep
