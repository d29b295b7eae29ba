#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/study/study.hpp"
#include "src/log/sample_estimates.hpp"
#include "src/log/scan.hpp"

namespace lockstep {

/// A file of the study, and what a sample says of it.
struct SampledFile {
  std::string path;
  std::uint32_t input = 0;
  std::uint64_t bytes = 0;
  bool compressed = false;
  std::uint64_t bytes_read = 0;
  std::uint64_t rows_read = 0;
  double rows = 0;  ///< estimated from the bytes of the rows that were read
};

/// Some of the rows of a study's inputs.
struct LogSample {
  explicit LogSample(std::size_t channels) : log(channels), actions(channels) {}

  ScannedLog log;
  std::vector<SampledFile> files;
  std::vector<RowSpan> spans;                       ///< the rows that were read
  std::vector<std::vector<SampledAction>> actions;  ///< by channel
  double seconds = 0;                               ///< that reading took, on one core

  std::uint64_t bytes() const;       ///< of all files
  std::uint64_t bytes_read() const;  ///< of them
  double rows() const;               ///< estimated, of all files
  bool is_complete() const { return bytes_read() == bytes(); }
  /// Rows of all files per row read, at least 1.
  double scale() const;
};

/// Reads about `sample_bytes` of the study's inputs (of compressed ones as they lie on disk): pieces evenly
/// placed over plain files, the beginnings of compressed ones; everything where there is no more. Local.
/// Throws Error: usage for globs and columns that name nothing, io, bad_data where rows cannot be told apart
/// and where no row was read.
LogSample read_sample(const Study& study, std::uint64_t sample_bytes);

}  // namespace lockstep
