#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cluster/comm.hpp"
#include "cluster/run_directory.hpp"
#include "data/study/study.hpp"
#include "src/log/action.hpp"
#include "src/log/dictionary.hpp"
#include "src/log/halo.hpp"
#include "src/log/partition.hpp"

namespace lockstep {

/// What is known of accounts besides their ids, at the rank where their names live.
struct AccountAttributes {
  TextPool words;
  /// By attribute, then by Dictionary::place: a number in `words`, or `unknown`. Empty: no input has it.
  std::array<std::vector<std::uint32_t>, attribute_names.size()> values;
  static constexpr std::uint32_t unknown = UINT32_MAX;

  std::string_view value(Attribute attribute, std::size_t place) const;
};

/// What all later stages know about the log besides its actions.
struct Catalogue {
  Dictionary accounts;
  Dictionary objects;  ///< groups are the channels
  AccountAttributes attributes;
  TimeUnit time_unit = TimeUnit::second;
  std::int64_t epoch = 0;  ///< ticks since 1970 of the first action; action times count from here
  std::vector<ChannelRule> channels;
  std::string input_digest;  ///< of the actions read, whatever files they were in
};

struct ReadCounts {
  std::uint64_t files = 0;
  std::uint64_t rows = 0;
  std::uint64_t rejected_rows = 0;
  std::uint64_t rows_outside = 0;  ///< left out: not between the study's `from` and `to`
};

struct Ingested {
  std::vector<Action> actions;            ///< this rank's, in no order
  std::vector<Publication> publications;  ///< that this rank has read of; an object may be in several
  Catalogue catalogue;
  ReadCounts counts;
  std::vector<LogCounts> channels;  ///< count_log() of the sorted log; empty before it is sorted
};

/// Bytes of a plain file that one rank reads at a time; results do not depend on it.
inline constexpr std::uint64_t default_split_bytes = std::uint64_t{64} << 20;

/// Reads all inputs of the study on all ranks. Rows outside the study's `from` and `to` are counted and
/// left out as if the files had none of them, but a row that says no time is malformed in any study. Rejected
/// rows are described in `rejects_file` (JSON lines), which is written whenever there are any. Throws
/// AgreedError: usage for globs and columns that name nothing, io, bad_data where more rows than
/// max_reject_fraction are malformed or a channel has no action, internal where ids or times need more than
/// 32 bits. Collective.
///
/// With a run directory, what is read is saved now and then (by each rank for itself: files differ too much
/// in size for ranks to wait for each other), and reading goes on from there; a clean stop throws
/// AgreedError(stopped).
Ingested ingest(const Comm& comm, const Study& study, const std::filesystem::path& rejects_file,
                std::uint64_t split_bytes = default_split_bytes, RunDirectory* run = nullptr);

/// What is known exactly of a log once it is read and sorted.
struct LogFacts {
  ReadCounts read;
  std::vector<LogCounts> channels;
  std::uint64_t accounts = 0;
  std::uint64_t names = 0;       ///< accounts and objects
  std::uint64_t name_bytes = 0;  ///< their characters
};

/// The read and sorted log, in `log`, as a stage of a run; the rest is in `ingested`, with its counts. Throws
/// AgreedError(io). Collective.
void save_log(const Comm& comm, RunDirectory& run, const Ingested& ingested, const HaloLog& log);

/// Of the saved log of a run; nothing where its manifest lists none. Throws Error(io). Local.
std::optional<LogFacts> read_log_facts(const std::filesystem::path& folder, const Manifest& manifest);

/// The saved log, dealt anew to these ranks; nothing where there is none that is whole. Collective.
std::optional<Ingested> load_log(const Comm& comm, RunDirectory& run, const Study& study);

}  // namespace lockstep
