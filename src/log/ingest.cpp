#include "src/log/ingest.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "cluster/agree.hpp"
#include "cluster/archive.hpp"
#include "cluster/progress.hpp"
#include "data/release.hpp"
#include "src/log/attributes.hpp"
#include "src/log/rejects.hpp"
#include "src/log/scan.hpp"
#include "src/log/scan_archive.hpp"
#include "src/log/splits.hpp"

namespace lockstep {

template <class Archive>
void serialize(Archive& archive, LogCounts& counts) {
  archive(counts.actions, counts.accounts, counts.objects, counts.windowed_pairs);
}
template <class Archive>
void serialize(Archive& archive, LogFacts& facts) {
  archive(facts.read.files, facts.read.rows, facts.read.rejected_rows, facts.read.rows_outside,
          facts.channels, facts.accounts, facts.names, facts.name_bytes);
}

namespace {

constexpr const char* read_stage = "read";
constexpr const char* log_stage = "log";

/// What was saved of reading, each file of it on one rank; `done` tells which splits need not be read.
std::vector<ScannedLog> load_scanned(const Comm& comm, const RunDirectory& run, std::vector<bool>& done) {
  const auto files = run.saved_alone(read_stage);
  std::vector<ScannedLog> logs;
  struct Claim {
    std::uint32_t file;
    std::uint32_t split;
  };
  std::vector<std::uint32_t> files_here;
  std::vector<Claim> claims;
  attempt(comm, [&] {
    for (auto f = static_cast<std::uint32_t>(comm.rank()); f < files.size();
         f += static_cast<std::uint32_t>(comm.size())) {
      // Damage may show after the whole log is read, in the file's end mark.
      ScannedLog log(0);
      if (!run.load_alone(files[f], [&](std::istream& in) { log = read_scanned(in); })) continue;
      files_here.push_back(f);
      for (const ReadSplit& split : log.splits) claims.push_back({f, split.number});
      logs.push_back(std::move(log));
    }
  });
  // Two attempts may have read the same split: the first file that has it counts, and a later one as a whole
  // not.
  auto all = comm.gather_all(claims);
  std::sort(all.begin(), all.end(), [](auto& a, auto& b) { return a.file < b.file; });
  std::vector<bool> refused(files.size(), false);
  for (std::size_t i = 0; i < all.size();) {
    std::size_t end = i;
    while (end < all.size() && all[end].file == all[i].file) ++end;
    const bool taken = std::any_of(
        all.begin() + static_cast<std::ptrdiff_t>(i), all.begin() + static_cast<std::ptrdiff_t>(end),
        [&](const Claim& claim) { return claim.split >= done.size() || done[claim.split]; });
    refused[all[i].file] = taken;
    for (; i < end; ++i) {
      if (!taken) done[all[i].split] = true;
    }
  }
  std::size_t kept = 0;
  for (std::size_t l = 0; l < logs.size(); ++l) {
    if (refused[files_here[l]]) continue;
    if (l != kept) logs[kept] = std::move(logs[l]);
    ++kept;
  }
  logs.erase(logs.begin() + static_cast<std::ptrdiff_t>(kept), logs.end());
  return logs;
}

void save_scanned(RunDirectory& run, const ScannedLog& log, std::size_t splits) {
  if (log.splits.empty()) return;
  run.save_alone(read_stage, log.splits.size(), splits, [&](std::ostream& out) { write_scanned(out, log); });
}

/// Reads this rank's splits. What is read between two savings is a log of its own; there is at least one.
std::vector<ScannedLog> scan(const Comm& comm, const Study& study, std::vector<PlannedSplit>& splits,
                             RunDirectory* run) {
  std::vector<bool> done(splits.size(), false);
  std::vector<ScannedLog> logs;
  if (run != nullptr) {
    logs = load_scanned(comm, *run, done);
    deal_splits(splits, done, comm.size());
  }
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < splits.size(); ++i) {
    if (splits[i].rank == comm.rank() && !done[i]) total += splits[i].split.end - splits[i].split.begin;
  }
  Progress progress(comm, "read", "B", total);
  bool stopped = false;
  attempt(comm, [&] {
    std::uint64_t before = 0;
    ScannedLog log(study.channels.size());
    for (std::size_t i = 0; i < splits.size() && !stopped; ++i) {
      if (splits[i].rank != comm.rank() || done[i]) continue;
      scan_split(study, study.inputs[splits[i].input], splits[i].split, static_cast<std::uint32_t>(i), log,
                 [&](std::uint64_t bytes) { progress.at(before + bytes); });
      before += splits[i].split.end - splits[i].split.begin;
      progress.at(before);
      const auto due = run == nullptr ? RunDirectory::Due::nothing : run->due_alone();
      stopped = due == RunDirectory::Due::stop;
      if (due == RunDirectory::Due::nothing) continue;
      save_scanned(*run, log, splits.size());
      logs.push_back(std::exchange(log, ScannedLog(study.channels.size())));
    }
    logs.push_back(std::move(log));
  });
  if (comm.any(stopped)) {
    attempt(comm, [&] { save_scanned(*run, logs.back(), splits.size()); });
    run->stop();
  }
  progress.finish();
  return logs;
}

/// Brings what does not grow with the log together in the first of this rank's logs.
void sum_up(std::vector<ScannedLog>& logs) {
  ScannedLog& all = logs.front();
  for (auto log = logs.begin() + 1; log != logs.end(); ++log) {
    all.rows += log->rows;
    all.rows_outside += log->rows_outside;
    all.digest += log->digest;
    all.rejects.merge(log->rejects);
    all.first_time = std::min(all.first_time, log->first_time);
    all.last_time = std::max(all.last_time, log->last_time);
    all.first_published = std::min(all.first_published, log->first_published);
    all.splits.insert(all.splits.end(), log->splits.begin(), log->splits.end());
  }
}

/// The digests of the input files' bytes, in the order of the plan, for the run directory to keep.
void note_input_digests(const Comm& comm, const std::vector<PlannedSplit>& splits, const ScannedLog& log,
                        RunDirectory& run) {
  std::vector<std::uint64_t> of_split(splits.size(), 0);
  for (const ReadSplit& split : log.splits) of_split[split.number] = split.digest;
  comm.sum_each(of_split);
  std::vector<std::uint64_t> digests;
  for (std::size_t i = 0; i < splits.size(); ++i) {
    if (splits[i].split.begin == 0) digests.push_back(0);
    digests.back() += of_split[i];
  }
  run.note_digests(digests);
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

Dictionary::Built build_accounts(const Comm& comm, std::span<const ScannedLog> logs) {
  std::vector<Dictionary::Entry> entries;
  for (const ScannedLog& log : logs) {
    for (std::size_t i = 0; i < log.accounts.size(); ++i) {
      entries.push_back({0, log.accounts.digest(i), log.accounts.name(i)});
    }
  }
  auto built = Dictionary::build(comm, 1, entries);
  if (built.dictionary.size() >= std::numeric_limits<std::uint32_t>::max()) {
    throw AgreedError(ExitCode::internal, "more than 2^32 accounts: split the study");
  }
  return built;
}

/// Ids log by log, in each channel by channel.
Dictionary::Built build_objects(const Comm& comm, std::size_t channels, std::span<const ScannedLog> logs) {
  std::vector<Dictionary::Entry> entries;
  for (const ScannedLog& log : logs) {
    for (std::uint32_t c = 0; c < channels; ++c) {
      for (std::size_t i = 0; i < log.objects[c].size(); ++i) {
        entries.push_back({c, log.objects[c].digest(i), log.objects[c].name(i)});
      }
    }
  }
  return Dictionary::build(comm, static_cast<std::uint32_t>(channels), entries);
}

/// Names with their ids.
struct Numbered {
  Dictionary accounts;
  Dictionary objects;
  AccountAttributes attributes;
  std::vector<std::uint64_t> account_ids;  ///< of the logs' accounts, log by log
  std::vector<std::uint64_t> object_ids;   ///< of the logs' objects, log by log, channel by channel
};

Numbered number_names(const Comm& comm, std::size_t channels, std::span<const ScannedLog> logs) {
  auto accounts = build_accounts(comm, logs);
  auto objects = build_objects(comm, channels, logs);
  auto attributes = gather_attributes(comm, accounts.dictionary, accounts.ids, logs);
  return {std::move(accounts.dictionary), std::move(objects.dictionary), std::move(attributes),
          std::move(accounts.ids), std::move(objects.ids)};
}

/// The log with global ids. Frees the scanned actions as it goes.
std::vector<Action> number_actions(std::vector<ScannedLog>& logs, const Numbered& names, std::int64_t epoch) {
  std::size_t total = 0;
  for (const ScannedLog& log : logs) {
    for (const auto& channel : log.actions) {
      for (const auto& piece : channel.pieces()) total += piece.size();
    }
  }
  std::vector<Action> actions;
  actions.reserve(total);
  std::size_t first_account = 0;  // of this log in names.account_ids
  std::size_t first_object = 0;   // of this log and channel in names.object_ids
  for (ScannedLog& log : logs) {
    for (std::size_t c = 0; c < log.actions.size(); ++c) {
      for (auto& piece : log.actions[c].pieces()) {
        for (const auto& [time, object, account] : piece) {
          actions.push_back({names.object_ids[first_object + object],
                             static_cast<std::uint32_t>(time - epoch),
                             static_cast<std::uint32_t>(names.account_ids[first_account + account])});
        }
        release(piece);
      }
      first_object += log.objects[c].size();
    }
    first_account += log.accounts.size();
  }
  return actions;
}

std::vector<Publication> number_publications(std::span<const ScannedLog> logs,
                                             const std::vector<std::uint64_t>& object_ids,
                                             std::int64_t epoch) {
  std::vector<Publication> publications;
  std::size_t first_object = 0;
  for (const ScannedLog& log : logs) {
    for (std::size_t c = 0; c < log.published.size(); ++c) {
      for (std::size_t object = 0; object < log.published[c].size(); ++object) {
        const std::int64_t time = log.published[c][object];
        if (time == INT64_MAX) continue;
        publications.push_back({object_ids[first_object + object], static_cast<std::uint32_t>(time - epoch)});
      }
      first_object += log.objects[c].size();
    }
  }
  return publications;
}

Catalogue make_catalogue(const Study& study, Numbered names, std::int64_t epoch, std::uint64_t digest) {
  Catalogue catalogue;
  catalogue.channels = channel_rules(study, names.objects);
  catalogue.time_unit = study.time_unit;
  catalogue.epoch = epoch;
  catalogue.input_digest = fmt::format("{:016x}", digest);
  catalogue.accounts = std::move(names.accounts);
  catalogue.objects = std::move(names.objects);
  catalogue.attributes = std::move(names.attributes);
  return catalogue;
}

/// The names that live on this rank, as if they had been read: in logs of bounded size, for a checkpoint.
void for_each_named(const Catalogue& catalogue, const std::function<void(const ScannedLog&)>& take) {
  constexpr std::size_t most = std::size_t{1} << 20;
  const auto& [accounts, objects] = std::tie(catalogue.accounts, catalogue.objects);
  const std::size_t names = accounts.local_size() + objects.local_size();
  for (std::size_t begin = 0; begin < names; begin += most) {
    ScannedLog log(catalogue.channels.size());
    for (std::size_t n = begin; n < std::min(names, begin + most); ++n) {
      if (n >= accounts.local_size()) {
        const std::uint64_t id = objects.id_at(n - accounts.local_size());
        log.objects[objects.group_of(id)].list(objects.name(id));
        continue;
      }
      log.accounts.list(accounts.name(accounts.id_at(n)));
      for (std::size_t a = 0; a < attribute_names.size(); ++a) {
        const auto& column = catalogue.attributes.values[a];
        if (column.empty()) continue;
        auto& value = log.attributes[a].emplace_back();
        if (column[n] != AccountAttributes::unknown) {
          value = {0, log.words.index_of(catalogue.attributes.words[column[n]])};
        }
      }
    }
    take(log);
  }
}

/// What the log checkpoint holds once.
struct LogHeader {
  std::int64_t epoch = 0;
  std::uint64_t digest = 0;
  LogFacts facts;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(epoch, digest, facts);
  }
};

LogFacts facts_of(const Comm& comm, const Ingested& ingested) {
  const auto& [accounts, objects] = std::tie(ingested.catalogue.accounts, ingested.catalogue.objects);
  LogFacts facts{ingested.counts, ingested.channels, accounts.size(), accounts.size() + objects.size(), 0};
  for (const Dictionary* names : {&accounts, &objects}) {
    for (std::size_t n = 0; n < names->local_size(); ++n)
      facts.name_bytes += names->name(names->id_at(n)).size();
  }
  facts.name_bytes = comm.sum(facts.name_bytes);
  return facts;
}

LogHeader read_header(const PieceReader& saved) {
  LogHeader header;
  saved.for_all("header", [&](std::istream& in) {
    header = from_bytes<LogHeader>({std::istreambuf_iterator<char>(in), {}});
  });
  return header;
}

}  // namespace

