#pragma once

#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>

#include <zlib.h>

namespace lockstep::generator {

/// A file that appears under its name only when it is whole: written under a temporary name, renamed by
/// `commit`, removed if `commit` is not reached. Every failure throws Error(io) with path and reason.
class OutputFile {
 public:
  OutputFile(std::filesystem::path path, bool compress);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  /// Text to be written goes to the end of this buffer; call `flush_if_full` now and then.
  std::string& buffer() { return buffer_; }
  void flush_if_full() {
    if (buffer_.size() >= buffer_bytes) flush();
  }
  void commit();

 private:
  static constexpr std::size_t buffer_bytes = std::size_t{1} << 20U;
  void flush();
  [[noreturn]] void fail(std::string_view what) const;

  std::filesystem::path path_;
  std::filesystem::path temporary_;
  std::FILE* plain_ = nullptr;
  gzFile compressed_ = nullptr;
  std::string buffer_;
};

}  // namespace lockstep::generator
