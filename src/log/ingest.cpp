#include "src/log/ingest.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "cluster/agree.hpp"
#include "cluster/progress.hpp"
#include "src/log/attributes.hpp"
#include "src/log/rejects.hpp"
#include "src/log/scan.hpp"
#include "src/log/splits.hpp"

namespace lockstep {

namespace {

ScannedLog scan(const Comm& comm, const Study& study, const std::vector<PlannedSplit>& splits) {
  std::uint64_t total = 0;
  for (const auto& planned : splits) {
    if (planned.rank == comm.rank()) total += planned.split.end - planned.split.begin;
  }
  Progress progress(comm, "read", "B", total);
  auto scanned = attempt(comm, [&] {
    ScannedLog log(study.channels.size());
    std::uint64_t before = 0;
    for (std::size_t i = 0; i < splits.size(); ++i) {
      if (splits[i].rank != comm.rank()) continue;
      scan_split(study, study.inputs[splits[i].input], splits[i].split, static_cast<std::uint32_t>(i), log,
                 [&](std::uint64_t bytes) { progress.at(before + bytes); });
      before += splits[i].split.end - splits[i].split.begin;
      progress.at(before);
    }
    return log;
  });
  progress.finish();
  return scanned;
}

/// Reports malformed rows; stops when there are too many.
ReadCounts check_rejects(const Comm& comm, const Study& study, std::vector<PlannedSplit>& splits,
                         ScannedLog& log, const std::filesystem::path& rejects_file) {
  ReadCounts counts;
  counts.rows = comm.sum(log.rows);
  counts.rejected_rows = comm.sum(log.rejected_rows());
  counts.rows_outside = comm.sum(log.rows_outside);
  for (const auto& planned : splits) counts.files += planned.split.begin == 0 ? 1 : 0;
  if (counts.rejected_rows == 0) return counts;

  std::vector<std::uint64_t> with_rejects(splits.size(), 0);
  for (const auto& [where, rejects] : log.rejects) with_rejects[where.first] = 1;
  comm.sum_each(with_rejects);
  std::vector<std::uint64_t> first_line_read;
  for (const auto& planned : splits) first_line_read.push_back(planned.split.first_line);
  find_lines(comm, study, splits, {with_rejects.begin(), with_rejects.end()});
  for (auto& [where, rejects] : log.rejects) {
    for (auto& example : rejects.first) {
      example.line += splits[where.first].split.first_line - first_line_read[where.first];
    }
  }
  const auto summaries = gather_rejects(comm, splits, log);
  attempt(comm, [&] {
    if (!comm.is_root()) return;
    write_rejects(rejects_file, summaries);
    const double fraction = static_cast<double>(counts.rejected_rows) / static_cast<double>(counts.rows);
    if (fraction <= study.max_reject_fraction) return;
    const auto& most = *std::max_element(summaries.begin(), summaries.end(),
                                         [](auto& a, auto& b) { return a.rejects.rows < b.rejects.rows; });
    throw Error(
        ExitCode::bad_data,
        fmt::format("{} of {} rows ({:.2g} %) are malformed, more than max_reject_fraction = {}. Most: "
                    "{} rows of {}, the first in line {}: {}. All reasons are in {}. Mend the input or "
                    "the study's fields, or raise max_reject_fraction",
                    counts.rejected_rows, counts.rows, fraction * 100, study.max_reject_fraction,
                    most.rejects.rows, most.file, most.rejects.first.front().line, most.reason,
                    rejects_file.string()));
  });
  return counts;
}

/// Times count from the first action or publication on, in 31 bits.
std::int64_t find_epoch(const Comm& comm, const Study& study, const ScannedLog& log) {
  const std::int64_t first = comm.min(std::min(log.first_time, log.first_published));
  const std::int64_t last = comm.max(log.last_time);
  if (last >= first && last - first >= std::numeric_limits<std::uint32_t>::max() / 2) {
    throw AgreedError(ExitCode::bad_data,
                      fmt::format("the actions' times span {} {}, more than 31 bits hold: {}", last - first,
                                  study.time_unit == TimeUnit::second ? "s" : "ms",
                                  study.time_unit == TimeUnit::second
                                      ? "look for wrong times in the input"
                                      : "set time_unit = \"s\", or split the study by time"));
  }
  return first;
}

std::vector<ChannelRule> channel_rules(const Study& study, const Dictionary& objects) {
  const bool is_limited = study.from_ms || study.to_ms;
  std::vector<ChannelRule> rules;
  for (std::uint32_t c = 0; c < study.channels.size(); ++c) {
    const auto& channel = study.channels[c];
    if (objects.group_begin(c) == objects.group_begin(c + 1)) {
      throw AgreedError(
          ExitCode::bad_data,
          fmt::format("channel '{}': no row of any input{} has a value in '{}'; correct the field's name{} "
                      "or remove the channel",
                      channel.name, is_limited ? " between [study] 'from' and 'to'" : "", channel.object,
                      is_limited ? " or the times" : ""));
    }
    // Times span less than 31 bits, so a longer window means the same as one of 31 bits.
    const auto window = std::min<std::int64_t>(ticks(study.time_unit, channel.window_ms), INT32_MAX);
    rules.push_back({objects.group_begin(c), objects.group_begin(c + 1), static_cast<std::uint32_t>(window),
                     channel.min_shared});
  }
  return rules;
}

Dictionary::Built build_accounts(const Comm& comm, const ScannedLog& log) {
  std::vector<Dictionary::Entry> entries;
  for (std::size_t i = 0; i < log.accounts.size(); ++i) {
    entries.push_back({0, log.accounts.digest(i), log.accounts.name(i)});
  }
  auto built = Dictionary::build(comm, 1, entries);
  if (built.dictionary.size() >= std::numeric_limits<std::uint32_t>::max()) {
    throw AgreedError(ExitCode::internal, "more than 2^32 accounts: split the study");
  }
  return built;
}

Dictionary::Built build_objects(const Comm& comm, const ScannedLog& log) {
  std::vector<Dictionary::Entry> entries;
  for (std::uint32_t c = 0; c < log.objects.size(); ++c) {
    for (std::size_t i = 0; i < log.objects[c].size(); ++i) {
      entries.push_back({c, log.objects[c].digest(i), log.objects[c].name(i)});
    }
  }
  return Dictionary::build(comm, static_cast<std::uint32_t>(log.objects.size()), entries);
}

/// The log with global ids. Frees the scanned actions as it goes.
std::vector<Action> number_actions(ScannedLog& log, const std::vector<std::uint64_t>& account_ids,
                                   const std::vector<std::uint64_t>& object_ids, std::int64_t epoch) {
  std::size_t total = 0;
  for (const auto& channel : log.actions) {
    for (const auto& piece : channel.pieces()) total += piece.size();
  }
  std::vector<Action> actions;
  actions.reserve(total);
  std::size_t channel_begin = 0;  // of this channel's objects in object_ids
  for (std::size_t c = 0; c < log.actions.size(); ++c) {
    for (auto& piece : log.actions[c].pieces()) {
      for (const auto& [time, object, account] : piece) {
        actions.push_back({object_ids[channel_begin + object], static_cast<std::uint32_t>(time - epoch),
                           static_cast<std::uint32_t>(account_ids[account])});
      }
      piece = {};
    }
    channel_begin += log.objects[c].size();
  }
  return actions;
}

std::vector<Publication> number_publications(const ScannedLog& log,
                                             const std::vector<std::uint64_t>& object_ids,
                                             std::int64_t epoch) {
  std::vector<Publication> publications;
  std::size_t channel_begin = 0;
  for (std::size_t c = 0; c < log.published.size(); ++c) {
    for (std::size_t object = 0; object < log.published[c].size(); ++object) {
      const std::int64_t time = log.published[c][object];
      if (time == INT64_MAX) continue;
      publications.push_back({object_ids[channel_begin + object], static_cast<std::uint32_t>(time - epoch)});
    }
    channel_begin += log.objects[c].size();
  }
  return publications;
}

}  // namespace

Ingested ingest(const Comm& comm, const Study& study, const std::filesystem::path& rejects_file,
                std::uint64_t split_bytes) {
  auto splits = plan_reading(comm, study, split_bytes);
  ScannedLog log = scan(comm, study, splits);

  Ingested result;
  result.counts = check_rejects(comm, study, splits, log, rejects_file);
  auto accounts = build_accounts(comm, log);
  auto objects = build_objects(comm, log);
  auto& catalogue = result.catalogue;
  catalogue.channels = channel_rules(study, objects.dictionary);
  catalogue.time_unit = study.time_unit;
  catalogue.epoch = find_epoch(comm, study, log);
  catalogue.attributes = gather_attributes(comm, accounts.dictionary, accounts.ids, log);
  catalogue.input_digest = fmt::format("{:016x}", comm.sum(log.digest));
  result.actions =
      attempt(comm, [&] { return number_actions(log, accounts.ids, objects.ids, catalogue.epoch); });
  result.publications = number_publications(log, objects.ids, catalogue.epoch);
  catalogue.accounts = std::move(accounts.dictionary);
  catalogue.objects = std::move(objects.dictionary);
  return result;
}

}  // namespace lockstep
