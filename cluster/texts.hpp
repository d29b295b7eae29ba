#pragma once

#include <numeric>
#include <string_view>
#include <vector>

#include "cluster/exchange.hpp"
#include "data/name_table.hpp"

namespace lockstep {

/// Sends texts to ranks: `texts` holds those for rank 0, then those for rank 1, …; counts[r] for rank r.
/// Returns the texts received, in the order of the sending ranks. Collective.
inline TextPool exchange_texts(const Comm& comm, const std::vector<std::string_view>& texts,
                               std::span<const std::size_t> counts) {
  std::vector<std::uint32_t> lengths;
  lengths.reserve(texts.size());
  std::vector<char> bytes;
  std::vector<std::size_t> byte_counts;
  std::size_t next = 0;
  for (const std::size_t count : counts) {
    const std::size_t before = bytes.size();
    for (const std::size_t end = next + count; next < end; ++next) {
      lengths.push_back(static_cast<std::uint32_t>(texts[next].size()));
      bytes.insert(bytes.end(), texts[next].begin(), texts[next].end());
    }
    byte_counts.push_back(bytes.size() - before);
  }
  const auto received_lengths = comm.exchange(lengths, counts);
  const auto received_bytes = comm.exchange(bytes, byte_counts);
  TextPool pool;
  const char* text = received_bytes.rows.data();
  for (const std::uint32_t length : received_lengths.rows) {
    pool.add({text, length});
    text += length;
  }
  return pool;
}

/// Asks the rank `destination(question)` each question; `answer(question)` gives a text there and must be
/// local. Returns the answers in the order of the questions. Collective.
template <Movable Question, class Destination, class Answer>
std::vector<std::string> ask_texts(const Comm& comm, const std::vector<Question>& questions,
                                   Destination destination, Answer answer) {
  const auto grouped = group_by_rank(comm, std::span<const Question>(questions), destination);
  const auto received = comm.exchange(grouped.rows, grouped.counts);
  std::vector<std::string_view> replies;
  replies.reserve(received.rows.size());
  for (const Question& question : received.rows) replies.push_back(answer(question));
  const TextPool returned = exchange_texts(comm, replies, received.counts);
  std::vector<std::string> in_order;
  in_order.reserve(questions.size());
  for (const std::size_t place : grouped.position) in_order.emplace_back(returned[place]);
  return in_order;
}

}  // namespace lockstep
