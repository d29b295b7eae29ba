#include "cluster/run_directory.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <future>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include "cluster/agree.hpp"
#include "cluster/archive.hpp"
#include "cluster/progress.hpp"
#include "data/digest.hpp"
#include "data/file_digest.hpp"

namespace lockstep {

namespace {

constexpr auto heartbeat_interval = std::chrono::seconds(2);

/// The attempt that wrote a part, as its name says; nothing where it says none.
std::optional<std::uint32_t> writer_of(const std::string& part) {
  constexpr std::string_view mark = ".a";
  const auto begin = part.find(mark);
  if (begin == std::string::npos) return std::nullopt;
  std::uint32_t number = 0;
  const auto parsed = std::from_chars(part.data() + begin + mark.size(), part.data() + part.size(), number);
  return parsed.ec == std::errc() ? std::optional(number) : std::nullopt;
}

/// Marks what ranks save alone: no manifest says which inputs it came of.
std::string digest_of_identity(const RunIdentity& identity) {
  std::string text = identity.version + identity.study;
  for (const InputFile& input : identity.inputs) {
    text += fmt::format("\n{} {} {}", input.path, input.bytes, input.modified);
  }
  return fmt::format("{:016x}", digest_of(text).low);
}

void remove_quietly(const std::filesystem::path& file) {
  std::error_code ignored;
  std::filesystem::remove(file, ignored);
}

/// Throws Error(usage) that names the first input that is not as it was. Notes new times of change of files
/// whose bytes are the same.
void check_inputs(std::vector<InputFile>& before, const std::vector<InputFile>& now) {
  const auto changed = [](const std::string& path, const std::string& how) {
    throw Error(ExitCode::usage,
                fmt::format("{}: {} since the run was begun; --fresh starts the run anew", path, how));
  };
  for (std::size_t i = 0; i < std::max(before.size(), now.size()); ++i) {
    if (i == before.size()) changed(now[i].path, "was not an input and is one");
    if (i == now.size()) changed(before[i].path, "was an input and is none");
    if (before[i].path != now[i].path) {
      changed(now[i].path, fmt::format("stands where {} stood in the list of inputs", before[i].path));
    }
    if (before[i].bytes != now[i].bytes) {
      changed(now[i].path,
              fmt::format("has grown or shrunk from {} to {} bytes", before[i].bytes, now[i].bytes));
    }
    if (before[i].modified == now[i].modified) continue;
    // Copied or touched files are the same where their bytes are.
    if (before[i].digest != fmt::format("{:016x}", digest_of_file(now[i].path)))
      changed(now[i].path, "has changed");
    before[i].modified = now[i].modified;
  }
}

}  // namespace

void PieceWriter::stream(const std::string& section, std::uint64_t rows,
                         const std::function<void(std::ostream&)>& write) {
  const std::string file = fmt::format("{}.{}.{}", prefix_, parts_.size(), section);
  write_checked(folder_ / file, write, Safe::after_sync_file);
  bytes_ += std::filesystem::file_size(folder_ / file);
  parts_.push_back({section, file, rows});
}

void PieceReader::for_each(const std::string& section,
                           const std::function<void(std::istream&, std::uint64_t rows)>& read) const {
  std::uint64_t total = 0;
  std::uint64_t files = 0;
  for (const Part& part : piece_.parts) {
    if (part.section != section) continue;
    total += part.rows;
    ++files;
  }
  // Dealt by the middle of each file's rows, or by number where files have none.
  std::uint64_t before = 0;
  std::uint64_t number = 0;
  for (const Part& part : piece_.parts) {
    if (part.section != section) continue;
    const double middle = total > 0 ? (static_cast<double>(before) + static_cast<double>(part.rows) / 2) /
                                          static_cast<double>(total)
                                    : static_cast<double>(number) / static_cast<double>(files);
    const int owner = std::min(ranks_ - 1, static_cast<int>(middle * ranks_));
    if (owner == rank_) read_checked(folder_ / part.file, [&](std::istream& in) { read(in, part.rows); });
    before += part.rows;
    ++number;
  }
}

void PieceReader::for_all(const std::string& section, const std::function<void(std::istream&)>& read) const {
  for (const Part& part : piece_.parts) {
    if (part.section == section) read_checked(folder_ / part.file, read);
  }
}

struct RunDirectory::Implementation {
  Implementation(const Comm& c, std::filesystem::path f, const RunOptions& o)
      : comm(c), folder(std::move(f)), options(o), stop(o.max_hours) {}

