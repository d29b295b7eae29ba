#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>

#include "tests/ranks/world.hpp"

namespace lockstep::test {

/// An empty folder that all ranks see while it lives. Making and destroying it is collective.
class SharedFolder {
 public:
  SharedFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "lockstep-ranks-XXXXXX").string();
    if (world().is_root() && mkdtemp(name.data()) == nullptr) name.clear();
    path_ = world().broadcast(name);
    if (path_.empty()) throw std::runtime_error("no folder for temporary files");
  }
  ~SharedFolder() {
    world().barrier();
    if (world().is_root()) std::filesystem::remove_all(path_);
  }
  SharedFolder(const SharedFolder&) = delete;
  SharedFolder& operator=(const SharedFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  /// The root writes a file that every rank sees afterwards. Collective.
  void write(const std::string& name, std::string_view text) const {
    if (world().is_root()) std::ofstream(path_ / name, std::ios::binary) << text;
    world().barrier();
  }

 private:
  std::filesystem::path path_;
};

inline std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace lockstep::test
