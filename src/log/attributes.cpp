#include "src/log/attributes.hpp"

#include "cluster/texts.hpp"

namespace lockstep {

namespace {

/// What a rank knows of one attribute of one account.
struct Known {
  std::uint64_t account;
  std::int64_t time;
  std::uint32_t word;
  std::uint32_t log;
};

std::vector<Known> known_values(std::span<const ScannedLog> logs, std::size_t attribute,
                                const std::vector<std::uint64_t>& ids) {
  std::vector<Known> known;
  std::size_t first = 0;  // of the log's accounts in `ids`
  for (std::uint32_t l = 0; l < logs.size(); ++l) {
    const auto& values = logs[l].attributes[attribute];
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (values[i].time != LatestValue::never) {
        known.push_back({ids[first + i], values[i].time, values[i].word, l});
      }
    }
    first += logs[l].accounts.size();
  }
  return known;
}

}  // namespace

std::string_view AccountAttributes::value(Attribute attribute, std::size_t place) const {
  const auto& column = values[static_cast<std::size_t>(attribute)];
  return column.empty() || column[place] == unknown ? std::string_view() : words[column[place]];
}

AccountAttributes gather_attributes(const Comm& comm, const Dictionary& accounts,
                                    const std::vector<std::uint64_t>& ids, std::span<const ScannedLog> logs) {
  NameTable words;
  AccountAttributes gathered;
  // One attribute at a time bounds the memory in flight.
  for (std::size_t a = 0; a < gathered.values.size(); ++a) {
    const auto known = known_values(logs, a, ids);
    if (!comm.any(!known.empty())) continue;
    const auto sent = group_by_rank(comm, std::span<const Known>(known),
                                    [&](const Known& value) { return accounts.owner(value.account); });
    std::vector<std::string_view> texts;
    texts.reserve(sent.rows.size());
    for (const auto& value : sent.rows) texts.push_back(logs[value.log].words.name(value.word));
    const auto received = comm.exchange(sent.rows, sent.counts);
    const TextPool received_texts = exchange_texts(comm, texts, sent.counts);

    std::vector<LatestValue> latest(accounts.local_size());
    for (std::size_t i = 0; i < received.rows.size(); ++i) {
      const auto& value = received.rows[i];
      auto& best = latest[accounts.place(value.account)];
      if (value.time < best.time) continue;
      const bool later = value.time > best.time;
      if (later || received_texts[i] > words.name(best.word)) {
        best = {value.time, words.index_of(received_texts[i])};
      }
    }
    for (const auto& best : latest) {
      gathered.values[a].push_back(best.time == LatestValue::never ? AccountAttributes::unknown : best.word);
    }
  }
  for (std::size_t w = 0; w < words.size(); ++w) gathered.words.add(words.name(w));
  return gathered;
}

}  // namespace lockstep
