#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace lockstep {

/// Reads columns of an HDF5 file on this rank alone. Throws Error(io) that names the file and what it lacks.
class Hdf5Reader {
 public:
  explicit Hdf5Reader(const std::filesystem::path& file);
  ~Hdf5Reader();

  bool has(const std::string& path) const;
  /// A whole column, converted to T.
  template <class T>
  std::vector<T> column(const std::string& path) const;
  std::vector<std::string> text_column(const std::string& path) const;
  std::string attribute(const std::string& name) const;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace lockstep
