#pragma once

#include <span>
#include <vector>

#include "cluster/comm.hpp"
#include "cluster/ranges.hpp"

namespace lockstep {

/// Rows grouped by the rank they go to, in their order within a group.
template <class T>
struct Grouped {
  std::vector<T> rows;
  std::vector<std::size_t> counts;    ///< by destination
  std::vector<std::size_t> position;  ///< position[i]: where input row i went in `rows`
};

/// Groups `rows` by `destination(row)`. Local.
template <class T, class Destination>
Grouped<T> group_by_rank(const Comm& comm, std::span<const T> rows, Destination destination) {
  Grouped<T> grouped;
  grouped.counts.assign(static_cast<std::size_t>(comm.size()), 0);
  for (const T& row : rows) ++grouped.counts[static_cast<std::size_t>(destination(row))];
  std::vector<std::size_t> next(grouped.counts.size(), 0);
  for (std::size_t r = 1; r < next.size(); ++r) next[r] = next[r - 1] + grouped.counts[r - 1];
  grouped.rows.resize(rows.size());
  grouped.position.resize(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::size_t place = next[static_cast<std::size_t>(destination(rows[i]))]++;
    grouped.rows[place] = rows[i];
    grouped.position[i] = place;
  }
  return grouped;
}

/// Sends every row to the rank `destination(row)`. Collective.
template <Movable T, class Destination>
typename Comm::Received<T> send_to(const Comm& comm, std::span<const T> rows, Destination destination) {
  const auto grouped = group_by_rank(comm, rows, destination);
  return comm.exchange(grouped.rows, grouped.counts);
}
template <Movable T, class Destination>
typename Comm::Received<T> send_to(const Comm& comm, const std::vector<T>& rows, Destination destination) {
  return send_to(comm, std::span<const T>(rows), destination);
}

/// Asks the rank `destination(question)` each question; `answer(question)` runs there and must be local.
/// Returns the answers in the order of the questions. Collective.
template <Movable Question, class Destination, class Answer>
auto ask(const Comm& comm, std::span<const Question> questions, Destination destination, Answer answer) {
  using Reply = std::invoke_result_t<Answer, const Question&>;
  const auto grouped = group_by_rank(comm, questions, destination);
  const auto received = comm.exchange(grouped.rows, grouped.counts);
  std::vector<Reply> replies;
  replies.reserve(received.rows.size());
  for (const Question& question : received.rows) replies.push_back(answer(question));
  const auto returned = comm.exchange(replies, received.counts);
  std::vector<Reply> in_order;
  in_order.reserve(questions.size());
  for (const std::size_t place : grouped.position) in_order.push_back(returned.rows[place]);
  return in_order;
}
template <Movable Question, class Destination, class Answer>
auto ask(const Comm& comm, const std::vector<Question>& questions, Destination destination, Answer answer) {
  return ask(comm, std::span<const Question>(questions), destination, answer);
}

/// Moves a global array, held in rank order, so that rank r holds target.begin(r) … target.end(r) − 1.
/// Collective.
template <Movable T>
std::vector<T> redistribute(const Comm& comm, std::vector<T> rows, const Ranges& target) {
  const std::uint64_t begin = comm.exclusive_sum(rows.size());
  const std::uint64_t end = begin + rows.size();
  std::vector<std::size_t> counts;
  for (int r = 0; r < comm.size(); ++r) {
    const std::uint64_t from = std::clamp(target.begin(r), begin, end);
    const std::uint64_t to = std::clamp(target.end(r), begin, end);
    counts.push_back(to - from);
  }
  return comm.exchange(rows, counts).rows;
}

}  // namespace lockstep
