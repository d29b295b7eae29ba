#!/usr/bin/env python3
"""Whole runs of the significance rule: the same bytes at any rank count, and what they find is what was planted."""
import argparse
import csv
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

import h5py
import numpy

import lockstep_run

RANKS = [1, 2, 3, 4, 8]
SURROGATES = (0, 1, 3)  # 0: as many as needed
LEAST_PRECISION = 0.97
LEAST_RECALL = 0.95
BELIEVED = 0.05
# Logs without campaigns, but with what is easily taken for one.
INNOCENT = {
    "actions": 40_000, "campaigns": 0, "fan-clubs": 1, "fan-club-size": 60, "syndications": 0, "viral-bursts": 2,
    "viral-burst-size": 500, "days": 10,
}


def study_with(study, path, surrogates, fdr=0.01):
    """Writes a copy of a study with the significance rule and R surrogates; its files by absolute paths."""
    text = study.read_text(encoding="utf-8")
    text = re.sub(r"^(rule|surrogates|fdr) = .*\n", "", text, flags=re.M)
    text = text.replace("[coordination]\n", f'[coordination]\nrule = "significance"\nsurrogates = {surrogates}\nfdr = {fdr}\n')
    text = re.sub(r'"(?=[^"/]*\.csv)', f'"{study.resolve().parent}/', text)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def members(results_file):
    """Names of the accounts in networks that are believed."""
    with h5py.File(results_file) as results:
        name = lockstep_run.column(results, "accounts/name")
        q_value = lockstep_run.column(results, "networks/q_value")
        network = lockstep_run.column(results, "members/network")
        account = lockstep_run.column(results, "members/account")
    return {name[row] for row, rank in zip(account, network) if q_value[rank - 1] <= BELIEVED}


def check_found(checks, what, results_file, truth):
    with open(truth, newline="", encoding="utf-8") as rows:
        planted = {row["account"] for row in csv.DictReader(rows) if row["label"] == "coordinated"}
    found = members(results_file)
    checks.true(f"{what}: accounts are found", len(found) > 0)
    right = len(found & planted)
    precision, recall = right / max(1, len(found)), right / len(planted)
    figures = f"precision {precision:.3f}, recall {recall:.3f}"
    checks.true(f"{what}: {figures}", precision >= LEAST_PRECISION and recall >= LEAST_RECALL)


def check_scores(checks, what, results_file):
    """What must hold of the networks' figures."""
    with h5py.File(results_file) as results:
        score, q_value, observed, expected = (
            lockstep_run.column(results, f"networks/{key}") for key in ("score", "q_value", "observed", "expected"))
    believed = q_value <= BELIEVED
    order = numpy.lexsort((-score, ~believed))
    checks.true(f"{what}: networks are in order of Λ, believed ones first",
                bool(numpy.array_equal(score[order], score) and numpy.all(numpy.diff(believed.astype(int)) <= 0)))
    checks.true(f"{what}: q-values are shares", bool(numpy.all((0 <= q_value) & (q_value <= 1))))
    checks.true(f"{what}: Λ is above 0 where S is above M", bool(numpy.array_equal(score > 0, observed > expected)))
    checks.true(f"{what}: q is 1 where Λ is 0", bool(numpy.all(q_value[score == 0] == 1)))


def q_values(score, decoys, surrogates):
    """By its definition: the share of surrogates' networks among all that score so high, or at any lower score."""
    def share(least):
        false = (decoys >= least).sum() / surrogates
        return 1.0 if least <= 0 else false / (false + (score >= least).sum())
    return [min(share(lower) for lower in score[score <= one]) for one in score]


def funnel_rows(results):
    """[{column: value}] of the funnel of an open results.h5."""
    columns = {key: lockstep_run.column(results, f"funnel/{key}") for key in results["funnel"]}
    return [{key: values[row] for key, values in columns.items()} for row in range(len(columns["stage"]))]


