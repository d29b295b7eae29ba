#include "cluster/environment.hpp"

#include <cstdlib>

#include <boost/mpi/environment.hpp>

namespace lockstep {

struct Environment::Implementation {
  // `false`: an exception that leaves main must not turn into an abort with a code of Boost's choice.
  Implementation(int& argc, char**& argv) : environment(argc, argv, false) {}
  boost::mpi::environment environment;
};

Environment::Environment(int& argc, char**& argv)
    : implementation_(std::make_unique<Implementation>(argc, argv)) {}
Environment::~Environment() = default;

void end_all_ranks(ExitCode code) {
  boost::mpi::environment::abort(static_cast<int>(code));
  std::abort();
}

}  // namespace lockstep
