#include "data/generator/output_file.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "data/error.hpp"

namespace lockstep::generator {

OutputFile::OutputFile(std::filesystem::path path, bool compress)
    : path_(std::move(path)), temporary_(path_.string() + ".partial") {
  buffer_.reserve(buffer_bytes + 4096);
  errno = 0;
  if (compress) {
    compressed_ = gzopen(temporary_.c_str(), "wb1");  // level 1: the disk should be the limit, not zlib
    if (compressed_ != nullptr) gzbuffer(compressed_, 1U << 18U);
  } else {
    plain_ = std::fopen(temporary_.c_str(), "wb");
    if (plain_ != nullptr) std::setvbuf(plain_, nullptr, _IONBF, 0);  // the buffer is ours
  }
  if (plain_ == nullptr && compressed_ == nullptr) fail("create");
}

OutputFile::~OutputFile() {
  if (temporary_.empty()) return;  // committed
  if (plain_ != nullptr) std::fclose(plain_);
  if (compressed_ != nullptr) gzclose(compressed_);
  std::error_code ignored;  // already on the way out with the error that matters
  std::filesystem::remove(temporary_, ignored);
}

void OutputFile::fail(std::string_view what) const {
  const char* reason = errno != 0 ? std::strerror(errno) : "unknown reason";
  throw Error(ExitCode::io, fmt::format("cannot {} {}: {}", what, path_.string(), reason));
}

void OutputFile::flush() {
  if (buffer_.empty()) return;
  errno = 0;
  const std::size_t written = plain_ != nullptr ? std::fwrite(buffer_.data(), 1, buffer_.size(), plain_)
                                                : gzfwrite(buffer_.data(), 1, buffer_.size(), compressed_);
  if (written != buffer_.size()) fail("write");
  buffer_.clear();
}

void OutputFile::commit() {
  flush();
  errno = 0;
  const bool closed = plain_ != nullptr ? std::fclose(std::exchange(plain_, nullptr)) == 0
                                        : gzclose(std::exchange(compressed_, nullptr)) == Z_OK;
  if (!closed) fail("close");
  errno = 0;
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) fail("rename a temporary file to");
  temporary_.clear();
}

}  // namespace lockstep::generator
