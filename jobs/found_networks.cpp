#include "jobs/found_networks.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "cluster/hdf5_reader.hpp"
#include "data/error.hpp"

namespace lockstep {

FoundNetworks read_networks(const std::string& file, bool significant_only) {
  const Hdf5Reader reader(file);
  FoundNetworks found{reader.text_column("accounts/name"), {}, reader.column<double>("networks/score"), 0};
  std::vector<bool> is_listed(found.scores.size(), true);
  if (significant_only) {
    if (!reader.has("networks/q_value")) {
      throw Error(
          ExitCode::usage,
          fmt::format("{}: --significant-only wants networks/q_value, which a study with [coordination] "
                      "rule = \"significance\" gives",
                      file));
    }
    const auto q_values = reader.column<double>("networks/q_value");
    for (std::size_t i = 0; i < q_values.size(); ++i) is_listed[i] = q_values[i] <= significant_q;
  }
  found.listed = static_cast<std::uint64_t>(std::ranges::count(is_listed, true));
  for (const std::int32_t rank : reader.column<std::int32_t>("accounts/network")) {
    const bool is_member = rank > 0 && is_listed[static_cast<std::size_t>(rank) - 1];
    found.networks.push_back(is_member ? static_cast<std::uint32_t>(rank) : 0);
  }
  return found;
}

}  // namespace lockstep
