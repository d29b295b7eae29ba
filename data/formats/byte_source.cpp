#include "data/formats/byte_source.hpp"

#include <cerrno>
#include <cstring>
#include <limits>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "data/error.hpp"

namespace lockstep {

namespace {

constexpr std::size_t compressed_block_bytes = std::size_t{1} << 18;

[[noreturn]] void throw_system_error(const std::string& path, int number) {
  throw Error(ExitCode::io, fmt::format("{}: {}", path, std::strerror(number)));
}

[[noreturn]] void throw_truncated(const std::string& path) {
  throw Error(ExitCode::io, fmt::format("{}: compressed data ends early; the file is truncated", path));
}

[[noreturn]] void throw_damaged(const std::string& path, const char* reason) {
  throw Error(ExitCode::io, fmt::format("{}: compressed data is damaged ({})", path, reason));
}

class PlainBytes final : public ByteSource {
 public:
  PlainBytes(std::string path, std::uint64_t offset)
      : path_(std::move(path)), file_(::open(path_.c_str(), O_RDONLY | O_CLOEXEC)), position_(offset) {
    if (file_ < 0) throw_system_error(path_, errno);
    if (offset > 0 && ::lseek(file_, static_cast<off_t>(offset), SEEK_SET) < 0) {
      const int number = errno;
      ::close(file_);
      throw_system_error(path_, number);
    }
  }
  ~PlainBytes() override { ::close(file_); }
  PlainBytes(const PlainBytes&) = delete;
  PlainBytes& operator=(const PlainBytes&) = delete;

  std::size_t read(std::span<char> into) override {
    while (true) {
      const ssize_t count = ::read(file_, into.data(), into.size());
      if (count >= 0) {
        position_ += static_cast<std::uint64_t>(count);
        return static_cast<std::size_t>(count);
      }
      if (errno != EINTR) throw_system_error(path_, errno);
    }
  }
  std::uint64_t position() const override { return position_; }

 private:
  std::string path_;
  int file_;
  std::uint64_t position_;
};

class GzipBytes final : public ByteSource {
 public:
  explicit GzipBytes(std::string path) : path_(std::move(path)), file_(gzopen(path_.c_str(), "rbe")) {
    if (file_ == nullptr) throw_system_error(path_, errno);
    gzbuffer(file_, compressed_block_bytes);
  }
  ~GzipBytes() override { gzclose_r(file_); }
  GzipBytes(const GzipBytes&) = delete;
  GzipBytes& operator=(const GzipBytes&) = delete;

  std::size_t read(std::span<char> into) override {
    const auto wanted = std::min<std::size_t>(into.size(), std::numeric_limits<int>::max());
    const int count = gzread(file_, into.data(), static_cast<unsigned>(wanted));
    if (count > 0) {
      refuse_uncompressed();
      return static_cast<std::size_t>(count);
    }
    int code = Z_OK;
    const char* reason = gzerror(file_, &code);
    if (code == Z_ERRNO) throw_system_error(path_, errno);
    if (code == Z_BUF_ERROR || position() == 0) throw_truncated(path_);
    if (code != Z_OK && code != Z_STREAM_END) throw_damaged(path_, reason);
    return 0;
  }
  std::uint64_t position() const override {
    const auto offset = gzoffset(file_);
    return offset > 0 ? static_cast<std::uint64_t>(offset) : 0;
  }

 private:
  /// zlib hands a file without the gzip magic through as it is, which would read rubbish as rows.
  void refuse_uncompressed() {
    if (gzdirect(file_) == 1) throw Error(ExitCode::io, fmt::format("{}: not a gzip file", path_));
  }

  std::string path_;
  gzFile file_;
};

class ZstdBytes final : public ByteSource {
 public:
  explicit ZstdBytes(std::string path)
      : path_(std::move(path)), file_(path_, 0), context_(ZSTD_createDCtx()), input_(compressed_block_bytes) {
    if (context_ == nullptr) throw Error(ExitCode::internal, "out of memory for zstd");
    // Archives packed with `zstd --long=31` are common; the default would refuse them.
    ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, 31);
  }

  std::size_t read(std::span<char> into) override {
    ZSTD_outBuffer out{into.data(), into.size(), 0};
    while (out.pos == 0) {
      if (unread_.pos == unread_.size && !output_waits_) {
        unread_ = ZSTD_inBuffer{input_.data(), file_.read(input_), 0};
        if (unread_.size == 0 && inside_frame_) throw_truncated(path_);
        if (unread_.size == 0) return 0;
      }
      const std::size_t result = ZSTD_decompressStream(context_.get(), &out, &unread_);
      if (ZSTD_isError(result) != 0) throw_damaged(path_, ZSTD_getErrorName(result));
      inside_frame_ = result != 0;
      output_waits_ = inside_frame_ && out.pos == out.size;
    }
    return out.pos;
  }
  std::uint64_t position() const override { return file_.position() - (unread_.size - unread_.pos); }

 private:
  struct FreeContext {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  };

  std::string path_;
  PlainBytes file_;
  std::unique_ptr<ZSTD_DCtx, FreeContext> context_;
  std::vector<char> input_;
  ZSTD_inBuffer unread_{nullptr, 0, 0};
  bool inside_frame_ = true;   // so that an empty file counts as truncated
  bool output_waits_ = false;  // the last output was full: there may be more without new input
};

}  // namespace

bool is_compressed(const std::string& path) {
  return path.ends_with(".gz") || path.ends_with(".zst");
}

std::unique_ptr<ByteSource> open_bytes(const std::string& path, std::uint64_t offset) {
  if (path.ends_with(".gz")) return std::make_unique<GzipBytes>(path);
  if (path.ends_with(".zst")) return std::make_unique<ZstdBytes>(path);
  return std::make_unique<PlainBytes>(path, offset);
}

}  // namespace lockstep
