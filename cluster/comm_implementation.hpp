#pragma once

#include <boost/mpi/communicator.hpp>

#include "cluster/comm.hpp"

namespace lockstep {

/// What a Comm shares among its copies. Private to cluster/.
struct Comm::Implementation {
  boost::mpi::communicator communicator;
  Traffic traffic;
  std::size_t message_limit = std::size_t{64} << 20;
};

}  // namespace lockstep
