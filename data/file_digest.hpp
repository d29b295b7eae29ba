#pragma once

#include <cstdint>
#include <string>

namespace lockstep {

/// Bytes of a file that are digested together.
inline constexpr std::uint64_t digested_bytes = std::uint64_t{64} << 20;

/// A digest of bytes begin … end − 1 of a file, where `begin` is a multiple of digested_bytes. Those of
/// consecutive pieces add up to that of the whole file, wrapping. Throws Error(io).
std::uint64_t digest_of_file(const std::string& path, std::uint64_t begin = 0,
                             std::uint64_t end = UINT64_MAX);

}  // namespace lockstep