  Comm comm;
  std::filesystem::path folder;
  RunOptions options;
  StopRequest stop;
  Manifest manifest;  ///< whole at the root; elsewhere its pieces only
  std::uint32_t attempt = 0;
  std::uint32_t saved = 0;             ///< pieces of this attempt, for their names
  std::uint32_t saved_alone = 0;       ///< files of this rank
  std::vector<std::string> forgotten;  ///< root: parts that go when the manifest no longer names them
  /// Of each stage, how many pieces stay when the next one counts.
  std::vector<std::pair<std::string, std::size_t>> kept_newest;
  /// What was saved last and does not count yet; its content matters at the root only.
  struct Unsafe {
    Piece piece;
    std::vector<std::pair<std::string, std::size_t>> kept_newest;
    std::vector<std::string> replaced_files;  ///< which go when it counts
  };
  std::optional<Unsafe> unsafe;
  std::future<void> files_safe;  ///< this rank's files of it
  std::string identity_digest;
  using Clock = std::chrono::steady_clock;
  Clock::time_point last_save = Clock::now();
  Clock::time_point last_save_alone = Clock::now();
  SavingCost cost;
  void add_cost(Clock::time_point since, std::uint64_t bytes) {
    cost.seconds += std::chrono::duration<double>(Clock::now() - since).count();
    cost.bytes += bytes;
  }
  /// Root: shows that the attempt lives, whatever the main thread is busy with.
  std::mutex mutex;
  std::condition_variable_any wake;
  std::jthread heart;

  std::filesystem::path parts() const { return parts_folder(folder); }
  bool replaced() const {
    const auto numbers = attempts_in(folder);
    return !numbers.empty() && numbers.back() > attempt;
  }

  void check_not_replaced() const {
    if (!replaced()) return;
    throw Error(ExitCode::io,
                fmt::format("{}: a later attempt has taken this run over; attempt {} ends without "
                            "writing anything more",
                            folder.string(), attempt));
  }

