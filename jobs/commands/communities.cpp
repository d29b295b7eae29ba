#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <numeric>
#include <string>

#include <fmt/format.h>

#include "cluster/agree.hpp"
#include "cluster/exchange.hpp"
#include "jobs/commands/commands.hpp"
#include "jobs/run_report.hpp"
#include "src/communities/coordination_graph.hpp"
#include "src/communities/edge_list.hpp"
#include "src/communities/leiden.hpp"

namespace lockstep {

namespace {

constexpr double usual_modularity = 1;  // the γ at which modularity is what Newman and Girvan (2004) defined

struct Options {
  std::string edges;
  std::string members;
  Communities communities;
  LeidenOptions leiden;
  bool profile = false;
};

/// What every phase of the search did: one line each, with the slowest rank's seconds and the largest
/// sender's bytes and messages. Phases on a gathered graph are the same on every rank. Collective.
void print_profile(const Comm& comm, const std::vector<Phase>& phases) {
  if (comm.is_root()) {
    fmt::print("{:>4} {:>5} {:<10} {:>10} {:>11} {:>5} {:>6} {:>10} {:>8} {:>12} {:>9}\n", "pass", "level",
               "phase", "vertices", "arcs/rank", "iter.", "rounds", "moves", "seconds", "bytes/rank",
               "msg/rank");
  }
  for (const Phase& phase : phases) {
    const std::uint64_t arcs = comm.max(phase.arcs);
    const std::uint64_t microseconds = comm.max(static_cast<std::uint64_t>(phase.seconds * 1e6));
    const std::uint64_t bytes = comm.max(phase.traffic.bytes_sent);
    const std::uint64_t messages = comm.max(phase.traffic.messages_sent);
    if (!comm.is_root()) continue;
    fmt::print("{:>4} {:>5} {:<10} {:>10} {:>11} {:>5} {:>6} {:>10} {:>8.3f} {:>12} {:>9}\n", phase.pass,
               phase.level, phase.name, phase.vertices, arcs, phase.effort.iterations,
               phase.effort.sub_rounds, phase.effort.moves, 1e-6 * static_cast<double>(microseconds), bytes,
               messages);
  }
}

/// Numbers communities 0, 1, … in the order of their smallest vertices.
std::vector<std::uint32_t> number_communities(const Comm& comm, const Ranges& vertices,
                                              const std::vector<std::uint32_t>& labels,
                                              std::uint64_t& count) {
  const auto begin = static_cast<std::uint32_t>(vertices.begin(comm.rank()));
  std::vector<std::uint32_t> numbers(labels.size(), 0);
  std::uint32_t own = 0;
  for (std::uint32_t v = 0; v < labels.size(); ++v) {
    if (labels[v] == begin + v) numbers[v] = own++;
  }
  const auto first = static_cast<std::uint32_t>(comm.exclusive_sum(own));
  count = comm.sum(own);
  return ask(
      comm, labels, [&](std::uint32_t label) { return vertices.owner(label); },
      [&](std::uint32_t label) { return first + numbers[label - begin]; });
}

/// Writes `vertex<TAB>community` rows, rank after rank, under a temporary name until all is there.
void write_members(const Comm& comm, const std::string& file, const std::string& text) {
  const std::string temporary = file + ".writing";
  std::ofstream out;
  for (int source = 0; source < comm.size(); ++source) {
    std::vector<std::size_t> counts(static_cast<std::size_t>(comm.size()), 0);
    if (comm.rank() == source) counts[0] = text.size();
    const std::span<const char> own =
        comm.rank() == source ? std::span<const char>(text) : std::span<const char>();
    const auto received = comm.exchange(own, counts);
    attempt(comm, [&] {
      if (!comm.is_root()) return;
      if (source == 0) out.open(temporary, std::ios::binary);
      out.write(received.rows.data(), static_cast<std::streamsize>(received.rows.size()));
      if (source + 1 == comm.size()) out.close();
      if (!out) throw Error(ExitCode::io, fmt::format("{}: {}", temporary, std::strerror(errno)));
      if (source + 1 == comm.size()) std::filesystem::rename(temporary, file);
    });
  }
}

void find_and_write(const Comm& comm, const Options& options) {
  RunReport report(comm);
  auto [graph, names, weight_one, rows] = read_edge_list(comm, options.edges);
  report.note("graph", fmt::format("{} vertices, {} edge rows", graph.size(), rows));
  report.finish_stage("read");
  const auto& communities = options.communities;
  const Quality quality =
      set_objective(comm, graph, communities.objective, communities.resolution, weight_one);
  const Ranges vertices = graph.vertices;
  LeidenOptions leiden = options.leiden;
  leiden.seed = communities.seed;
  std::vector<Phase> phases;
  leiden.phase_done = [&](const Phase& phase) { phases.push_back(phase); };
  const auto labels = find_communities(comm, std::move(graph), quality, leiden);
  report.finish_stage("detect");
  std::uint64_t count = 0;
  const auto numbers = number_communities(comm, vertices, labels, count);
  std::string text;
  for (std::uint32_t v = 0; v < labels.size(); ++v) {
    text += fmt::format("{}\t{}\n", names.name(vertices.begin(comm.rank()) + v), numbers[v]);
  }
  write_members(comm, options.members, text);
  if (options.profile) print_profile(comm, phases);
  report.note("communities", fmt::format("{}", count));
  report.finish_stage("write");
  report.print();
}

}  // namespace

void add_communities(CLI::App& app, const Comm& comm) {
  const auto options = std::make_shared<Options>();
  auto& communities = options->communities;
  auto* command = app.add_subcommand("communities", "Find the communities of any weighted edge list");
  command
      ->add_option("EDGES", options->edges,
                   "Rows u<TAB>v or u<TAB>v<TAB>weight, or a Matrix Market file (.mtx); plain, .gz or .zst. "
                   "Weights of both directions of an edge are added")
      ->required();
  command->add_option("-o,--out", options->members, "File for rows vertex<TAB>community")->required();
  const std::map<std::string, Objective> objectives = {{"cpm", Objective::cpm},
                                                       {"modularity", Objective::modularity}};
  command->add_option("--objective", communities.objective, "cpm or modularity")
      ->transform(CLI::CheckedTransformer(objectives))
      ->default_str("cpm");
  const auto* resolution = command->add_option("--resolution", communities.resolution, "γ")
                               ->check(CLI::Range(1e-6, 1e6))
                               ->default_str(fmt::format("{} for cpm, {} for modularity",
                                                         communities.resolution, usual_modularity));
  command->add_option("--seed", communities.seed, "Salt of the order in which vertices move")
      ->capture_default_str();
  command->add_option("--passes", options->leiden.passes, "At most so many whole iterations")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command
      ->add_option(
          "--gather-arcs", options->leiden.gather_arcs,
          "Graphs with at most so many arcs are finished by every rank alone; does not change the result")
      ->capture_default_str();
  command->add_flag("--profile", options->profile, "Print what every phase took and sent");
  command->callback([options, resolution, &comm] {
    auto& asked = options->communities;
    if (resolution->empty() && asked.objective == Objective::modularity) asked.resolution = usual_modularity;
    find_and_write(comm, *options);
  });
}

}  // namespace lockstep
