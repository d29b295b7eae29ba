#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "cluster/comm.hpp"

namespace lockstep {

/// Folds the sign in: 0, −1, 1, −2, 2 … become 0, 1, 2, 3, 4 …
inline std::uint64_t fold(std::int64_t value) {
  return static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63);
}
inline std::int64_t unfold(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1 ^ (~(value & 1) + 1));
}

class Unpacker;

/// Whole numbers as bytes, seven bits each: small numbers, which most are, take one or two bytes.
class Packer {
 public:
  using Reader = Unpacker;
  void put(std::uint64_t value) {
    put_all(1, [&](auto put_next) { put_next(value); });
  }
  /// Calls fill(put), which puts at most `most` numbers: faster than one by one.
  template <class Fill>
  void put_all(std::size_t most, Fill fill) {
    const std::size_t enough = size_ + most * most_bytes;
    if (bytes_.size() < enough) bytes_.resize(bytes_.size() + enough);
    std::byte* next = bytes_.data() + size_;
    fill([&next](std::uint64_t value) {
      for (; value >= 0x80; value >>= 7) *next++ = static_cast<std::byte>(value | 0x80);
      *next++ = static_cast<std::byte>(value);
    });
    size_ = static_cast<std::size_t>(next - bytes_.data());
  }
  void put_signed(std::int64_t value) { put(fold(value)); }
  std::span<const std::byte> bytes() const { return std::span(bytes_).first(size_); }

 private:
  static constexpr std::size_t most_bytes = 10;  // of one number
  std::vector<std::byte> bytes_;                 ///< with room for numbers to come
  std::size_t size_ = 0;                         ///< bytes that are used
};

/// Reads what a Packer has put, in the same order.
class Unpacker {
 public:
  explicit Unpacker(std::span<const std::byte> bytes) : bytes_(bytes) {}
  bool done() const { return at_ == bytes_.size(); }
  std::span<const std::byte> rest() const { return bytes_.subspan(at_); }
  std::uint64_t get() {
    std::uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      const auto byte = static_cast<std::uint64_t>(bytes_[at_++]);
      value |= (byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
  }
  std::int64_t get_signed() { return unfold(get()); }

 private:
  std::span<const std::byte> bytes_;
  std::size_t at_ = 0;
};

/// Sends to every rank r what packers[r] holds, which is used up. Collective.
template <class AnyPacker>
Comm::Received<std::byte> exchange_bytes(const Comm& comm, std::vector<AnyPacker>& packers) {
  std::vector<std::span<const std::byte>> parts;
  for (AnyPacker& packer : packers) parts.push_back(packer.bytes());
  auto received = comm.exchange(parts);
  packers = std::vector<AnyPacker>(packers.size());  // assign() would keep their memory
  return received;
}

/// Calls read(rank, unpacker) for each rank that sent something, in rank order. Local.
template <class AnyUnpacker = Unpacker, class Read>
void for_each_sender(const Comm::Received<std::byte>& received, Read read) {
  std::span<const std::byte> rest(received.rows);
  for (std::size_t rank = 0; rank < received.counts.size(); ++rank) {
    const std::size_t count = received.counts[rank];
    if (count > 0) read(static_cast<int>(rank), AnyUnpacker(rest.first(count)));
    rest = rest.subspan(count);
  }
}

/// Puts numbers as differences from the one before, for which close ones take one byte; next() is the way
/// back.
class Differences {
 public:
  std::int64_t of(std::uint64_t number) {
    return static_cast<std::int64_t>(number - std::exchange(last_, number));
  }
  std::uint64_t next(std::int64_t difference) { return last_ += static_cast<std::uint64_t>(difference); }

 private:
  std::uint64_t last_ = 0;
};

/// Sends to every rank r what packers[r] holds, which is used up, and calls read(rank, unpacker) for each
/// rank that sent something, in rank order. Collective.
template <class AnyPacker, class Read>
void exchange_packed(const Comm& comm, std::vector<AnyPacker>& packers, Read read) {
  for_each_sender<typename AnyPacker::Reader>(exchange_bytes(comm, packers), read);
}

/// Sends every row to rank owner(row), as put(packer, row) writes it, and calls get(unpacker) for each row
/// that arrives, in rank order. Collective.
template <class T, class Owner, class Put, class Get>
void send_packed(const Comm& comm, const std::vector<T>& rows, Owner owner, Put put, Get get) {
  std::vector<Packer> packers(static_cast<std::size_t>(comm.size()));
  for (const T& row : rows) put(packers[static_cast<std::size_t>(owner(row))], row);
  exchange_packed(comm, packers, [&](int, Unpacker bytes) {
    while (!bytes.done()) get(bytes);
  });
}

}  // namespace lockstep
