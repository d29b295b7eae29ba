#!/usr/bin/env python3
"""What the significance rule finds, and what it wrongly keeps, on generated logs with known campaigns.

Generates one log per cell of a grid, runs every rule on it and compares the results with the truth. All logs
of a run have the same organic rows: a cell changes what is planted, on one axis, and nothing else.
"""

import argparse
import collections
import csv
import dataclasses
import itertools
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import h5py
import numpy as np

MIN_SHARED = (2, 3, 5)
RULES = ("significance", "count")
FDR = 0.01
SIGNIFICANT_Q = 0.05
EXPECTED_PRECISION = 0.97
EXPECTED_RECALL = 0.95
LARGEST_JITTER = 60  # seconds up to which precision and recall are expected
FEWEST_EDGES = 100  # below it, an observed FDR says nothing
CAMPAIGNS = 10


@dataclasses.dataclass(frozen=True)
class Cell:
    """The campaigns of a log; the defaults are the centre of the grid."""

    name: str
    seed: int
    accounts: int = 30
    jitter: int = 30
    objects: int = 40
    participation: float = 0.8
    camouflage: float = 1
    cells: int = 1
    on_publication: bool = False
    campaigns: int = CAMPAIGNS

    def arguments(self, actions):
        """Of `lockstep generate`. The hard negatives grow with the log."""
        flags = ["--on-publication"] if self.on_publication else []
        return flags + [
            f"--seed={self.seed}",
            f"--actions={actions}",
            f"--campaigns={self.campaigns}",
            f"--campaign-accounts={self.accounts}",
            f"--shared-objects={self.objects}",
            f"--jitter={self.jitter}",
            f"--participation={self.participation}",
            f"--camouflage={self.camouflage}",
            f"--cells={self.cells}",
            f"--fan-club-size={max(30, actions * 150 // 1_000_000)}",
            f"--viral-burst-size={max(100, actions * 2000 // 1_000_000)}",
        ]


AXES = {
    "accounts": (5, 10, 80, 200),
    "jitter": (5, 15, 60, 300, 1800),
    "objects": (5, 10, 20, 100),
    "participation": (0.4, 0.6, 1),
    "camouflage": (0, 3, 10),
    "on_publication": (True,),
    "cells": (3,),
}
QUICK = {"default", "accounts=5", "jitter=300", "objects=10", "on_publication"}


def grid(seed, nothing_planted):
    cells = [Cell("default", seed)]
    for axis, values in AXES.items():
        for value in values:
            name = axis if value is True else f"{axis}={value}"
            cells.append(Cell(name, seed, **{axis: value}))
    # At publication everybody is close in time, so what is hard elsewhere should be harder here.
    cells.append(Cell("on_publication jitter=5", seed, on_publication=True, jitter=5))
    cells.append(Cell("on_publication objects=10", seed, on_publication=True, objects=10))
    cells.append(Cell("on_publication jitter=300", seed, on_publication=True, jitter=300))
    # The threshold is found from all edges of a log: a campaign alone has a stricter one.
    cells.append(Cell("campaigns=1", seed, campaigns=1))
    cells.append(Cell("campaigns=1 accounts=5", seed, campaigns=1, accounts=5))
    cells.append(Cell("campaigns=1 objects=10", seed, campaigns=1, objects=10))
    cells.append(Cell("campaigns=1 on_publication", seed, campaigns=1, on_publication=True))
    for i in range(nothing_planted):
        cells.append(Cell(f"no campaigns, seed {seed + i}", seed + i, campaigns=0))
    return cells


@dataclasses.dataclass
class Row:
    """One run. Figures that do not exist (nothing found, nothing planted) are None."""

    cell: str
    rule: str
    min_shared: int
    edges: int
    edge_fdr: float
    networks: int
    significant: int
    found: int
    precision: float
    recall: float
    f1: float
    seconds: float


def ratio(part, whole):
    return part / whole if whole else None


def read_truth(file):
    with open(file, newline="") as rows:
        return {row["account"]: (row["label"], row["network"]) for row in csv.DictReader(rows)}


