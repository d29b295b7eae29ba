#include <memory>
#include <string>

#include <fmt/format.h>

#include "cluster/agree.hpp"
#include "data/study/study_file.hpp"
#include "jobs/commands/commands.hpp"

namespace lockstep {

void add_config(CLI::App& app, const Comm& comm) {
  const auto file = std::make_shared<std::string>();
  auto* command = app.add_subcommand("config", "Check a study file and print every option with its value");
  command->add_option("STUDY", *file, "Study file (TOML)")->required();
  command->callback([file, &comm] {
    const Study study = attempt(comm, [&] { return read_study(*file); });
    if (comm.is_root()) fmt::print("{}", effective_study(study));
  });
}

}  // namespace lockstep
