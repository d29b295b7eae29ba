#pragma once

#include <memory>

#include "data/error.hpp"

namespace lockstep {

/// Starts MPI when made and ends it when destroyed. One per process, made first in the main program.
class Environment {
 public:
  Environment(int& argc, char**& argv);
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  /// Ends every rank of the job now, with this exit code. Not collective: one failing rank calls it.
  [[noreturn]] void abort(ExitCode code) const;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace lockstep
