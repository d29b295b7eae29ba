#include "cluster/checked_file.hpp"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <streambuf>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "data/digest.hpp"
#include "data/error.hpp"

namespace lockstep {

namespace {

constexpr std::array<char, 8> signature = {'l', 'o', 'c', 'k', 'p', 'a', 'r', 't'};
constexpr std::size_t piece_bytes = std::size_t{4} << 20;

/// Stands before every piece; the last piece of a file has no bytes.
struct PieceHead {
  std::uint64_t number;
  std::uint64_t bytes;
  Digest digest;  ///< of the bytes, with number and length
};

Digest digest_of_piece(std::uint64_t number, std::string_view bytes) {
  Digest digest = digest_of(bytes);
  digest.low = mix(digest.low, number, bytes.size(), 0);
  return digest;
}

[[noreturn]] void fail(const std::filesystem::path& file, const std::string& reason) {
  throw Error(ExitCode::io, fmt::format("{}: {}", file.string(), reason));
}

/// An open file that closes itself.
class Descriptor {
 public:
  Descriptor(const std::filesystem::path& file, int flags)
      : file_(file), number_(::open(file.c_str(), flags, 0666)) {
    if (number_ < 0) fail(file_, std::strerror(errno));
  }
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  void write(const void* bytes, std::size_t count) {
    const char* next = static_cast<const char*>(bytes);
    while (count > 0) {
      const ssize_t written = ::write(number_, next, count);
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail(file_, std::strerror(errno));
      next += written;
      count -= static_cast<std::size_t>(written);
    }
  }
  /// Fewer than `count` bytes only at the end of the file.
  std::size_t read(void* bytes, std::size_t count) {
    std::size_t done = 0;
    while (done < count) {
      const ssize_t got = ::read(number_, static_cast<char*>(bytes) + done, count - done);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) fail(file_, std::strerror(errno));
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    return done;
  }
  void sync() {
    if (::fsync(number_) != 0) fail(file_, std::strerror(errno));
  }
  void close() {
    if (::close(std::exchange(number_, -1)) != 0) fail(file_, std::strerror(errno));
  }

 private:
  std::filesystem::path file_;
  int number_;
};

class PieceWriter : public std::streambuf {
 public:
  explicit PieceWriter(Descriptor& file) : file_(file), piece_(piece_bytes) {
    file_.write(signature.data(), signature.size());
    empty();
  }
  /// Writes what is left and the end mark.
  void finish() {
    if (pptr() > pbase()) put();
    put();
  }

 protected:
  int_type overflow(int_type character) override {
    put();
    return character == traits_type::eof() ? traits_type::not_eof(character)
                                           : sputc(traits_type::to_char_type(character));
  }

 private:
  void put() {
    const std::string_view bytes(pbase(), static_cast<std::size_t>(pptr() - pbase()));
    const PieceHead head{number_, bytes.size(), digest_of_piece(number_, bytes)};
    file_.write(&head, sizeof head);
    file_.write(bytes.data(), bytes.size());
    ++number_;
    empty();
  }
  void empty() { setp(piece_.data(), piece_.data() + piece_.size()); }

  Descriptor& file_;
  std::vector<char> piece_;
  std::uint64_t number_ = 0;
};

class PieceReader : public std::streambuf {
 public:
  PieceReader(const std::filesystem::path& name, Descriptor& file)
      : name_(name), file_(file), piece_(piece_bytes) {
    std::array<char, signature.size()> found{};
    if (file_.read(found.data(), found.size()) != found.size() || found != signature)
      fail(name_, "is torn at its start");
  }
  /// What the stream's user did not read must be whole, too.
  void finish() {
    while (!ended_) get();
    char more = 0;
    if (file_.read(&more, 1) != 0) fail(name_, "goes on after its end");
  }

 protected:
  int_type underflow() override {
    if (gptr() == egptr() && !ended_) get();
    return gptr() == egptr() ? traits_type::eof() : traits_type::to_int_type(*gptr());
  }

 private:
  void get() {
    PieceHead head{};
    if (file_.read(&head, sizeof head) != sizeof head)
      fail(name_, fmt::format("is torn after {} pieces", number_));
    const bool plausible = head.number == number_ && head.bytes <= piece_.size();
    if (!plausible || file_.read(piece_.data(), head.bytes) != head.bytes ||
        digest_of_piece(number_, {piece_.data(), head.bytes}) != head.digest) {
      fail(name_, fmt::format("is torn or has changed in piece {}", number_));
    }
    ++number_;
    ended_ = head.bytes == 0;
    setg(piece_.data(), piece_.data(), piece_.data() + head.bytes);
  }

  std::filesystem::path name_;
  Descriptor& file_;
  std::vector<char> piece_;
  std::uint64_t number_ = 0;
  bool ended_ = false;
};

/// Writes under a temporary name, and renames.
void write_whole(const std::filesystem::path& file, Safe safe,
                 const std::function<void(Descriptor&)>& write) {
  auto temporary = file;
  temporary += ".writing";
  try {
    Descriptor descriptor(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC);
    write(descriptor);
    if (safe == Safe::now) descriptor.sync();
    descriptor.close();
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove(temporary, ignored);
    throw;
  }
  if (::rename(temporary.c_str(), file.c_str()) != 0) fail(file, std::strerror(errno));
}

}  // namespace

void write_checked(const std::filesystem::path& file, const std::function<void(std::ostream&)>& write,
                   Safe safe) {
  write_whole(file, safe, [&](Descriptor& descriptor) {
    PieceWriter pieces(descriptor);
    std::ostream stream(&pieces);
    // Errors leave the stream as they are, not as a flag that somebody has to look at.
    stream.exceptions(std::ios::badbit | std::ios::failbit);
    write(stream);
    pieces.finish();
  });
}

void read_checked(const std::filesystem::path& file, const std::function<void(std::istream&)>& read) {
  Descriptor descriptor(file, O_RDONLY | O_CLOEXEC);
  PieceReader pieces(file, descriptor);
  std::istream stream(&pieces);
  stream.exceptions(std::ios::badbit | std::ios::failbit);
  try {
    read(stream);
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    fail(file, fmt::format("does not hold what it should: {}", error.what()));
  }
  pieces.finish();
}

void replace_file(const std::filesystem::path& file, const std::string& text) {
  write_whole(file, Safe::now, [&](Descriptor& descriptor) { descriptor.write(text.data(), text.size()); });
  sync_folder(file.parent_path());
}

void sync_file(const std::filesystem::path& file) {
  Descriptor(file, O_RDONLY | O_CLOEXEC).sync();
}

void sync_folder(const std::filesystem::path& folder) {
  Descriptor(folder.empty() ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC).sync();
}

}  // namespace lockstep
