#include <filesystem>
#include <memory>
#include <string>

#include "cluster/agree.hpp"
#include "data/study/study_file.hpp"
#include "jobs/commands/commands.hpp"
#include "jobs/pipeline.hpp"

namespace lockstep {

namespace {

void add(CLI::App& app, const Comm& comm, const std::string& name, const std::string& description,
         bool only_read) {
  struct Options {
    std::string study;
    std::string folder;
    RunOptions run;
  };
  const auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand(name, description);
  command->add_option("STUDY", options->study, "Study file (TOML)")->required();
  command
      ->add_option(
          "--out", options->folder,
          "The run's folder: results.h5, rejects.jsonl, run.log.jsonl and its state; an interrupted run "
          "goes on from there, at any number of ranks")
      ->required();
  command->add_flag("--fresh", options->run.fresh, "Start anew, whatever is there");
  command
      ->add_option("--max-hours", options->run.max_hours,
                   "Stop cleanly after so long (exit code 75); 0: never")
      ->check(CLI::Range(0.0, 87'600.0));
  command
      ->add_option("--checkpoint-minutes", options->run.checkpoint_minutes,
                   "Save the progress inside a stage so often")
      ->check(CLI::Range(0.0, 10'000.0))
      ->capture_default_str();
  command->add_flag("--take-over", options->run.take_over,
                    "Go on although an attempt on another host seems to be alive");
  command->callback([options, only_read, &comm] {
    const Study study = attempt(comm, [&] { return read_study(options->study); });
    run_study(comm, study, options->folder, options->run, only_read);
  });
}

}  // namespace

void add_run(CLI::App& app, const Comm& comm) {
  add(app, comm, "run", "Read logs, find coordinated networks, write DIR/results.h5", false);
}

void add_ingest(CLI::App& app, const Comm& comm) {
  add(app, comm, "ingest", "The first stage of run: read and sort the logs, and save that", true);
}

}  // namespace lockstep
