#pragma once

#include <filesystem>
#include <functional>
#include <istream>
#include <ostream>
#include <string>

namespace lockstep {

/// When a written file is safe against power cuts.
enum class Safe {
  now,              ///< before it has its name: under that name it is whole or not there
  after_sync_file,  ///< when somebody has called that; writing itself does not wait for the disk
};

/// Writes a file that can be trusted when it is read again: its bytes go out in pieces of bounded length,
/// each with its checksum, under a temporary name, and the file gets its own name in the end. `write` fills
/// the stream. Throws Error(io) that names the file. Local.
void write_checked(const std::filesystem::path& file, const std::function<void(std::ostream&)>& write,
                   Safe safe = Safe::now);

/// Waits until a file's bytes are on disk. Throws Error(io) that names the file. Local.
void sync_file(const std::filesystem::path& file);

/// Reads such a file: every piece's length and checksum are looked at before its bytes reach `read`. Throws
/// Error(io) that names the file when it is missing, torn or changed. Local.
void read_checked(const std::filesystem::path& file, const std::function<void(std::istream&)>& read);

/// Puts `text` in the place of a file at once: whole or not at all, also when the power fails. Throws
/// Error(io). Local.
void replace_file(const std::filesystem::path& file, const std::string& text);

/// Makes a folder's entries (renamed, linked and removed files) safe against power cuts. Throws Error(io).
/// Local.
void sync_folder(const std::filesystem::path& folder);

}  // namespace lockstep