def printed_funnel(rows, surrogates):
    """The cells of the table that is printed, from the rows of the file."""
    table = []
    for stage, name, key in (("read", "actions read", "actions"), ("prune", "actions kept", "actions"),
                             ("project", "candidate pairs", "pairs"), ("edges", "edges", "pairs"),
                             ("communities", "communities", "communities"),
                             ("communities", "below min_size", "dropped"), ("networks", "networks", "communities")):
        for channel in dict.fromkeys(row["channel"] for row in rows if row["stage"] == stage):
            counts = [[int(row[key]) for row in rows if row["stage"] == stage and row["channel"] == channel
                       and (row.get("replica", 0) > 0) == of_surrogates] for of_surrogates in (False, True)]
            table.append([name, channel or "all", str(counts[0][0])])
            if surrogates:
                found = counts[1]
                table[-1] += [f"{sum(found) / surrogates:.1f}", str(max(found))] if found else ["-", "-"]
    return table


def check_funnel(checks, what, results_file, printed):
    """The whole funnel, of the log and of each surrogate, in the file and as printed; q follows from the file."""
    with h5py.File(results_file) as results:
        surrogates = int(results.attrs["surrogates"])
        rows = funnel_rows(results)
        channels = lockstep_run.column(results, "channels/name")
        linked = numpy.bincount(lockstep_run.column(results, "edges/channel"), minlength=len(channels))
        accounts, members = len(results["accounts/name"]), len(results["members/account"])
        size, score, q_value = (lockstep_run.column(results, f"networks/{key}") for key in ("size", "score", "q_value"))
        decoys = {key: lockstep_run.column(results, f"decoy_networks/{key}") for key in results["decoy_networks"]}
    order = [(replica, stage, channel) for replica in range(surrogates + 1)
             for stage in ("read", "prune", "project", "edges", "communities", "networks") if replica == 0 or stage != "read"
             for channel in (channels if stage not in ("communities", "networks") else [""])]
    checks.equal(f"{what}: funnel: the log's stages, then each surrogate's",
                 [(row["replica"], row["stage"], row["channel"]) for row in rows], order)
    by_key = {(row["replica"], row["stage"], row["channel"]): row for row in rows}
    checks.equal(f"{what}: funnel: edges", [by_key[0, "edges", channel]["pairs"] for channel in channels], linked.tolist())
    checks.equal(f"{what}: funnel: accounts with an edge, and in networks",
                 [by_key[0, stage, ""]["accounts"] for stage in ("communities", "networks")], [accounts, members])
    checks.equal(f"{what}: funnel: networks", by_key[0, "networks", ""]["communities"], len(size))
    checks.equal(f"{what}: funnel: surrogates' networks", [by_key[replica, "networks", ""]["communities"]
                                                           for replica in range(1, surrogates + 1)],
                 [int((decoys["replica"] == replica).sum()) for replica in range(1, surrogates + 1)])
    checks.true(f"{what}: funnel: communities are networks or dropped", all(
        by_key[replica, "communities", ""]["communities"] ==
        by_key[replica, "networks", ""]["communities"] + by_key[replica, "communities", ""]["dropped"]
        for replica in range(surrogates + 1)))
    in_replica = [(decoys["size"][decoys["replica"] == replica]).sum() for replica in range(1, surrogates + 1)]
    checks.equal(f"{what}: funnel: accounts in surrogates' networks", in_replica,
                 [by_key[replica, "networks", ""]["accounts"] for replica in range(1, surrogates + 1)])
    checks.true(f"{what}: q follows from the scores in the file",
                bool(numpy.allclose(q_value, q_values(score, decoys["score"], surrogates), rtol=1e-12)))
    table = printed_funnel(rows, surrogates)
    cells = [re.split(r"\s{2,}", line.strip()) for line in printed.splitlines()]
    checks.true(f"{what}: the table that is printed", all(line in cells for line in table), f"{table}\n{printed}")
    return len(decoys["score"])


