#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace lockstep {

/// Records that travel between ranks as their bytes.
template <class T>
concept Movable = std::is_trivially_copyable_v<T>;

/// Bytes and messages of this rank to and from other ranks since the start.
struct Traffic {
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t messages_sent = 0;
};

/// A group of ranks that act together; a value that is cheap to copy.
/// Every member but rank(), size(), is_root() and traffic() is collective: all ranks call it, in the same
/// order. A message of any size is cut into pieces that MPI's int counts can hold.
class Comm {
 public:
  struct Implementation;
  explicit Comm(std::shared_ptr<Implementation> implementation);

  /// All ranks of the job. Named in the job's main program only.
  static Comm world();
  /// This rank alone: the same code, without any other rank.
  static Comm self();

  int rank() const;
  int size() const;
  bool is_root() const { return rank() == 0; }
  Traffic traffic() const;

  void barrier() const;
  std::uint64_t sum(std::uint64_t value) const;
  std::uint64_t max(std::uint64_t value) const;
  std::int64_t min(std::int64_t value) const;
  std::int64_t max(std::int64_t value) const;
  /// Sum over the lower ranks; 0 on rank 0.
  std::uint64_t exclusive_sum(std::uint64_t value) const;
  /// True when it is true on any rank.
  bool any(bool value) const { return max(std::uint64_t{value}) != 0; }
  /// Element-wise sum over the ranks; the same length everywhere.
  void sum_each(std::span<std::uint64_t> values) const;

  /// The root's text, on every rank.
  std::string broadcast(std::string text) const;
  /// The texts of all ranks, in rank order, at the root; nothing on other ranks.
  std::vector<std::string> gather(const std::string& text) const;

  /// The rows of all ranks, in rank order, on every rank.
  template <Movable T>
  std::vector<T> gather_all(std::span<const T> rows) const {
    return as_rows<T>(gather_all_bytes(std::as_bytes(rows)));
  }
  template <Movable T>
  std::vector<T> gather_all(const std::vector<T>& rows) const {
    return gather_all(std::span<const T>(rows));
  }
  /// One value of each rank, in rank order, on every rank.
  template <Movable T>
  std::vector<T> gather_all_values(const T& value) const {
    return gather_all(std::span<const T>(&value, 1));
  }

  /// Rows from every rank, with how many came from each.
  template <Movable T>
  struct Received {
    std::vector<T> rows;              ///< in the order of the sending ranks
    std::vector<std::size_t> counts;  ///< rows by sending rank
  };

  /// Sends parts[r] to rank r. The parts may lie anywhere.
  template <Movable T>
  Received<T> exchange(const std::vector<std::span<const T>>& parts) const {
    std::vector<std::span<const std::byte>> outgoing;
    for (const auto& part : parts) outgoing.push_back(std::as_bytes(part));
    auto counts = exchange_sizes(outgoing);
    std::vector<T> rows(std::accumulate(counts.begin(), counts.end(), std::size_t{0}) / sizeof(T));
    move_bytes(outgoing, std::as_writable_bytes(std::span(rows)).data(), counts);
    for (auto& count : counts) count /= sizeof(T);
    return {std::move(rows), std::move(counts)};
  }
  /// Sends rows to ranks: `rows` holds those for rank 0, then those for rank 1, …; counts[r] for rank r.
  template <Movable T>
  Received<T> exchange(std::span<const T> rows, std::span<const std::size_t> counts) const {
    std::vector<std::span<const T>> parts;
    for (const auto count : counts) {
      parts.push_back(rows.first(count));
      rows = rows.subspan(count);
    }
    return exchange(parts);
  }
  template <Movable T>
  Received<T> exchange(const std::vector<T>& rows, std::span<const std::size_t> counts) const {
    return exchange(std::span<const T>(rows), counts);
  }

  /// For the other files of cluster/ only.
  const Implementation& implementation() const { return *implementation_; }

  /// The largest single message in bytes. Only tests change it.
  void set_message_limit(std::size_t bytes) const;

 private:
  template <Movable T>
  static std::vector<T> as_rows(const std::vector<std::byte>& bytes);

  /// Bytes that each rank will get from each.
  std::vector<std::size_t> exchange_sizes(std::span<const std::span<const std::byte>> outgoing) const;
  void move_bytes(std::span<const std::span<const std::byte>> outgoing, std::byte* place,
                  std::span<const std::size_t> incoming) const;
  std::vector<std::byte> gather_all_bytes(std::span<const std::byte> bytes) const;

  std::shared_ptr<Implementation> implementation_;
};

template <Movable T>
std::vector<T> Comm::as_rows(const std::vector<std::byte>& bytes) {
  std::vector<T> rows(bytes.size() / sizeof(T));
  std::copy(bytes.begin(), bytes.end(), std::as_writable_bytes(std::span(rows)).begin());
  return rows;
}

}  // namespace lockstep
