#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>

namespace lockstep {

/// The process exit codes that users and batch scripts rely on.
enum class ExitCode : int {
  done = 0,
  usage = 64,     ///< wrong command line or study file
  bad_data = 65,  ///< input that cannot be used
  internal = 70,  ///< a bug, or a limit of the program
  io = 74,        ///< a file could not be read or written
  stopped = 75,   ///< stopped cleanly; run the same command again
};

/// An error to be shown to the user: the message names the file, line or key and says what to do.
class Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

/// What the standard library says of a file that could not be renamed, removed, …
inline Error file_error(const std::filesystem::filesystem_error& error) {
  return {ExitCode::io, error.path1().string() + ": " + error.code().message()};
}

}  // namespace lockstep
