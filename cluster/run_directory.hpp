#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "cluster/checked_file.hpp"
#include "cluster/comm.hpp"
#include "cluster/manifest.hpp"
#include "cluster/stop_request.hpp"
#include "data/error.hpp"

namespace lockstep {

/// What a run is a function of. Resuming with anything else is an error.
struct RunIdentity {
  std::string version;            ///< of the program
  std::string study;              ///< effective, as text
  std::vector<InputFile> inputs;  ///< matters at the root only
};

struct RunOptions {
  bool fresh = false;              ///< forget what is there
  bool take_over = false;          ///< from an attempt that seems to be alive
  double checkpoint_minutes = 10;  ///< between two savings inside a stage
  double max_hours = 0;            ///< stop cleanly after so long; 0: no limit
};

/// Writes this rank's share of a piece of work. Local; throws Error(io).
class PieceWriter {
 public:
  PieceWriter(std::filesystem::path folder, std::string prefix)
      : folder_(std::move(folder)), prefix_(std::move(prefix)) {}

  /// Rows of a global array of which this rank has the next ones, in rank order; in files of bounded size.
  template <Movable T>
  void rows(const std::string& section, std::span<const T> rows) {
    constexpr std::size_t most = std::size_t{64} << 20;
    for (std::size_t begin = 0; begin < rows.size(); begin += most / sizeof(T)) {
      const auto some = rows.subspan(begin, std::min(most / sizeof(T), rows.size() - begin));
      stream(section, some.size(), [&](std::ostream& out) {
        out.write(reinterpret_cast<const char*>(some.data()),
                  static_cast<std::streamsize>(some.size_bytes()));
      });
    }
  }
  template <Movable T>
  void rows(const std::string& section, const std::vector<T>& values) {
    rows(section, std::span<const T>(values));
  }
  /// A file of this rank's own.
  void stream(const std::string& section, std::uint64_t rows,
              const std::function<void(std::ostream&)>& write);

  const std::vector<Part>& parts() const { return parts_; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  std::filesystem::path folder_;
  std::string prefix_;
  std::vector<Part> parts_;
  std::uint64_t bytes_ = 0;
};

/// Reads this rank's share of a saved piece, at any number of ranks. Local; throws Error(io).
class PieceReader {
 public:
  PieceReader(std::filesystem::path folder, const Piece& piece, int rank, int ranks)
      : folder_(std::move(folder)), piece_(piece), rank_(rank), ranks_(ranks) {}

  /// Rows of a global array: files are dealt to ranks in order, by their rows.
  template <Movable T>
  std::vector<T> rows(const std::string& section) const {
    std::vector<T> rows;
    for_each(section, [&](std::istream& in, std::uint64_t count) {
      const std::size_t before = rows.size();
      rows.resize(before + count);
      in.read(reinterpret_cast<char*>(rows.data() + before), static_cast<std::streamsize>(count * sizeof(T)));
    });
    return rows;
  }
  /// Reads each of this rank's files of a section.
  void for_each(const std::string& section,
                const std::function<void(std::istream&, std::uint64_t rows)>& read) const;
  /// Reads all files of a section on every rank.
  void for_all(const std::string& section, const std::function<void(std::istream&)>& read) const;

 private:
  std::filesystem::path folder_;
  const Piece& piece_;
  int rank_;
  int ranks_;
};

/// What saving has cost a rank so far.
struct SavingCost {
  double seconds = 0;
  std::uint64_t bytes = 0;  ///< of its parts
};

/// A folder in which a run keeps its state, so that it survives stops, faults and changes of the rank count
/// (DESIGN §4). Each attempt has a manifest of its own, so an attempt that was replaced without knowing it (a
/// ghost) can never change what its successor sees.
class RunDirectory {
 public:
  /// Starts a run or goes on with one: begins a new attempt, unless the run is done. Throws AgreedError:
  /// usage where study, inputs or program differ from those the run was begun with (naming what changed), io
  /// where another attempt is at work here. Collective.
  RunDirectory(const Comm& comm, std::filesystem::path folder, RunIdentity identity,
               const RunOptions& options);
  ~RunDirectory();
  RunDirectory(const RunDirectory&) = delete;
  RunDirectory& operator=(const RunDirectory&) = delete;

  bool done() const;
  std::uint32_t attempt() const;
  const std::filesystem::path& folder() const;

  /// Saves what came of `units` of a stage: every rank writes its share. The disk is not waited for: the
  /// piece counts, which is when the manifest lists it, from the first due(), save(), stop() or sync() after
  /// all ranks' files are safe. `total`: units of the stage, where they are known. Throws AgreedError(io).
  /// Collective.
  void save(const std::string& stage, const std::vector<std::uint32_t>& units,
            const std::function<void(PieceWriter&)>& write, std::uint64_t total = 0);
  /// When what is saved next counts, all older pieces of a stage but the newest so many are forgotten, and
  /// their files go: for a stage of which every piece holds all there is. Local; does something at the root.
  void keep_newest(const std::string& stage, std::size_t count);
  /// The pieces of a stage that were saved by earlier attempts. The same on every rank.
  std::vector<Piece> pieces(const std::string& stage) const;
  /// Reads a piece on all ranks with `read`, which must be local. False where a file of it is missing, torn
  /// or changed: the piece is then forgotten, and the user is told. Collective.
  bool load(const Piece& piece, const std::function<void(const PieceReader&)>& read);

  /// Saves what this rank alone made of `units` units of `total`; it counts from then on. The numbers are for
  /// people. Throws Error(io). Local.
  void save_alone(const std::string& stage, std::size_t units, std::size_t total,
                  const std::function<void(std::ostream&)>& write);
  /// All such files of a stage, whoever wrote them; the same on every rank. Throws AgreedError(io).
  /// Collective.
  std::vector<std::string> saved_alone(const std::string& stage) const;
  /// Reads one; false where it is damaged, which is told. Local.
  bool load_alone(const std::string& file, const std::function<void(std::istream&)>& read) const;

  /// Removes such files of a stage when what was saved last counts, as that holds the same. Throws
  /// AgreedError(io). Collective.
  void forget_alone(const std::string& stage);

  /// What all ranks should do at the end of a unit of work.
  enum class Due { nothing, save, stop };
  /// Throws AgreedError(io) when another attempt has taken the run over. Collective.
  Due due();
  /// The same for this rank alone: a clean stop was asked for, or much time has passed since its last saving.
  Due due_alone() const;
  /// What this attempt has cost this rank beside its work: saving, and asking what is due. Local.
  SavingCost saving_cost() const;
  /// The time between two savings inside a stage, in seconds.
  double checkpoint_seconds() const;
  /// Waits until what was saved counts. Throws AgreedError(io). Collective.
  void sync();
  /// Throws AgreedError(stopped), after which the attempt ends; before, waits as sync() does. Collective.
  [[noreturn]] void stop();

  /// Notes the digests of the inputs' bytes, by input, for the next save() to keep.
  void note_digests(const std::vector<std::uint64_t>& digests);

  /// The run is done: `written` becomes results.h5, and all that was kept to get there goes. Throws
  /// AgreedError(io). Collective.
  void finish(const std::filesystem::path& written);
  /// Notes how the attempt ended. Never throws. Local; does something at the root.
  void end(const std::string& outcome) noexcept;
  /// The same for any rank that has to end all others. Never throws. Local.
  void end_alone(const std::string& outcome) noexcept;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace lockstep
