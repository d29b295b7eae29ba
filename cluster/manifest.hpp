#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <cereal/cereal.hpp>

namespace lockstep {

/// A file of a checkpoint, beside the manifest in `parts/`: some rows of one section of a piece.
struct Part {
  std::string section;
  std::string file;
  std::uint64_t rows = 0;
};

/// Work that need not be done again: what came of some units of a stage (account blocks, passes, …; a stage
/// that is saved as a whole has the unit 0).
struct Piece {
  std::string stage;
  std::vector<std::uint32_t> units;
  std::uint32_t total = 0;  ///< units of the stage; 0: not known
  std::vector<Part> parts;  ///< section by section in the order of rows
};

/// One start of the program on a run directory.
struct Attempt {
  std::uint32_t number = 0;
  int ranks = 0;
  std::string host;          ///< of the root, with its boot's id
  std::int64_t process = 0;  ///< the root's
  std::uint64_t process_start =
      0;                      ///< clock ticks since boot: tells a process from a later one of its number
  std::string job;            ///< of the batch system; empty: none
  std::uint32_t restart = 0;  ///< how often the batch system had requeued the job
  std::string began;          ///< ISO 8601, UTC
  std::string ended;          ///< empty: not (yet) by itself
  std::string outcome;        ///< how it ended: done, stopped, or an error message
};

/// An input file as it was when the run began.
struct InputFile {
  std::string path;
  std::uint64_t bytes = 0;
  std::int64_t modified = 0;  ///< nanoseconds
  std::string digest;         ///< of its bytes; empty: not all read yet
};

/// What a run directory holds and how it came to be.
struct Manifest {
  std::string version;  ///< of the program
  std::string study;    ///< effective
  std::vector<InputFile> inputs;
  std::vector<Attempt> attempts;
  std::vector<Piece> pieces;
  bool done = false;
};

template <class Archive>
void serialize(Archive& archive, Part& part) {
  archive(cereal::make_nvp("section", part.section), cereal::make_nvp("file", part.file),
          cereal::make_nvp("rows", part.rows));
}
template <class Archive>
void serialize(Archive& archive, Piece& piece) {
  archive(cereal::make_nvp("stage", piece.stage), cereal::make_nvp("units", piece.units),
          cereal::make_nvp("total", piece.total), cereal::make_nvp("parts", piece.parts));
}
template <class Archive>
void serialize(Archive& archive, Attempt& attempt) {
  archive(cereal::make_nvp("number", attempt.number), cereal::make_nvp("ranks", attempt.ranks),
          cereal::make_nvp("host", attempt.host), cereal::make_nvp("process", attempt.process),
          cereal::make_nvp("process_start", attempt.process_start), cereal::make_nvp("job", attempt.job),
          cereal::make_nvp("restart", attempt.restart), cereal::make_nvp("began", attempt.began),
          cereal::make_nvp("ended", attempt.ended), cereal::make_nvp("outcome", attempt.outcome));
}
template <class Archive>
void serialize(Archive& archive, InputFile& input) {
  archive(cereal::make_nvp("path", input.path), cereal::make_nvp("bytes", input.bytes),
          cereal::make_nvp("modified", input.modified), cereal::make_nvp("digest", input.digest));
}
template <class Archive>
void serialize(Archive& archive, Manifest& manifest) {
  archive(cereal::make_nvp("version", manifest.version), cereal::make_nvp("study", manifest.study),
          cereal::make_nvp("inputs", manifest.inputs), cereal::make_nvp("attempts", manifest.attempts),
          cereal::make_nvp("pieces", manifest.pieces), cereal::make_nvp("done", manifest.done));
}

/// A manifest as text: a line with its checksum, then JSON.
std::string manifest_text(const Manifest& manifest);

/// Throws Error(io) that names the file when it is missing, torn or changed. Local.
Manifest read_manifest(const std::filesystem::path& file);

/// An attempt on another host whose last sign of life is older is taken for dead.
inline constexpr double heartbeat_patience = 60;  // seconds

/// A sign of life of an attempt, and what it is busy with.
struct Heartbeat {
  std::uint32_t attempt = 0;
  std::string stage;
  std::string unit;
  std::uint64_t done = 0;   ///< by the root, of its own share
  std::uint64_t total = 0;  ///< 0: not known
  double seconds = 0;       ///< in this stage
};
std::filesystem::path heartbeat_file(const std::filesystem::path& folder);
std::string heartbeat_text(const Heartbeat& heartbeat);
/// Seconds since the last sign of life; nothing where there is none. Clocks differ between hosts, so it is
/// compared with a file that is touched for this, where one can be. Local.
std::optional<double> heartbeat_age(const std::filesystem::path& folder);
/// Nothing where there is none, or one that is just being written. Local.
std::optional<Heartbeat> read_heartbeat(const std::filesystem::path& folder);

/// Whether the process that began an attempt is alive, as far as this host can tell: nothing on another host.
/// Local.
std::optional<bool> is_alive(const Attempt& attempt);
/// This process as an attempt. Local.
Attempt this_process(std::uint32_t number, int ranks);
/// Now, in ISO 8601, UTC.
std::string now_text();

/// The first `key = value` that two effective studies do not share, with its table; empty: they are the same.
std::string first_difference(const std::string& before, const std::string& now);

/// The folder of the parts that pieces list.
std::filesystem::path parts_folder(const std::filesystem::path& folder);

/// The names of a folder's files, in no order; none where there is no folder. Throws Error(io). Local.
std::vector<std::string> files_in(const std::filesystem::path& folder);
/// The numbers of the attempts that have a manifest in a folder, ascending. Throws Error(io). Local.
std::vector<std::uint32_t> attempts_in(const std::filesystem::path& folder);
std::filesystem::path manifest_file(const std::filesystem::path& folder, std::uint32_t attempt);
/// Where a rank that has to end an attempt without the others says why: what read_manifest() does not know.
std::filesystem::path ended_file(const std::filesystem::path& folder, std::uint32_t attempt);
/// Where an attempt writes the result before it becomes results.h5: one that was replaced may be writing,
/// too.
std::filesystem::path result_file(const std::filesystem::path& folder, std::uint32_t attempt);

/// The newest manifest of a folder that is whole, with how its last attempt ended where a rank noted that by
/// itself, and with a message for each newer one that is not whole. An empty manifest where there is none.
/// Throws Error(io). Local.
struct FoundManifest {
  Manifest manifest;
  std::vector<std::string> damaged;
};
FoundManifest newest_manifest(const std::filesystem::path& folder);

}  // namespace lockstep
