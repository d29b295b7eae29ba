#include "src/log/splits.hpp"

#include <algorithm>

#include "cluster/agree.hpp"
#include "cluster/archive.hpp"
#include "data/study/study_file.hpp"

namespace lockstep {

template <class Archive>
void serialize(Archive& archive, PlannedSplit& planned) {
  archive(planned.split.path, planned.split.begin, planned.split.end, planned.input, planned.lines_known);
}

namespace {

/// The root looks at the file system, once for all ranks.
std::vector<PlannedSplit> list_splits(const Study& study, std::uint64_t split_bytes) {
  std::vector<PlannedSplit> splits;
  for (std::uint32_t i = 0; i < study.inputs.size(); ++i) {
    for (const auto& file : input_files(study, study.inputs[i])) {
      for (auto& split : plan_splits(file.string(), split_bytes)) {
        const bool at_start = split.begin == 0;
        splits.push_back({std::move(split), i, 0, at_start});
      }
    }
  }
  return splits;
}

/// By file with a wanted split: lines and quotes of all its splits, counted by the ranks that read them.
std::vector<SplitSurvey> survey_files(const Comm& comm, const Study& study,
                                      const std::vector<PlannedSplit>& splits,
                                      const std::vector<bool>& wanted) {
  std::vector<std::uint64_t> lines(splits.size(), 0);
  std::vector<std::uint64_t> quotes(splits.size(), 0);
  attempt(comm, [&] {
    bool file_wanted = false;
    for (std::size_t i = splits.size(); i-- > 0;) {
      // From the back: what a split needs to know is what comes before it in its file.
      if (i + 1 < splits.size() && splits[i + 1].split.begin == 0) file_wanted = false;
      if (file_wanted && splits[i].rank == comm.rank()) {
        const auto counted = survey(splits[i].split, study.inputs[splits[i].input].format);
        lines[i] = counted.lines;
        quotes[i] = counted.quotes;
      }
      file_wanted = file_wanted || (wanted[i] && !splits[i].lines_known);
    }
  });
  comm.sum_each(lines);
  comm.sum_each(quotes);
  std::vector<SplitSurvey> surveys;
  for (std::size_t i = 0; i < splits.size(); ++i) surveys.push_back({lines[i], quotes[i]});
  return surveys;
}

}  // namespace

void deal_splits(std::vector<PlannedSplit>& splits, const std::vector<bool>& done, int ranks) {
  const auto size = [&](std::size_t i) { return splits[i].split.end - splits[i].split.begin; };
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < splits.size(); ++i) {
    if (!done[i]) order.push_back(i);
  }
  // The largest split first, to the rank with the least to read.
  std::stable_sort(order.begin(), order.end(), [&](auto i, auto j) { return size(i) > size(j); });
  std::vector<std::uint64_t> bytes(static_cast<std::size_t>(ranks), 0);
  for (const std::size_t i : order) {
    const auto least = std::min_element(bytes.begin(), bytes.end());
    splits[i].rank = static_cast<int>(least - bytes.begin());
    *least += size(i) + 1;
  }
}

void find_lines(const Comm& comm, const Study& study, std::vector<PlannedSplit>& splits,
                const std::vector<bool>& wanted) {
  const auto surveys = survey_files(comm, study, splits, wanted);
  std::uint64_t line = 1;
  bool in_quotes = false;
  for (std::size_t i = 0; i < splits.size(); ++i) {
    if (splits[i].split.begin == 0) {
      line = 1;
      in_quotes = false;
    }
    if (wanted[i] && !splits[i].lines_known) {
      splits[i].split.first_line = line;
      splits[i].split.starts_in_quotes = in_quotes;
      splits[i].lines_known = true;
    }
    line += surveys[i].lines;
    if (surveys[i].quotes % 2 != 0) in_quotes = !in_quotes;
  }
}

std::vector<PlannedSplit> plan_reading(const Comm& comm, const Study& study, std::uint64_t split_bytes) {
  const auto listed = attempt(
      comm, [&] { return comm.is_root() ? list_splits(study, split_bytes) : std::vector<PlannedSplit>{}; });
  auto splits = from_bytes<std::vector<PlannedSplit>>(comm.broadcast(to_bytes(listed)));
  deal_splits(splits, std::vector<bool>(splits.size(), false), comm.size());
  // Whether a csv split begins inside quotes must be known before it is read; its lines come for free.
  std::vector<bool> csv;
  for (const auto& planned : splits) csv.push_back(study.inputs[planned.input].format == Format::csv);
  find_lines(comm, study, splits, csv);
  return splits;
}

}  // namespace lockstep