  /// Root only.
  void open(const RunIdentity& identity);
  void check_not_alive(const Attempt& last) const;
  void claim();
  void remove_leftovers(const std::vector<std::uint32_t>& earlier) const;
  void commit();
  void forget_older(const std::string& stage, std::size_t kept);
  enum class Patience { wait, look };
  /// What was saved last counts when all ranks' files are safe; waits for that or only looks. Collective.
  void count_what_is_safe(Patience patience);
  void beat(const std::stop_token& token);
};

void RunDirectory::Implementation::check_not_alive(const Attempt& last) const {
  const Attempt mine = this_process(0, 1);
  const bool requeued = !mine.job.empty() && mine.job == last.job && mine.restart > last.restart;
  if (!last.ended.empty() || requeued || options.take_over) return;
  const std::string host = last.host.substr(0, last.host.find(' '));
  if (const auto alive = is_alive(last)) {
    if (!*alive) return;
    throw Error(ExitCode::io,
                fmt::format("{}: attempt {} is at work here (process {}); wait for it or stop it",
                            folder.string(), last.number, last.process));
  }
  const auto age = heartbeat_age(folder);
  if (!age || *age > heartbeat_patience) return;
  throw Error(
      ExitCode::io,
      fmt::format(
          "{}: attempt {} seems to be at work on {}{} (a sign of life {:.0f} s ago); wait a minute if it "
          "is dead, or use --take-over",
          folder.string(), last.number, host, last.job.empty() ? "" : ", job " + last.job, *age));
}

/// Writes the first manifest of this attempt under a number that nobody else gets.
void RunDirectory::Implementation::claim() {
  const auto mine =
      folder / fmt::format("manifest.new.{}.{}", getpid(), manifest.attempts.back().host.substr(0, 8));
  replace_file(mine, manifest_text(manifest));
  const int linked = ::link(mine.c_str(), manifest_file(folder, attempt).c_str());
  const int error = errno;
  remove_quietly(mine);
  if (linked != 0) {
    // The other one may have removed the file, too: it takes it for one of a dead attempt.
    throw Error(ExitCode::io, error == EEXIST || error == ENOENT
                                  ? fmt::format("{}: another job has just started here", folder.string())
                                  : fmt::format("{}: {}", folder.string(), std::strerror(error)));
  }
  sync_folder(folder);
}

/// What earlier attempts began and no manifest names, and what a fresh start has no use for. An attempt that
/// has replaced this one meanwhile keeps its files.
void RunDirectory::Implementation::remove_leftovers(const std::vector<std::uint32_t>& earlier) const {
  std::set<std::string> listed;
  for (const Piece& piece : manifest.pieces) {
    for (const Part& part : piece.parts) listed.insert(part.file);
  }
  for (const auto& name : files_in(parts())) {
    const bool kept = listed.contains(name) || (name.ends_with(".alone") && !options.fresh);
    if (!kept && writer_of(name).value_or(attempt) < attempt) remove_quietly(parts() / name);
  }
  for (const auto& name : files_in(folder)) {
    if (name.starts_with("manifest.new.")) remove_quietly(folder / name);
  }
  for (std::uint32_t number = 1; number < attempt; ++number) {
    const auto result = result_file(folder, number).string();
    const auto state = manifest_file(folder, number).string();
    for (const auto& file :
         {result, result + ".writing", state + ".writing", ended_file(folder, number).string()}) {
      remove_quietly(file);
    }
  }
  remove_quietly(folder / "heartbeat.probe");
  // A fresh run that stops must not look as if it was done.
  if (options.fresh) remove_quietly(folder / "results.h5");
  constexpr std::size_t manifests_kept = 3;
  for (std::size_t i = 0; i + manifests_kept < earlier.size() + 1; ++i) {
    const auto old = manifest_file(folder, earlier[i]);
    remove_quietly(old);
    remove_quietly(old.string() + ".previous");
  }
}

void RunDirectory::Implementation::commit() {
  check_not_replaced();
  const auto file = manifest_file(folder, attempt);
  // The state before stays, for the case that the new one is damaged later.
  const std::filesystem::path previous = file.string() + ".previous";
  std::error_code error;
  std::filesystem::remove(previous, error);
  std::filesystem::create_hard_link(file, previous, error);
  replace_file(file, manifest_text(manifest));
  for (const auto& part : forgotten) std::filesystem::remove(parts() / part, error);
  forgotten.clear();
}

void RunDirectory::Implementation::forget_older(const std::string& stage, std::size_t kept) {
  const auto is_of_stage = [&](const Piece& piece) { return piece.stage == stage; };
  const auto all =
      static_cast<std::size_t>(std::count_if(manifest.pieces.begin(), manifest.pieces.end(), is_of_stage));
  std::size_t too_old = all - std::min(all, kept);
  std::erase_if(manifest.pieces, [&](const Piece& piece) {
    if (too_old == 0 || !is_of_stage(piece)) return false;
    --too_old;
    for (const Part& part : piece.parts) forgotten.push_back(part.file);
    return true;
  });
}

void RunDirectory::Implementation::count_what_is_safe(Patience patience) {
  if (!unsafe) return;
  const bool is_safe =
      patience == Patience::wait || files_safe.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  if (comm.any(!is_safe)) return;
  Unsafe now_safe = *std::exchange(unsafe, std::nullopt);
  lockstep::attempt(comm, [&] { files_safe.get(); });
  attempt_at_root(comm, [&] {
    for (const auto& [stage, kept] : now_safe.kept_newest) forget_older(stage, kept);
    forgotten.insert(forgotten.end(), now_safe.replaced_files.begin(), now_safe.replaced_files.end());
    manifest.pieces.push_back(std::move(now_safe.piece));
    commit();
  });
}

void RunDirectory::Implementation::open(const RunIdentity& identity) {
  std::error_code error;
  std::filesystem::create_directories(parts(), error);
  if (error) throw Error(ExitCode::io, fmt::format("{}: {}", folder.string(), error.message()));
  auto [found, damaged] = newest_manifest(folder);
  for (const auto& message : damaged) fmt::print(stderr, "lockstep: {}; an older state is used\n", message);
  if (!found.attempts.empty()) check_not_alive(found.attempts.back());
  if (options.fresh) {
    found.pieces.clear();
    found.inputs.clear();
    found.done = false;
  } else if (!found.study.empty()) {
    if (found.version != identity.version) {
      throw Error(ExitCode::usage,
                  fmt::format("{}: begun by lockstep {}, and this is {}; --fresh starts the run anew",
                              folder.string(), found.version, identity.version));
    }
    if (const auto difference = first_difference(found.study, identity.study); !difference.empty()) {
      throw Error(ExitCode::usage,
                  fmt::format("{}: the study has changed since the run was begun: {}; --fresh starts "
                              "the run anew, another --out keeps both",
                              folder.string(), difference));
    }
    check_inputs(found.inputs, identity.inputs);
  }
  if (found.inputs.empty()) found.inputs = identity.inputs;
  found.version = identity.version;
  found.study = identity.study;
  found.done = found.done && std::filesystem::exists(folder / "results.h5");
  const auto numbers = attempts_in(folder);
  attempt = (numbers.empty() ? 0 : numbers.back()) + (found.done ? 0 : 1);
  manifest = std::move(found);
  if (manifest.done) return;
  manifest.attempts.push_back(this_process(attempt, comm.size()));
  claim();
  remove_leftovers(numbers);
  heart = std::jthread([this](const std::stop_token& token) { beat(token); });
}

void RunDirectory::Implementation::beat(const std::stop_token& token) {
  std::unique_lock lock(mutex);
  while (!token.stop_requested()) {
    try {
      if (replaced()) return;
      const Work work = current_work();
      std::ofstream(heartbeat_file(folder))
          << heartbeat_text({attempt, work.stage, work.unit, work.done, work.total, work.seconds});
    } catch (const std::exception&) {
      // A beat is left out: an exception that leaves a thread would end the program.
    }
    wake.wait_for(lock, token, heartbeat_interval, [] { return false; });
  }
}

RunDirectory::RunDirectory(const Comm& comm, std::filesystem::path folder, RunIdentity identity,
                           const RunOptions& options)
    : implementation_(std::make_unique<Implementation>(comm, std::move(folder), options)) {
  auto& self = *implementation_;
  attempt_at_root(comm, [&] { self.open(identity); });
  struct Opened {
    std::uint32_t attempt;
    std::uint32_t done;
  };
  const Opened opened = comm.gather_all_values(Opened{self.attempt, self.manifest.done ? 1U : 0U}).front();
  self.attempt = opened.attempt;
  self.manifest.done = opened.done != 0;
  self.manifest.pieces = from_bytes<std::vector<Piece>>(comm.broadcast(to_bytes(self.manifest.pieces)));
  self.identity_digest = comm.broadcast(digest_of_identity(identity));
}

RunDirectory::~RunDirectory() = default;

bool RunDirectory::done() const {
  return implementation_->manifest.done;
}
std::uint32_t RunDirectory::attempt() const {
  return implementation_->attempt;
}
const std::filesystem::path& RunDirectory::folder() const {
  return implementation_->folder;
}

void RunDirectory::save(const std::string& stage, const std::vector<std::uint32_t>& units,
                        const std::function<void(PieceWriter&)>& write, std::uint64_t total) {
  auto& self = *implementation_;
  const auto start = Implementation::Clock::now();
  self.count_what_is_safe(Implementation::Patience::wait);
  attempt_at_root(self.comm, [&] { self.check_not_replaced(); });
  PieceWriter writer(self.parts(),
                     fmt::format("{}.a{}.p{}.r{}", stage, self.attempt, self.saved++, self.comm.rank()));
  lockstep::attempt(self.comm, [&] {
    write(writer);
    // Each for its own files: on a shared file system the root's sync need not cover those of other hosts.
    self.files_safe = std::async(std::launch::async, [folder = self.parts(), parts = writer.parts()] {
      for (const Part& part : parts) sync_file(folder / part.file);
      sync_folder(folder);
    });
  });
  const auto parts_of_ranks = self.comm.gather(to_bytes(writer.parts()));
  Piece piece{stage, units, static_cast<std::uint32_t>(total), {}};
  for (const auto& bytes : parts_of_ranks) {
    const auto parts = from_bytes<std::vector<Part>>(bytes);
    piece.parts.insert(piece.parts.end(), parts.begin(), parts.end());
  }
  // Sections one after another, each in the order of ranks.
  std::stable_sort(piece.parts.begin(), piece.parts.end(),
                   [](auto& a, auto& b) { return a.section < b.section; });
  self.unsafe = {std::move(piece), std::exchange(self.kept_newest, {}), {}};
  self.add_cost(start, writer.bytes());
  self.last_save = self.last_save_alone = Implementation::Clock::now();
}

void RunDirectory::keep_newest(const std::string& stage, std::size_t count) {
  implementation_->kept_newest.emplace_back(stage, count);
}

std::vector<Piece> RunDirectory::pieces(const std::string& stage) const {
  std::vector<Piece> found;
  for (const Piece& piece : implementation_->manifest.pieces) {
    if (piece.stage == stage) found.push_back(piece);
  }
  return found;
}

bool RunDirectory::load(const Piece& piece, const std::function<void(const PieceReader&)>& read) {
  auto& self = *implementation_;
  try {
    lockstep::attempt(self.comm,
                      [&] { read(PieceReader(self.parts(), piece, self.comm.rank(), self.comm.size())); });
    return true;
  } catch (const AgreedError& error) {
    if (error.code() != ExitCode::io) throw;
    if (self.comm.is_root()) {
      fmt::print(stderr, "lockstep: {}; this part of stage '{}' is done again\n", error.what(), piece.stage);
    }
    std::erase_if(self.manifest.pieces,
                  [&](const Piece& kept) { return kept.stage == piece.stage && kept.units == piece.units; });
    return false;
  }
}

void RunDirectory::save_alone(const std::string& stage, std::size_t units, std::size_t total,
                              const std::function<void(std::ostream&)>& write) {
  auto& self = *implementation_;
  const auto start = Implementation::Clock::now();
  self.check_not_replaced();
  const auto file = fmt::format("{}.a{}.r{}.{}.{}of{}.alone", stage, self.attempt, self.comm.rank(),
                                self.saved_alone++, units, total);
  write_checked(self.parts() / file, [&](std::ostream& out) {
    out << self.identity_digest;
    write(out);
  });
  sync_folder(self.parts());
  self.add_cost(start, std::filesystem::file_size(self.parts() / file));
  self.last_save_alone = Implementation::Clock::now();
}

std::vector<std::string> RunDirectory::saved_alone(const std::string& stage) const {
  const auto& self = *implementation_;
  std::vector<std::string> files;
  attempt_at_root(self.comm, [&] {
    for (const auto& name : files_in(self.parts())) {
      if (name.starts_with(stage + ".") && name.ends_with(".alone")) files.push_back(name);
    }
  });
  std::sort(files.begin(), files.end());
  return from_bytes<std::vector<std::string>>(self.comm.broadcast(to_bytes(files)));
}

void RunDirectory::forget_alone(const std::string& stage) {
  auto& self = *implementation_;
  auto files = saved_alone(stage);
  if (self.unsafe) {
    self.unsafe->replaced_files = std::move(files);
  } else if (self.comm.is_root()) {
    for (const auto& file : files) remove_quietly(self.parts() / file);
  }
}

bool RunDirectory::load_alone(const std::string& file, const std::function<void(std::istream&)>& read) const {
  const auto& self = *implementation_;
  try {
    bool ours = true;
    read_checked(self.parts() / file, [&](std::istream& in) {
      std::string digest(self.identity_digest.size(), '\0');
      in.read(digest.data(), static_cast<std::streamsize>(digest.size()));
      ours = digest == self.identity_digest;
      if (ours) read(in);
    });
    return ours;
  } catch (const Error& error) {
    fmt::print(stderr, "lockstep: {}; this part is done again\n", error.what());
    return false;
  }
}

RunDirectory::Due RunDirectory::due() {
  auto& self = *implementation_;
  const auto start = Implementation::Clock::now();
  enum : std::uint64_t { nothing, save, stop };
  std::uint64_t mine = nothing;
  self.count_what_is_safe(Implementation::Patience::look);
  attempt_at_root(self.comm, [&] {
    self.check_not_replaced();
    const std::chrono::duration<double, std::ratio<60>> minutes =
        Implementation::Clock::now() - self.last_save;
    if (minutes.count() >= self.options.checkpoint_minutes) mine = save;
  });
  if (self.stop.made()) mine = stop;
  self.add_cost(start, 0);
  const std::uint64_t all = self.comm.max(mine);
  return all == stop ? Due::stop : all == save ? Due::save : Due::nothing;
}

RunDirectory::Due RunDirectory::due_alone() const {
  const auto& self = *implementation_;
  if (self.stop.made()) return Due::stop;
  const std::chrono::duration<double, std::ratio<60>> minutes =
      Implementation::Clock::now() - self.last_save_alone;
  return minutes.count() >= self.options.checkpoint_minutes ? Due::save : Due::nothing;
}

SavingCost RunDirectory::saving_cost() const {
  return implementation_->cost;
}

double RunDirectory::checkpoint_seconds() const {
  return 60 * implementation_->options.checkpoint_minutes;
}

void RunDirectory::sync() {
  auto& self = *implementation_;
  const auto start = Implementation::Clock::now();
  self.count_what_is_safe(Implementation::Patience::wait);
  self.add_cost(start, 0);
}

void RunDirectory::stop() {
  sync();
  throw AgreedError(ExitCode::stopped,
                    fmt::format("stopped cleanly; the same command goes on from here (exit code {})",
                                static_cast<int>(ExitCode::stopped)));
}

void RunDirectory::note_digests(const std::vector<std::uint64_t>& digests) {
  auto& inputs = implementation_->manifest.inputs;
  for (std::size_t i = 0; i < std::min(inputs.size(), digests.size()); ++i) {
    inputs[i].digest = fmt::format("{:016x}", digests[i]);
  }
}

void RunDirectory::finish(const std::filesystem::path& written) {
  auto& self = *implementation_;
  // Nobody will need it; its files go.
  self.unsafe.reset();
  if (self.files_safe.valid()) self.files_safe.wait();
  attempt_at_root(self.comm, [&] {
    self.check_not_replaced();
    std::error_code error;
    std::filesystem::rename(written, self.folder / "results.h5", error);
    if (error) throw Error(ExitCode::io, fmt::format("{}: {}", written.string(), error.message()));
    sync_folder(self.folder);
    self.manifest.done = true;
    self.manifest.pieces.clear();
    self.manifest.attempts.back().ended = now_text();
    self.manifest.attempts.back().outcome = "done";
    self.commit();
    // Of attempts up to this one: if a later one has just begun, it may keep what it has.
    for (const auto& name : files_in(self.parts())) {
      if (writer_of(name).value_or(self.attempt + 1) <= self.attempt) {
        remove_quietly(self.parts() / name);
      }
    }
    remove_quietly(self.parts());  // where it is empty now
    for (const std::uint32_t number : attempts_in(self.folder)) {
      if (number > self.attempt) continue;
      const auto file = manifest_file(self.folder, number);
      remove_quietly(file.string() + ".previous");
      if (number < self.attempt) remove_quietly(file);
    }
    self.heart = {};
    remove_quietly(heartbeat_file(self.folder));
  });
  self.manifest.done = true;
}

void RunDirectory::end(const std::string& outcome) noexcept {
  auto& self = *implementation_;
  if (!self.comm.is_root() || self.manifest.done) return;
  try {
    self.manifest.attempts.back().ended = now_text();
    self.manifest.attempts.back().outcome = outcome;
    self.commit();
  } catch (...) {
    // The attempt ends either way; its successor finds it dead.
  }
}

void RunDirectory::end_alone(const std::string& outcome) noexcept {
  const auto& self = *implementation_;
  try {
    replace_file(ended_file(self.folder, self.attempt), now_text() + "\n" + outcome + "\n");
  } catch (...) {
    // The attempt ends either way, and its successor finds it dead.
  }
}

}  // namespace lockstep