def check_count_funnel(checks, options, folder):
    """The count rule prints and stores its funnel, too, without surrogates."""
    study = lockstep_run.with_rule(options.sample, folder / "count/study.toml", "count")
    printed = lockstep_run.launch(options, 2, "run", study, "--out", folder / "count/out")
    with h5py.File(folder / "count/out/results.h5") as results:
        rows = funnel_rows(results)
        size = lockstep_run.column(results, "networks/size")
        accounts = len(results["accounts/name"])
    checks.equal("count rule: funnel", [row["stage"] for row in rows], ["read", "prune", "project", "communities", "networks"])
    checks.equal("count rule: networks", [(row["accounts"], row["communities"]) for row in rows[3:]],
                 [(accounts, len(size) + rows[3]["dropped"]), (size.sum(), len(size))])
    cells = [re.split(r"\s{2,}", line.strip()) for line in printed.splitlines()]
    checks.true("count rule: the table that is printed", all(line in cells for line in printed_funnel(rows, 0)), printed)


def check_sample(checks, options, folder):
    for surrogates in SURROGATES:
        what = f"sample, {surrogates} surrogates"
        # One or three surrogates of so small a log say little: at the usual fdr there would be no network.
        fdr = 0.01 if surrogates == 0 else 0.2
        study = study_with(options.sample, folder / f"sample-{surrogates}/study.toml", surrogates, fdr)
        files = {}
        for ranks in RANKS:
            out = study.parent / f"out-{ranks}"
            printed = lockstep_run.launch(options, ranks, "run", study, "--out", out)
            files[f"{ranks} ranks"] = out / "results.h5"
        checks.same_bytes(what, files)
        check_found(checks, what, files["1 ranks"], options.sample.parent / "truth.csv")
        check_scores(checks, what, files["1 ranks"])
        check_funnel(checks, what, files["1 ranks"], printed)
    # A study that lets much through, so that surrogates have networks and q is something.
    study = study_with(options.sample, folder / "loose/study.toml", 4, 0.5)
    text = study.read_text(encoding="utf-8").replace("min_shared = 3", "min_shared = 2")
    study.write_text(text + "\n[communities]\nmin_size = 2\n", encoding="utf-8")
    printed = lockstep_run.launch(options, 3, "run", study, "--out", folder / "loose/out")
    check_scores(checks, "sample, loose", folder / "loose/out/results.h5")
    decoys = check_funnel(checks, "sample, loose", folder / "loose/out/results.h5", printed)
    checks.true(f"sample, loose: {decoys} networks of surrogates", decoys > 10)
    check_count_funnel(checks, options, folder)


def check_innocent(checks, options, folder):
    for seed in range(1, options.innocent_logs + 1):
        made = folder / f"innocent-{seed}"
        command = [options.lockstep, "generate", "--out", str(made), f"--seed={seed}",
                   *(f"--{key}={value}" for key, value in INNOCENT.items())]
        subprocess.run([*shlex.split(options.mpirun), "-n", "1", *command], check=True, capture_output=True)
        study = study_with(made / "study.toml", made / "significance/study.toml", 1)
        results_file = lockstep_run.run(options, study, made / "out", 2)
        checks.equal(f"log {seed} without campaigns: members of networks with q ≤ {BELIEVED}",
                     sorted(members(results_file)), [])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    lockstep_run.add_options(parser)
    parser.add_argument("--sample", default=lockstep_run.PROJECT / "data/samples/demo/study.toml", type=pathlib.Path)
    parser.add_argument("--innocent-logs", type=int, default=3, help="number of logs without campaigns")
    parser.add_argument("--only", choices=["sample", "innocent"], help="one half of the checks")
    options = parser.parse_args()
    checks = lockstep_run.Checks()
    with tempfile.TemporaryDirectory() as folder:
        if options.only != "innocent":
            check_sample(checks, options, pathlib.Path(folder))
        if options.only != "sample":
            check_innocent(checks, options, pathlib.Path(folder))
    return checks.exit_code()


if __name__ == "__main__":
    sys.exit(main())
