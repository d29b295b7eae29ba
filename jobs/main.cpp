#include <filesystem>
#include <new>
#include <string_view>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cluster/agree.hpp"
#include "cluster/comm.hpp"
#include "cluster/environment.hpp"
#include "cluster/stop_request.hpp"
#include "jobs/commands/commands.hpp"
#include "jobs/version.hpp"

namespace {

using lockstep::AgreedError;
using lockstep::Comm;
using lockstep::Error;
using lockstep::ExitCode;

/// Parses the command line and does what it says; the exit code.
int run_command(int argc, char** argv, const Comm& comm) {
  CLI::App app("Lockstep finds coordinated networks of accounts in interaction logs.", "lockstep");
  app.set_version_flag("--version", std::string("lockstep ") + lockstep::program_version);
  app.require_subcommand(1);
  app.footer(
      "Run it alone, or under mpirun or srun for more ranks: the result is the same.\n"
      "Exit codes: 0 done, 64 wrong command line or study, 65 bad input data, 70 internal error,\n"
      "74 a file could not be read or written, 75 stopped cleanly: the same command goes on.");
  lockstep::add_run(app, comm);
  lockstep::add_ingest(app, comm);
  lockstep::add_status(app, comm);
  lockstep::add_show(app, comm);
  lockstep::add_config(app, comm);
  lockstep::add_windows(app, comm);
  lockstep::add_communities(app, comm);
  lockstep::add_generate(app, comm);
  lockstep::add_evaluate(app, comm);
  lockstep::add_sweep(app, comm);
  lockstep::add_compare(app, comm);
  lockstep::add_plan(app, comm);
  try {
    app.parse(argc, argv);
    return static_cast<int>(ExitCode::done);
  } catch (const CLI::ParseError& error) {
    // Every rank has the same command line and ends alike; one of them speaks.
    if (comm.is_root()) app.exit(error);
    return error.get_exit_code() == 0 ? 0 : static_cast<int>(ExitCode::usage);
  } catch (const AgreedError& error) {
    if (comm.is_root()) fmt::print(stderr, "lockstep: {}\n", error.what());
    return static_cast<int>(error.code());
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view command = argc > 1 ? argv[1] : "";
  if (command == "run" || command == "ingest") lockstep::StopRequest::listen();
  const lockstep::Environment environment(argc, argv);
  const Comm comm = Comm::world();
  // What only one rank knows of, it cannot agree on any more: it ends the others, too.
  const auto end = [&](const Error& error) {
    fmt::print(stderr, "lockstep: rank {}: {}\n", comm.rank(), error.what());
    if (comm.size() > 1) lockstep::end_all_ranks(error.code());
    return static_cast<int>(error.code());
  };
  try {
    return run_command(argc, argv, comm);
  } catch (const Error& error) {
    return end(error);
  } catch (const std::filesystem::filesystem_error& error) {
    return end(lockstep::file_error(error));
  } catch (const std::bad_alloc&) {
    return end({ExitCode::internal, "out of memory: use more ranks, or nodes with more memory"});
  } catch (const std::exception& error) {
    return end({ExitCode::internal, error.what()});
  }
}
