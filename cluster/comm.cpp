#include "cluster/comm.hpp"

#include <algorithm>
#include <numeric>

#include <boost/mpi/collectives.hpp>

#include "cluster/comm_implementation.hpp"

namespace lockstep {

namespace mpi = boost::mpi;

Comm::Comm(std::shared_ptr<Implementation> implementation) : implementation_(std::move(implementation)) {}

Comm Comm::world() {
  return Comm(std::make_shared<Implementation>(
      Implementation{mpi::communicator(MPI_COMM_WORLD, mpi::comm_duplicate), {}}));
}

Comm Comm::self() {
  return Comm(std::make_shared<Implementation>(
      Implementation{mpi::communicator(MPI_COMM_SELF, mpi::comm_attach), {}}));
}

int Comm::rank() const {
  return implementation_->communicator.rank();
}
int Comm::size() const {
  return implementation_->communicator.size();
}
Traffic Comm::traffic() const {
  return implementation_->traffic;
}
void Comm::set_message_limit(std::size_t bytes) const {
  implementation_->message_limit = bytes;
}

void Comm::barrier() const {
  implementation_->communicator.barrier();
}

std::uint64_t Comm::sum(std::uint64_t value) const {
  return mpi::all_reduce(implementation_->communicator, value, std::plus<>());
}
std::uint64_t Comm::max(std::uint64_t value) const {
  return mpi::all_reduce(implementation_->communicator, value, mpi::maximum<std::uint64_t>());
}
std::int64_t Comm::min(std::int64_t value) const {
  return mpi::all_reduce(implementation_->communicator, value, mpi::minimum<std::int64_t>());
}
std::int64_t Comm::max(std::int64_t value) const {
  return mpi::all_reduce(implementation_->communicator, value, mpi::maximum<std::int64_t>());
}

std::uint64_t Comm::exclusive_sum(std::uint64_t value) const {
  return mpi::scan(implementation_->communicator, value, std::plus<>()) - value;
}

void Comm::sum_each(std::span<std::uint64_t> values) const {
  const std::size_t piece = implementation_->message_limit / sizeof(std::uint64_t);
  for (std::size_t begin = 0; begin < values.size(); begin += piece) {
    const auto part = values.subspan(begin, std::min(piece, values.size() - begin));
    // Not Boost's in-place all_reduce: it makes a reference of MPI_IN_PLACE, which is no address.
    MPI_Allreduce(MPI_IN_PLACE, part.data(), static_cast<int>(part.size()), MPI_UINT64_T, MPI_SUM,
                  MPI_Comm(implementation_->communicator));
  }
}

std::string Comm::broadcast(std::string text) const {
  mpi::broadcast(implementation_->communicator, text, 0);
  return text;
}

std::vector<std::string> Comm::gather(const std::string& text) const {
  std::vector<std::string> texts;
  mpi::gather(implementation_->communicator, text, texts, 0);
  return texts;
}

std::vector<std::size_t> Comm::exchange_sizes(std::span<const std::span<const std::byte>> outgoing) const {
  std::vector<std::size_t> sizes;
  for (const auto& part : outgoing) sizes.push_back(part.size());
  std::vector<std::size_t> incoming;
  mpi::all_to_all(implementation_->communicator, sizes, incoming);
  return incoming;
}

namespace {

/// One direction of an exchange with another rank, cut into pieces of at most `limit` bytes.
template <class Post>
void post_pieces(std::size_t bytes, std::size_t limit, Post post) {
  for (std::size_t begin = 0; begin < bytes; begin += limit) post(begin, std::min(limit, bytes - begin));
}

}  // namespace

void Comm::move_bytes(std::span<const std::span<const std::byte>> outgoing, std::byte* place,
                      std::span<const std::size_t> incoming) const {
  auto& self = *implementation_;
  const MPI_Comm raw = self.communicator;
  constexpr int tag = 0;  // pieces of one pair of ranks arrive in the order in which they were sent
  std::vector<MPI_Request> requests;
  const auto keep = [&](MPI_Request request) { requests.push_back(request); };

  std::size_t offset = 0;
  for (int other = 0; other < size(); ++other) {
    const std::size_t count = incoming[static_cast<std::size_t>(other)];
    if (other != rank()) {
      post_pieces(count, self.message_limit, [&](std::size_t begin, std::size_t length) {
        MPI_Request request = MPI_REQUEST_NULL;
        MPI_Irecv(place + offset + begin, static_cast<int>(length), MPI_BYTE, other, tag, raw, &request);
        keep(request);
      });
      self.traffic.bytes_received += count;
    }
    offset += count;
  }
  for (int other = 0; other < size(); ++other) {
    const auto part = outgoing[static_cast<std::size_t>(other)];
    if (other == rank()) {
      const auto before = incoming.first(static_cast<std::size_t>(other));
      std::copy(part.begin(), part.end(),
                place + std::accumulate(before.begin(), before.end(), std::size_t{0}));
    } else {
      post_pieces(part.size(), self.message_limit, [&](std::size_t begin, std::size_t length) {
        MPI_Request request = MPI_REQUEST_NULL;
        MPI_Isend(part.data() + begin, static_cast<int>(length), MPI_BYTE, other, tag, raw, &request);
        keep(request);
        ++self.traffic.messages_sent;
      });
      self.traffic.bytes_sent += part.size();
    }
  }
  MPI_Waitall(static_cast<int>(requests.size()), requests.data(), MPI_STATUSES_IGNORE);
}

std::vector<std::byte> Comm::gather_all_bytes(std::span<const std::byte> bytes) const {
  const auto ranks = static_cast<std::size_t>(size());
  std::vector<std::size_t> sizes;
  mpi::all_gather(implementation_->communicator, bytes.size(), sizes);
  const std::size_t total = std::accumulate(sizes.begin(), sizes.end(), std::size_t{0});
  std::vector<std::byte> gathered(total);
  if (total <= implementation_->message_limit) {
    std::vector<int> counts(sizes.begin(), sizes.end());
    std::vector<int> offsets(ranks, 0);
    std::partial_sum(counts.begin(), counts.end() - 1, offsets.begin() + 1);
    MPI_Allgatherv(bytes.data(), static_cast<int>(bytes.size()), MPI_BYTE, gathered.data(), counts.data(),
                   offsets.data(), MPI_BYTE, MPI_Comm(implementation_->communicator));
    implementation_->traffic.bytes_sent += bytes.size() * (ranks - 1);
    implementation_->traffic.bytes_received += total - bytes.size();
    return gathered;
  }
  // Too large for int counts: the same bytes to everyone, rank by rank, each from the one local copy.
  std::size_t offset = 0;
  for (std::size_t source = 0; source < ranks; ++source) {
    std::byte* const place = gathered.data() + offset;
    if (source == static_cast<std::size_t>(rank())) std::copy(bytes.begin(), bytes.end(), place);
    post_pieces(sizes[source], implementation_->message_limit, [&](std::size_t begin, std::size_t length) {
      MPI_Bcast(place + begin, static_cast<int>(length), MPI_BYTE, static_cast<int>(source),
                MPI_Comm(implementation_->communicator));
    });
    offset += sizes[source];
  }
  implementation_->traffic.bytes_sent += bytes.size() * (ranks - 1);
  implementation_->traffic.bytes_received += total - bytes.size();
  return gathered;
}

}  // namespace lockstep