def judge(cell, rule, min_shared, results, truth, seconds):
    """A run's row, and the labels of the accounts it found."""
    with h5py.File(results) as file:
        names = file["accounts/name"].asstr()[:]
        found = file["accounts/network"][:] > 0
        pairs = np.unique(np.stack([file["edges/source"][:], file["edges/target"][:]]), axis=1)
        networks = len(file["networks/rank"])
        q_values = file["networks/q_value"][:] if "networks/q_value" in file else None
    labels = [truth.get(name, ("organic", "")) for name in names]
    numbers = {}
    campaign = np.array(
        [numbers.setdefault(network, len(numbers)) if label == "coordinated" else -1 for label, network in labels],
        dtype=np.int64,
    )
    of_source, of_target = campaign[pairs[0]], campaign[pairs[1]]
    wrong = int(np.sum((of_source < 0) | (of_source != of_target)))
    right_accounts = int(np.sum(found & (campaign >= 0)))
    planted = sum(label == "coordinated" for label, _ in truth.values())
    precision = ratio(right_accounts, int(found.sum()))
    recall = ratio(right_accounts, planted)
    f1 = None
    if recall is not None:
        f1 = ratio(2 * right_accounts, int(found.sum()) + planted)
    row = Row(
        cell=cell.name,
        rule=rule,
        min_shared=min_shared,
        edges=pairs.shape[1],
        edge_fdr=ratio(wrong, pairs.shape[1]),
        networks=networks,
        significant=None if q_values is None else int(np.sum(q_values <= SIGNIFICANT_Q)),
        found=int(found.sum()),
        precision=precision,
        recall=recall,
        f1=f1,
        seconds=seconds,
    )
    return row, collections.Counter(label for (label, _), is_found in zip(labels, found) if is_found)


class Bench:
    def __init__(self, lockstep, ranks, actions, folder):
        self.lockstep = lockstep
        self.launcher = ["mpirun", "-n", str(ranks)] if ranks > 1 else []
        self.actions = actions
        self.folder = folder

    def call(self, command):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{done.stderr}")

    def runs(self, number, cell):
        """Rows of a cell with the labels found, one by one."""
        log = self.folder / f"log-{number}"
        self.call([self.lockstep, "generate", f"--out={log}", *cell.arguments(self.actions)])
        study = (log / "study.toml").read_text()
        truth = read_truth(log / "truth.csv")
        rules = RULES if cell.campaigns else RULES[:1]
        for rule, min_shared in itertools.product(rules, MIN_SHARED):
            name = f"{rule}-{min_shared}"
            (log / f"{name}.toml").write_text(
                changed(study, {"rule": f'rule = "{rule}"\nfdr = {FDR}', "min_shared": f"min_shared = {min_shared}"})
            )
            start = time.monotonic()
            self.call([*self.launcher, self.lockstep, "run", log / f"{name}.toml", "--out", log / name])
            seconds = time.monotonic() - start
            yield judge(cell, rule, min_shared, log / name / "results.h5", truth, seconds)
        for file in log.glob("actions-*"):
            file.unlink()


def changed(study, lines):
    """The study file with the lines of these keys replaced; every key must be there once."""
    text = []
    left = dict(lines)
    for line in study.splitlines():
        text.append(left.pop(line.split(" = ")[0], line))
    if left:
        sys.exit(f"study.toml of the generator: no {', '.join(left)}; has the generator changed?")
    return "\n".join(text) + "\n"


COLUMNS = {
    "cell": "{:<27}",
    "rule": "{:<12}",
    "min_shared": "{:>10}",
    "edges": "{:>8}",
    "edge_fdr": "{:>8}",
    "networks": "{:>8}",
    "significant": "{:>7}",
    "found": "{:>6}",
    "precision": "{:>9}",
    "recall": "{:>7}",
    "f1": "{:>6}",
    "seconds": "{:>7}",
}
TITLES = {"edge_fdr": "edge FDR", "significant": "q<=0.05", "f1": "F1"}


def line_of(values):
    return " ".join(form.format(value) for form, value in zip(COLUMNS.values(), values)).rstrip()


