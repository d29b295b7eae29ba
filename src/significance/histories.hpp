#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cluster/comm.hpp"
#include "cluster/ranges.hpp"
#include "src/log/action.hpp"
#include "src/significance/null_model.hpp"
#include "src/significance/object_clocks.hpp"

namespace lockstep {

/// One action of an account as the pair test sees it: jitter leaves it where it is. 16 bytes.
struct Visit {
  std::uint64_t object;
  std::uint32_t interval;
  std::uint32_t account;
  auto operator<=>(const Visit&) const = default;
};

/// What accounts did, on the ranks that own them: an account's visits by (object, interval).
class Histories {
 public:
  /// From a sorted log and its objects' clocks; accounts are owned in even ranges. Collective.
  Histories(const Comm& comm, std::span<const Action> log, std::span<const ObjectClock> clocks,
            std::span<const ChannelRule> channels, std::span<const NullModel> models, std::uint64_t accounts);

  int owner(std::uint32_t account) const { return owners_.owner(account); }
  /// Of an account owned here.
  std::span<const Visit> of(std::uint32_t account) const;
  /// Of all accounts owned here.
  std::uint64_t visits() const { return visits_.size(); }

 private:
  Ranges owners_;
  std::uint64_t begin_ = 0;           ///< first own account
  std::vector<std::uint64_t> first_;  ///< by own account
  std::vector<Visit> visits_;
};

}  // namespace lockstep