Ingested ingest(const Comm& comm, const Study& study, const std::filesystem::path& rejects_file,
                std::uint64_t split_bytes, RunDirectory* run) {
  auto splits = plan_reading(comm, study, split_bytes);
  auto logs = scan(comm, study, splits, run);
  sum_up(logs);
  if (run != nullptr) note_input_digests(comm, splits, logs.front(), *run);

  Ingested result;
  result.counts = check_rejects(comm, study, splits, logs.front(), rejects_file);
  auto names = number_names(comm, study.channels.size(), logs);
  const std::int64_t epoch = find_epoch(comm, study, logs.front());
  const std::uint64_t digest = comm.sum(logs.front().digest);
  result.actions = attempt(comm, [&] { return number_actions(logs, names, epoch); });
  result.publications = number_publications(logs, names.object_ids, epoch);
  result.catalogue = make_catalogue(study, std::move(names), epoch, digest);
  return result;
}

void save_log(const Comm& comm, RunDirectory& run, const Ingested& ingested, const HaloLog& log) {
  const auto& catalogue = ingested.catalogue;
  const LogHeader header{catalogue.epoch, std::stoull(catalogue.input_digest, nullptr, 16),
                         facts_of(comm, ingested)};
  run.save(
      log_stage, {0},
      [&](PieceWriter& piece) {
        if (comm.is_root()) piece.stream("header", 0, [&](std::ostream& out) { out << to_bytes(header); });
        for_each_named(catalogue, [&](const ScannedLog& names) {
          piece.stream("names", 0, [&](std::ostream& out) { write_scanned(out, names); });
        });
        piece.rows("actions", log.own());
        piece.rows("publications", ingested.publications);
      },
      1);
  run.forget_alone(read_stage);
}

std::optional<LogFacts> read_log_facts(const std::filesystem::path& folder, const Manifest& manifest) {
  std::optional<LogFacts> facts;
  for (const Piece& piece : manifest.pieces) {
    if (piece.stage == log_stage) facts = read_header(PieceReader(parts_folder(folder), piece, 0, 1)).facts;
  }
  return facts;
}

std::optional<Ingested> load_log(const Comm& comm, RunDirectory& run, const Study& study) {
  for (const Piece& piece : run.pieces(log_stage)) {
    Ingested result;
    LogHeader header;
    std::vector<ScannedLog> logs;
    const bool whole = run.load(piece, [&](const PieceReader& saved) {
      header = read_header(saved);
      saved.for_each("names", [&](std::istream& in, std::uint64_t) { logs.push_back(read_scanned(in)); });
      result.actions = saved.rows<Action>("actions");
      result.publications = saved.rows<Publication>("publications");
    });
    if (!whole) continue;
    result.counts = header.facts.read;
    result.channels = std::move(header.facts.channels);
    result.catalogue =
        make_catalogue(study, number_names(comm, study.channels.size(), logs), header.epoch, header.digest);
    return result;
  }
  return std::nullopt;
}

}  // namespace lockstep
