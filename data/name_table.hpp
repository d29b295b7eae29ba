#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <tsl/robin_map.h>

#include "data/digest.hpp"

namespace lockstep {

/// Texts one after another: 8 bytes more than their characters each.
class TextPool {
 public:
  std::size_t size() const { return ends_.size(); }
  std::string_view operator[](std::size_t i) const {
    const std::uint64_t begin = i == 0 ? 0 : ends_[i - 1];
    return {bytes_.data() + begin, ends_[i] - begin};
  }
  void add(std::string_view text) {
    bytes_.insert(bytes_.end(), text.begin(), text.end());
    ends_.push_back(bytes_.size());
  }

 private:
  std::vector<char> bytes_;
  std::vector<std::uint64_t> ends_;
};

/// Distinct names, numbered 0, 1, … in the order in which they were first seen.
class NameTable {
 public:
  /// The number of `name`, a new one where it was not seen before.
  std::uint32_t index_of(std::string_view name);
  /// Adds a name that is not in yet to a table that is only listed, where digests and numbers are not asked
  /// for.
  void list(std::string_view name) { names_.add(name); }
  std::size_t size() const { return names_.size(); }
  const Digest& digest(std::size_t index) const { return digests_[index]; }
  std::string_view name(std::size_t index) const { return names_[index]; }

 private:
  struct Hash {
    std::size_t operator()(const Digest& digest) const { return digest.low; }
  };
  tsl::robin_map<Digest, std::uint32_t, Hash> index_;
  std::vector<Digest> digests_;
  TextPool names_;
};

}  // namespace lockstep
