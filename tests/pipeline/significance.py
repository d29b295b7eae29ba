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


def check_sample(checks, options, folder):
    for surrogates in SURROGATES:
        what = f"sample, {surrogates} surrogates"
        # One or three surrogates of so small a log say little: at the usual fdr there would be no network.
        fdr = 0.01 if surrogates == 0 else 0.2
        study = study_with(options.sample, folder / f"sample-{surrogates}/study.toml", surrogates, fdr)
        files = {f"{ranks} ranks": lockstep_run.run(options, study, study.parent / f"out-{ranks}", ranks)
                 for ranks in RANKS}
        checks.same_bytes(what, files)
        check_found(checks, what, files["1 ranks"], options.sample.parent / "truth.csv")
        check_scores(checks, what, files["1 ranks"])


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