def text_of(name, value):
    if value is None:
        return "-"
    if name == "seconds":
        return f"{value:.1f}"
    if name == "edge_fdr":
        return f"{value:.4f}"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def failures(cells, rows):
    """What is not as expected, one line each, and how many expectations were checked."""
    failed = []
    checked = 0

    def expect(row, is_met, text):
        nonlocal checked
        checked += 1
        if not is_met:
            failed.append(f"{row.cell}, min_shared {row.min_shared}: {text}")

    of_name = {cell.name: cell for cell in cells}
    for row in rows:
        if row.rule != "significance":
            continue
        cell = of_name[row.cell]
        if cell.campaigns == 0:
            expect(row, row.significant == 0, f"{row.significant} networks with q <= {SIGNIFICANT_Q}, expected none")
            continue
        if row.edges >= FEWEST_EDGES:
            wrong = round(row.edge_fdr * row.edges)
            expect(row, row.edge_fdr <= FDR, f"{wrong} of {row.edges} edges wrong, expected <= {FDR:.0%}")
        if row.min_shared == 3 and not cell.on_publication and cell.jitter <= LARGEST_JITTER:
            shown = "none found" if row.precision is None else f"{row.precision:.3f}"
            is_met = row.precision is not None and row.precision >= EXPECTED_PRECISION
            expect(row, is_met, f"precision {shown}, expected >= {EXPECTED_PRECISION}")
            is_met = row.recall >= EXPECTED_RECALL
            expect(row, is_met, f"recall {row.recall:.3f}, expected >= {EXPECTED_RECALL}")
    return failed, checked


def print_error_rates(rows):
    print(f"\nedge FDR over the logs with {FEWEST_EDGES} edges or more")
    print(f"{'rule':<12} {'min_shared':>10} {'logs':>6} {'mean':>7} {'largest':>7}")
    for rule, min_shared in itertools.product(RULES, MIN_SHARED):
        rates = [
            row.edge_fdr
            for row in rows
            if (row.rule, row.min_shared) == (rule, min_shared) and row.edges >= FEWEST_EDGES
        ]
        if rates:
            print(f"{rule:<12} {min_shared:>10} {len(rates):>6} {np.mean(rates):>7.4f} {max(rates):>7.4f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lockstep", default="build/release/jobs/lockstep", help="the program (%(default)s)")
    parser.add_argument("--actions", type=int, default=200_000, help="organic actions of a log (%(default)s)")
    parser.add_argument("--ranks", type=int, default=2, help="%(default)s; 1: without mpirun")
    parser.add_argument("--seed", type=int, default=1, help="of all logs (%(default)s)")
    parser.add_argument("--quick", action="store_true", help="6 cells only: does it run?")
    parser.add_argument("--csv", type=pathlib.Path, metavar="FILE", help="write the table there, too")
    options = parser.parse_args()
    lockstep = pathlib.Path(options.lockstep).resolve()
    if not os.access(lockstep, os.X_OK):
        parser.error(f"{options.lockstep}: no program there; build it or name it with --lockstep")

    cells = grid(options.seed, 1 if options.quick else 5)
    if options.quick:
        cells = [cell for cell in cells if cell.name in QUICK or cell.campaigns == 0]
    print(f"{len(cells)} logs of {options.actions} organic actions, {options.ranks} ranks")
    print(line_of(TITLES.get(name, name) for name in COLUMNS))
    rows = []
    wrongly_found = collections.Counter()
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="lockstep-significance-") as folder:
        bench = Bench(lockstep, options.ranks, options.actions, pathlib.Path(folder))
        for number, cell in enumerate(cells):
            for row, labels in bench.runs(number, cell):
                print(line_of(text_of(name, getattr(row, name)) for name in COLUMNS), flush=True)
                rows.append(row)
                for label, accounts in labels.items():
                    wrongly_found[row.rule, row.min_shared, label] += accounts
    if options.csv:
        with open(options.csv, "w", newline="") as file:
            table = csv.writer(file)
            table.writerow(COLUMNS)
            for row in rows:
                table.writerow("" if getattr(row, name) is None else getattr(row, name) for name in COLUMNS)

    print_error_rates(rows)
    print("\naccounts in networks, by what they are, over all logs")
    kinds = ("coordinated", "fan_club", "syndication", "viral", "organic")
    print(f"{'rule':<12} {'min_shared':>10} " + " ".join(f"{kind:>11}" for kind in kinds))
    for rule, min_shared in itertools.product(RULES, MIN_SHARED):
        counts = " ".join(f"{wrongly_found[rule, min_shared, kind]:>11}" for kind in kinds)
        print(f"{rule:<12} {min_shared:>10} {counts}")

    failed, checked = failures(cells, rows)
    print(f"\n{checked} expectations checked, {len(failed)} not met{':' if failed else ''}")
    for failure in failed:
        print(f"  {failure}")
    print(f"{time.monotonic() - start:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
