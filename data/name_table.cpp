#include "data/name_table.hpp"

#include <limits>

#include "data/error.hpp"

namespace lockstep {

std::uint32_t NameTable::index_of(std::string_view name) {
  const Digest digest = digest_of(name);
  const auto [place, is_new] = index_.try_emplace(digest, static_cast<std::uint32_t>(digests_.size()));
  if (is_new) {
    if (digests_.size() == std::numeric_limits<std::uint32_t>::max()) {
      throw Error(ExitCode::internal, "more than 2^32 distinct names on one rank: use more ranks");
    }
    digests_.push_back(digest);
    names_.add(name);
  }
  return place->second;
}

}  // namespace lockstep
