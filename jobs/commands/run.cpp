#include <filesystem>
#include <memory>
#include <string>

#include "cluster/agree.hpp"
#include "data/study/study_file.hpp"
#include "jobs/commands/commands.hpp"
#include "jobs/pipeline.hpp"

namespace lockstep {

void add_run(CLI::App& app, const Comm& comm) {
  struct Options {
    std::string study;
    std::string folder;
  };
  const auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand("run", "Read logs, find coordinated networks, write DIR/results.h5");
  command->add_option("STUDY", options->study, "Study file (TOML)")->required();
  command->add_option("--out", options->folder, "Folder for results.h5, rejects.jsonl and run.log.jsonl")
      ->required();
  command->callback([options, &comm] {
    const Study study = attempt(comm, [&] { return read_study(options->study); });
    run_study(comm, study, options->folder);
  });
}

}  // namespace lockstep
