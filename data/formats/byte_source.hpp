#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace lockstep {

/// The bytes of a file from first to last, decompressed where the file is compressed.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Fills `into` from the front and returns the number of bytes, at least 1; 0 at the end of the file.
  /// Throws Error(io) on read errors and on truncated or damaged compressed data.
  virtual std::size_t read(std::span<char> into) = 0;
  /// Bytes of the file consumed so far (compressed bytes for compressed files).
  virtual std::uint64_t position() const = 0;
};

/// Whether the name says that the file is compressed (.gz, .zst).
bool is_compressed(const std::string& path);

/// Opens a file; `offset` is the first byte to be read and must be 0 for a compressed file.
/// Throws Error(io) when the file cannot be opened.
std::unique_ptr<ByteSource> open_bytes(const std::string& path, std::uint64_t offset = 0);

}  // namespace lockstep
