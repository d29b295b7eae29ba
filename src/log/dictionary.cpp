#include "src/log/dictionary.hpp"

#include <algorithm>
#include <numeric>

#include "cluster/texts.hpp"
#include "data/wide.hpp"

namespace lockstep {

namespace {

struct Key {
  Digest digest;
  std::uint32_t group;
  std::uint32_t unused = 0;  // no bytes without a value travel between ranks
};

/// Ranks own equal ranges of the digest's upper half.
int digest_owner(const Digest& digest, int ranks) {
  return static_cast<int>((UnsignedWide{digest.high} * static_cast<unsigned>(ranks)) >> 64);
}

}  // namespace

Dictionary::Built Dictionary::build(const Comm& comm, std::uint32_t groups,
                                    const std::vector<Entry>& entries) {
  Built built;
  auto& self = built.dictionary;
  self.ranks_ = static_cast<std::size_t>(comm.size());
  self.rank_ = static_cast<std::size_t>(comm.rank());

  const auto sent = group_by_rank(comm, std::span<const Entry>(entries), [&](const Entry& entry) {
    return digest_owner(entry.digest, comm.size());
  });
  std::vector<Key> keys;
  std::vector<std::string_view> names;
  keys.reserve(sent.rows.size());
  names.reserve(sent.rows.size());
  for (const auto& [group, digest, name] : sent.rows) {
    keys.push_back({digest, group});
    names.push_back(name);
  }
  const auto received = comm.exchange(keys, sent.counts);
  const TextPool texts = exchange_texts(comm, names, sent.counts);

  std::vector<std::size_t> order(received.rows.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto key = [&](std::size_t i) { return std::tie(received.rows[i].group, received.rows[i].digest); };
  std::sort(order.begin(), order.end(), [&](std::size_t i, std::size_t j) { return key(i) < key(j); });

  std::vector<std::uint64_t> places(order.size());  // by received entry: its place on this rank
  std::vector<std::uint64_t> group_sizes(groups, 0);
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i == 0 || key(order[i - 1]) != key(order[i])) {
      self.digests_.push_back(received.rows[order[i]].digest);
      self.names_.add(texts[order[i]]);
      ++group_sizes[received.rows[order[i]].group];
    }
    places[order[i]] = self.digests_.size() - 1;
  }
  self.local_begin_.assign(groups + std::size_t{1}, 0);
  std::partial_sum(group_sizes.begin(), group_sizes.end(), self.local_begin_.begin() + 1);

  const auto all_sizes = comm.gather_all(group_sizes);
  for (std::uint32_t group = 0; group < groups; ++group) {
    for (std::size_t r = 0; r < self.ranks_; ++r) {
      self.first_.push_back(self.first_.back() + all_sizes[r * groups + group]);
    }
  }

  for (std::size_t i = 0; i < places.size(); ++i) {
    const std::uint32_t group = received.rows[i].group;
    places[i] += self.first_[group * self.ranks_ + self.rank_] - self.local_begin_[group];
  }
  const auto returned = comm.exchange(places, received.counts);
  for (const std::size_t place : sent.position) built.ids.push_back(returned.rows[place]);
  return built;
}

std::size_t Dictionary::piece_of(std::uint64_t id) const {
  return static_cast<std::size_t>(std::upper_bound(first_.begin(), first_.end(), id) - first_.begin()) - 1;
}

std::size_t Dictionary::place(std::uint64_t id) const {
  const std::size_t piece = piece_of(id);
  return id - first_[piece] + local_begin_[piece / ranks_];
}

std::uint64_t Dictionary::id_at(std::size_t place) const {
  const auto group = static_cast<std::size_t>(
      std::upper_bound(local_begin_.begin(), local_begin_.end(), place) - local_begin_.begin() - 1);
  return first_[group * ranks_ + rank_] + place - local_begin_[group];
}

std::vector<std::string> Dictionary::names(const Comm& comm, const std::vector<std::uint64_t>& ids) const {
  return ask_texts(
      comm, ids, [&](std::uint64_t id) { return owner(id); }, [&](std::uint64_t id) { return name(id); });
}

}  // namespace lockstep
