#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cluster/comm.hpp"
#include "data/name_table.hpp"

namespace lockstep {

/// The distinct names of all ranks with their dense ids. Names come in groups (the channels, for objects);
/// an id is the name's position in the global order by (group, digest), so it does not depend on ranks.
/// A name lives on one rank only, which its digest decides: 24 bytes and its characters.
class Dictionary {
 public:
  /// A name that this rank has met.
  struct Entry {
    std::uint32_t group;
    Digest digest;
    std::string_view name;
  };
  struct Built;
  /// Gives every distinct (group, name) of all ranks its id. Collective.
  static Built build(const Comm& comm, std::uint32_t groups, const std::vector<Entry>& entries);

  /// Names in all groups.
  std::uint64_t size() const { return first_.back(); }
  /// The ids of a group are group_begin(group) … group_begin(group + 1) − 1.
  std::uint64_t group_begin(std::uint32_t group) const { return first_[group * ranks_]; }
  /// The group that an id belongs to.
  std::uint32_t group_of(std::uint64_t id) const { return static_cast<std::uint32_t>(piece_of(id) / ranks_); }
  /// The rank where the name of an id lives.
  int owner(std::uint64_t id) const { return static_cast<int>(piece_of(id) % ranks_); }

  /// Of an id that lives on this rank: its place here (0 … names on this rank − 1), digest and name.
  std::size_t place(std::uint64_t id) const;
  const Digest& digest(std::uint64_t id) const { return digests_[place(id)]; }
  std::string_view name(std::uint64_t id) const { return names_[place(id)]; }
  std::size_t local_size() const { return digests_.size(); }
  /// The id of a place.
  std::uint64_t id_at(std::size_t place) const;

  /// The names of ids, wherever they live. Collective.
  std::vector<std::string> names(const Comm& comm, const std::vector<std::uint64_t>& ids) const;

 private:
  std::size_t piece_of(std::uint64_t id) const;

  std::size_t ranks_ = 1;
  std::size_t rank_ = 0;
  /// A piece is one group on one rank; piece group * ranks + rank holds ids first_[piece] …
  /// first_[piece+1]−1.
  std::vector<std::uint64_t> first_ = {0};
  std::vector<std::uint64_t> local_begin_;  ///< by group: where it begins in the arrays below
  std::vector<Digest> digests_;
  TextPool names_;
};

struct Dictionary::Built {
  Dictionary dictionary;
  std::vector<std::uint64_t> ids;  ///< of the entries, in their order
};

}  // namespace lockstep
