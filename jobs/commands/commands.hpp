#pragma once

#include <CLI/CLI.hpp>

#include "cluster/comm.hpp"

namespace lockstep {

// Each function adds one subcommand with its options to `app`; its work is done when the command line is
// parsed. Work is collective: all ranks parse the same command line.

/// `lockstep run`: the main job.
void add_run(CLI::App& app, const Comm& comm);
/// `lockstep ingest`: its first stage.
void add_ingest(CLI::App& app, const Comm& comm);
/// `lockstep status`: where a run stands.
void add_status(CLI::App& app, const Comm& comm);
/// `lockstep show`: a result file as a person wants to read it in a terminal.
void add_show(CLI::App& app, const Comm& comm);
/// `lockstep config`: the effective study.
void add_config(CLI::App& app, const Comm& comm);
/// `lockstep windows`: what each of a ladder of windows would see.
void add_windows(CLI::App& app, const Comm& comm);
/// `lockstep communities`: the community engine alone, on any weighted edge list.
void add_communities(CLI::App& app, const Comm& comm);
/// `lockstep generate`: a synthetic log with planted campaigns.
void add_generate(CLI::App& app, const Comm& comm);
/// `lockstep evaluate`: a result file compared with known labels of its accounts.
void add_evaluate(CLI::App& app, const Comm& comm);
/// `lockstep sweep`: one study expanded into many, by settings and time slices.
void add_sweep(CLI::App& app, const Comm& comm);
/// `lockstep compare`: which networks of one result file are in another.
void add_compare(CLI::App& app, const Comm& comm);
/// `lockstep plan`: what a run of a study will need, from a sample of its inputs.
void add_plan(CLI::App& app, const Comm& comm);

}  // namespace lockstep
