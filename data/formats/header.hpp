#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/formats/rows.hpp"

namespace lockstep {

/// The first row of a csv/tsv file that is not blank.
struct Header {
  std::vector<std::string> names;
  std::uint64_t end = 0;  ///< offset in the (decompressed) file of the first byte behind the header
};

/// Reads the header of a csv/tsv file. Throws Error(io), Error(bad_data) for a file without one.
Header find_header(const std::string& path, Format format);

/// The column of every wanted field, nothing where the header lacks it. Throws Error(usage) where a lacking
/// column is `required`, Error(bad_data) where a wanted column occurs twice.
std::vector<std::optional<std::size_t>> resolve_columns(const std::string& path, const Header& header,
                                                        const std::vector<WantedField>& wanted,
                                                        const std::vector<std::string>& required);

}  // namespace lockstep
