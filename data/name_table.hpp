#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

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
  /// Keeps its memory.
  void clear() {
    bytes_.clear();
    ends_.clear();
  }

 private:
  std::vector<char> bytes_;
  std::vector<std::uint64_t> ends_;
};

/// Distinct names, numbered 0, 1, … in the order in which they were first seen. Besides its text a name takes
/// 24 bytes, and 11 to 21 in the index.
class NameTable {
 public:
  /// The number of `name`, a new one where it was not seen before. Throws Error(internal) beyond 2^32 − 1
  /// names.
  std::uint32_t index_of(std::string_view name) { return index_of(name, digest_of(name)); }
  /// The same for many names, in their order: a large table lies anywhere in memory, and all at once it can
  /// be asked ahead.
  std::vector<std::uint32_t> indices_of(const TextPool& names);
  /// Adds a name that is not in yet to a table that is only listed, where digests and numbers are not asked
  /// for.
  void list(std::string_view name) { names_.add(name); }
  std::size_t size() const { return names_.size(); }
  const Digest& digest(std::size_t index) const { return digests_[index]; }
  std::string_view name(std::size_t index) const { return names_[index]; }

 private:
  /// Open addressing: where a digest's low bits lead, or in the next free slot after that. Most other names
  /// are told apart by the tag, without a look at their digests.
  struct Slot {
    std::uint32_t index = nobody;
    std::uint32_t tag = 0;
  };
  static constexpr std::uint32_t nobody = UINT32_MAX;
  static std::uint32_t tag_of(const Digest& digest) { return static_cast<std::uint32_t>(digest.high); }

  std::uint32_t index_of(std::string_view name, const Digest& digest);
  std::size_t home(const Digest& digest) const { return digest.low & (slots_.size() - 1); }
  /// The digest's slot, or the free one where it belongs.
  Slot& find(const Digest& digest);
  void grow();

  std::vector<Slot> slots_;  ///< a power of two, of which at most three quarters are taken
  std::vector<Digest> digests_;
  TextPool names_;
};

}  // namespace lockstep
