#pragma once

#include <memory>

#include "data/error.hpp"

namespace lockstep {

/// Ends every rank of the job now, with this exit code. Not collective: one failing rank calls it.
[[noreturn]] void end_all_ranks(ExitCode code);

/// Starts MPI when made and ends it when destroyed. One per process, made first in the main program.
class Environment {
 public:
  Environment(int& argc, char**& argv);
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace lockstep
