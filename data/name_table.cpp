#include "data/name_table.hpp"

#include "data/error.hpp"
#include "data/prefetch.hpp"

namespace lockstep {

NameTable::Slot& NameTable::find(const Digest& digest) {
  for (std::size_t at = home(digest);; at = (at + 1) & (slots_.size() - 1)) {
    Slot& slot = slots_[at];
    if (slot.index == nobody || (slot.tag == tag_of(digest) && digests_[slot.index] == digest)) return slot;
  }
}

void NameTable::grow() {
  constexpr std::size_t fewest = 16;
  slots_ = std::vector<Slot>(slots_.empty() ? fewest : 2 * slots_.size());
  for (std::uint32_t i = 0; i < digests_.size(); ++i) find(digests_[i]) = {i, tag_of(digests_[i])};
}

std::uint32_t NameTable::index_of(std::string_view name, const Digest& digest) {
  if (digests_.size() >= slots_.size() / 4 * 3) grow();
  Slot& slot = find(digest);
  if (slot.index != nobody) return slot.index;
  if (digests_.size() == nobody) {
    throw Error(ExitCode::internal, "more than 2^32 distinct names on one rank: use more ranks");
  }
  slot = {static_cast<std::uint32_t>(digests_.size()), tag_of(digest)};
  digests_.push_back(digest);
  names_.add(name);
  return slot.index;
}

std::vector<std::uint32_t> NameTable::indices_of(const TextPool& names) {
  std::vector<Digest> digests;
  digests.reserve(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) digests.push_back(digest_of(names[i]));
  std::vector<std::uint32_t> indices;
  indices.reserve(names.size());
  if (slots_.empty()) grow();
  for_each_ahead(
      digests, [&](const Digest& digest) { prefetch(&slots_[home(digest)]); },
      [&](const Digest& digest) {
        const std::uint32_t index = slots_[home(digest)].index;
        if (index != nobody) prefetch(&digests_[index]);
      },
      [&](const Digest& digest) { indices.push_back(index_of(names[indices.size()], digest)); });
  return indices;
}

}  // namespace lockstep
