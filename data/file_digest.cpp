#include "data/file_digest.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <vector>

#include <xxhash.h>

#include "data/digest.hpp"
#include "data/error.hpp"

namespace lockstep {

std::uint64_t digest_of_file(const std::string& path, std::uint64_t begin, std::uint64_t end) {
  std::ifstream in(path, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(begin));
  std::vector<char> buffer(std::size_t{1} << 20);
  const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(), XXH3_freeState);
  std::uint64_t sum = 0;
  for (std::uint64_t piece = begin / digested_bytes; begin < end && in; ++piece) {
    const std::uint64_t piece_end = std::min(end, (piece + 1) * digested_bytes);
    XXH3_64bits_reset(state.get());
    const std::uint64_t piece_begin = begin;
    while (begin < piece_end && in) {
      in.read(buffer.data(),
              static_cast<std::streamsize>(std::min<std::uint64_t>(buffer.size(), piece_end - begin)));
      XXH3_64bits_update(state.get(), buffer.data(), static_cast<std::size_t>(in.gcount()));
      begin += static_cast<std::uint64_t>(in.gcount());
    }
    if (begin > piece_begin) sum += mix(XXH3_64bits_digest(state.get()), piece, begin - piece_begin, 0);
  }
  if (in.bad() || !in.is_open()) throw Error(ExitCode::io, path + ": " + std::strerror(errno));
  return sum;
}

}  // namespace lockstep
