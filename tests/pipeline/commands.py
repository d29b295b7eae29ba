#!/usr/bin/env python3
"""The commands around a run: sweep and its time slices, compare, plan, status; each checked against Python on the sample."""
import argparse
import csv
import gzip
import itertools
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys

import h5py
import numpy

import lockstep_run

BORDER = 1_704_931_200  # 2024-01-11, between the sample's two slices of ten days
USAGE = 64
IO_ERROR = 74
STOPPED = 75


def ask(options, *arguments, ranks=1):
    """Runs the program, whatever comes of it."""
    command = [*shlex.split(options.mpirun), "-n", str(ranks), options.lockstep, *map(str, arguments)]
    return subprocess.run(command, env={**lockstep_run.ENVIRONMENT, **os.environ}, capture_output=True, text=True,
                          check=False)


def answer(options, *arguments):
    """What the program prints. Raises with its errors when it fails."""
    done = ask(options, *arguments)
    if done.returncode != 0:
        raise RuntimeError(f"exit code {done.returncode}: {arguments}\n{done.stdout}{done.stderr}")
    return done.stdout


def sample_rows(options):
    """Header and rows of the sample's files."""
    rows = []
    for path in sorted(options.sample.parent.glob("actions-*.csv.gz")):
        with gzip.open(path, "rt", newline="", encoding="utf-8") as file:
            header, *read = csv.reader(file)
            rows += read
    return header, rows


def write_rows(path, header, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])


def study_of(options, study, file):
    """A copy of the sample's study, by the count rule, that reads another file; returns its path."""
    lockstep_run.with_rule(options.sample, study, "count")
    lines = [f'files = ["{file}"]' if line.startswith("files =") else line
             for line in study.read_text(encoding="utf-8").splitlines()]
    study.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return study


def contents(results_file):
    """{path: column} of a result file, with the digest of its input."""
    with h5py.File(results_file) as results:
        columns = {"input_digest": results.attrs["input_digest"]}
        results.visititems(lambda path, item: columns.update({path: item[()].tolist()})
                           if isinstance(item, h5py.Dataset) else None)
    return columns


def networks(results_file):
    """{rank: names of the members}."""
    with h5py.File(results_file) as results:
        names = lockstep_run.column(results, "accounts/name")
        network, account = (lockstep_run.column(results, f"members/{key}") for key in ("network", "account"))
    members = {}
    for rank, row in zip(network.tolist(), account.tolist(), strict=True):
        members.setdefault(rank, set()).add(names[row])
    return members


def check_sweep(checks, options, folder):
    """The product is complete, its slices are the rows they say, and nothing is written twice or by halves."""
    study = study_of(options, folder / "study.toml", f"{options.sample.resolve().parent}/actions-*.csv.gz")
    arguments = [study, "--set", "channel.*.min_shared=2,3", "--set", "communities.resolution=0.02,0.1",
                 "--slices", "10d"]
    out = folder / "sweep"
    answer(options, "sweep", *arguments, "--out", out)
    with open(out / "sweep.tsv", newline="", encoding="utf-8") as file:
        table = list(csv.DictReader(file, delimiter="\t"))
    slices = [("2024-01-01T00:00:00Z", "2024-01-11T00:00:00Z"), ("2024-01-11T00:00:00Z", "2024-01-21T00:00:00Z")]
    expected = [(f"{index:03}", *values, *times) for index, (values, times) in
                enumerate(itertools.product(itertools.product(["2", "3"], ["0.02", "0.1"]), slices))]
    found = [(row["folder"], row["channel.*.min_shared"], row["communities.resolution"], row["from"], row["to"])
             for row in table]
    checks.equal("sweep: the table", found, expected)
    for name, least, resolution, start, _ in expected:
        text = answer(options, "config", out / name / "study.toml")
        right = all(line in text.splitlines() for line in (f"min_shared = {least}", f"resolution = {resolution}",
                                                           f'from = "{start}"'))
        checks.true(f"sweep: {name} is the study that the table says", right, text)

    before = {path: path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}
    checks.true("sweep: the same once more changes nothing",
                "nothing was changed" in answer(options, "sweep", *arguments, "--out", out))
    other = ask(options, "sweep", study, "--set", "communities.seed=1,2", "--out", out)
    checks.equal("sweep: a folder with another sweep is refused", other.returncode, USAGE)
    checks.true("sweep: the folder is as it was",
                before == {path: path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()})
    wrong = ask(options, "sweep", study, "--set", "communities.seed=1,x", "--out", folder / "wrong")
    checks.true("sweep: a wrong value is named, and nothing is written",
                wrong.returncode == USAGE and "communities.seed: found x" in wrong.stderr
                and not list(folder.glob("wrong*")), wrong.stderr)

    header, rows = sample_rows(options)
    time = header.index("time")
    for name, belongs in (("000", lambda row: int(row[time]) < BORDER), ("001", lambda row: int(row[time]) >= BORDER)):
        write_rows(folder / name / "rows.csv", header, [row for row in rows if belongs(row)])
        alone = study_of(options, folder / name / "study.toml", "rows.csv")
        alone.write_text(alone.read_text(encoding="utf-8").replace("min_shared = 3", "min_shared = 2"), encoding="utf-8")
        whole = lockstep_run.run(options, alone, folder / name / "out", 2)
        sliced = {f"{ranks} ranks": lockstep_run.run(options, out / name / "study.toml", out / name / f"out-{ranks}", ranks)
                  for ranks in (1, 3)}
        checks.same_bytes(f"slice {name}", sliced)
        checks.true(f"slice {name}: the result of its rows alone", contents(sliced["1 ranks"]) == contents(whole))
        log = json.loads((out / name / "out-1" / "run.log.jsonl").read_text(encoding="utf-8").splitlines()[-1])
        outside = sum(not belongs(row) for row in rows)
        checks.true(f"slice {name}: rows left out are counted", f", {outside} outside from and to" in log["input"],
                    log["input"])


def check_compare(checks, options, folder):
    """The matches are those of sets of names in Python; a result compared with itself persists."""
    study = study_of(options, folder / "study.toml", f"{options.sample.resolve().parent}/actions-*.csv.gz")
    answer(options, "sweep", study, "--set", "channel.*.window=10s,60s", "--out", folder / "sweep")
    files = [lockstep_run.run(options, folder / "sweep" / name / "study.toml", folder / "sweep" / name, 2)
             for name in ("000", "001")]
    told = json.loads(answer(options, "compare", *files, files[0], "--json", "--min-jaccard", "0.2"))["pairs"]
    checks.equal("compare: each with the next, the first with each",
                 [(pair["a"], pair["b"]) for pair in told],
                 [(str(files[i]), str(files[j])) for i, j in ((0, 1), (1, 0), (0, 0))])
    a, b = map(networks, files)
    jaccard = {(i, j): len(a[i] & b[j]) / len(a[i] | b[j]) for i in a for j in b}
    jaccard = {pair: index for pair, index in jaccard.items() if index >= 0.2}
    best_of_a = {i: max((index, len(a[i] & b[j]), -j) for (k, j), index in jaccard.items() if k == i)
                 for i in {i for i, _ in jaccard}}
    best_of_b = {j: max((index, len(a[i] & b[j]), -i) for (i, k), index in jaccard.items() if k == j)
                 for j in {j for _, j in jaccard}}
    matched = {}
    for i, j in jaccard:
        goes, comes = best_of_a[i][2] == -j, best_of_b[j][2] == -i
        if goes or comes:
            matched[i, j] = "persists" if goes and comes else "joins" if goes else "splits off"
    checks.true("compare: the sample has matches and others",
                len(matched) > 1 and len(told[0]["only_a"]) + len(told[0]["only_b"]) > 0)
    checks.equal("compare: matches", {(match["a"]["rank"], match["b"]["rank"]): match["what"]
                                      for match in told[0]["matches"]}, matched)
    checks.true("compare: Jaccard", all(
        abs(match["jaccard"] - jaccard[match["a"]["rank"], match["b"]["rank"]]) < 1e-12 for match in told[0]["matches"]))
    checks.equal("compare: networks of one only", [{one["rank"] for one in told[0][key]} for key in ("only_a", "only_b")],
                 [a.keys() - {i for i, _ in matched}, b.keys() - {j for _, j in matched}])
    in_a, in_b = set().union(*a.values()), set().union(*b.values())
    checks.equal("compare: accounts", [told[0]["both"]["accounts"], told[0]["lost"], told[0]["gained"]],
                 [len(in_a & in_b), len(in_a - in_b), len(in_b - in_a)])
    checks.equal("compare: settings that differ", told[0]["settings"],
                 [{"key": "channel.co-url.window", "a": '"10s"', "b": '"60s"'}])
    same = told[2]
    checks.true("compare: a result with itself", same["persist"] == len(a) and same["same_actions"]
                and same["either"]["nmi"] == same["either"]["ari"] == 1 and not same["settings"])
    checks.true("compare: the table names what persists", "persists" in answer(options, "compare", *files))


def read_counts(results_file):
    """(actions, accounts, windowed pairs) of the funnel's first row."""
    with h5py.File(results_file) as results:
        return [int(lockstep_run.column(results, f"funnel/{key}")[0])
                for key in ("actions", "accounts", "windowed_pairs")]


def planned_pairs(text):
    """The windowed pairs that a plan prints for the sample's channel."""
    line = next(line for line in text.splitlines() if line.startswith("co-url"))
    *_, number, unit = line.split()
    return float(number) * {"k": 1e3, "M": 1e6}[unit]


def check_plan(checks, options, folder):
    """Read as a whole the counts are exact; from a quarter pairs are within the factor 3 that is stated."""
    header, rows = sample_rows(options)
    time = header.index("time")
    numpy.random.default_rng(1).shuffle(rows)
    orders = {"in no order": rows, "in order of time": sorted(rows, key=lambda row: int(row[time]))}
    for order, ordered in orders.items():
        write_rows(folder / order / "rows.csv", header, ordered)
        study = study_of(options, folder / order / "study.toml", "rows.csv")
        actions, _, pairs = read_counts(lockstep_run.run(options, study, folder / order / "out", 2))
        whole = answer(options, "plan", study)
        checks.true(f"plan: all rows {order}: exact", "these counts are exact" in whole
                    and abs(planned_pairs(whole) / pairs - 1) < 0.01, whole)
        quarter = (folder / order / "rows.csv").stat().st_size / 4e6
        estimate = planned_pairs(answer(options, "plan", study, "--sample-mb", quarter))
        checks.true(f"plan: a quarter {order}: {estimate:.0f} of {pairs} windowed pairs", 1 / 3 < estimate / pairs < 3)
        checks.true(f"plan: {actions} actions", f"{actions / 1000:.1f} k actions" in whole, whole)
    read = folder / "read"
    lockstep_run.launch(options, 3, "ingest", study, "--out", read)
    known = answer(options, "plan", study, "--run", read)
    checks.true("plan: exact after ingest, however little is sampled", "exact" in known
                and abs(planned_pairs(known) / pairs - 1) < 0.01 and f"{actions / 1000:.1f} k actions" in known, known)
    more = folder / "in order of time" / "more.toml"
    more.write_text(study.read_text(encoding="utf-8") + lockstep_run.channel("co-actor", "account", 60, 2),
                    encoding="utf-8")
    other = ask(options, "plan", more, "--run", read)
    checks.true("plan: a run of another study is refused, and the difference named", other.returncode == USAGE
                and "[[channel]]" in other.stderr and not other.stdout, other.stdout + other.stderr)
    header_lines = answer(options, "plan", study, "--nodes", 2, "--cores-per-node", 3, "--sbatch")
    checks.equal("plan: --sbatch prints these lines only", header_lines.splitlines(),
                 ["#SBATCH --nodes=2", "#SBATCH --ntasks-per-node=3", "#SBATCH --mem=1G", "#SBATCH --time=00:10:00"])
    tight = ask(options, "plan", study, "--cores-per-node", 64, "--memory-per-node", 1, "--sbatch")
    checks.true("plan: nodes that are too small are an error, and no header is printed",
                tight.returncode == USAGE and not tight.stdout and "GiB" in tight.stderr, tight.stdout + tight.stderr)


def publish_on_a_full_disk(options, arguments, out, disk):
    """Lets the next attempt write its result to a disk that is too small for it; nothing where none can be mounted."""
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(disk)], capture_output=True).returncode != 0:
        return None
    try:
        attempts = [int(path.suffix[1:]) for path in out.glob("manifest.*") if path.suffix[1:].isdigit()]
        (out / f"results.{max(attempts) + 1}.h5.writing").symlink_to(disk / "results")
        return ask(options, *arguments, ranks=3)
    finally:
        subprocess.run(["umount", str(disk)], check=False)


def check_status(checks, options, folder):
    """A run that is stopped, fails, is damaged and gets done, as its status tells it in words and as JSON."""
    study = study_of(options, folder / "study.toml", f"{options.sample.resolve().parent}/actions-*.csv.gz")
    files = len(list(options.sample.parent.glob("actions-*.csv.gz")))
    out = folder / "out"
    arguments = ["run", study, "--out", out]

    def status():
        return json.loads(answer(options, "status", out, "--json"))

    (out / "rejects.jsonl" / "in the way").mkdir(parents=True)
    blocked = ask(options, *arguments)
    checks.true("status: a file that cannot be removed is a file error that names it",
                blocked.returncode == IO_ERROR and "rejects.jsonl" in blocked.stderr, blocked.stderr)
    checks.equal("status: failed", status()["state"], "failed")
    shutil.rmtree(out / "rejects.jsonl")

    checks.equal("status: a stop while reading", ask(options, *arguments, "--max-hours", "1e-9").returncode, STOPPED)
    told = status()
    checks.equal("status: splits, not files", [(stage["stage"], stage["units"], stage["total"], stage["done"])
                                               for stage in told["stages"]], [("read", 1, files, False)])
    checks.true("status: stopped, nothing damaged, and how fast it was",
                told["state"] == "stopped" and told["damaged"] == [] and told["now"]["rate"] >= 0
                and "seconds_left" in told["now"], str(told))
    checks.true("status: in words", f"1 of {files}" in answer(options, "status", out))

    answer(options, "ingest", study, "--out", out)
    checks.equal("status: the log is done", [(stage["stage"], stage["done"]) for stage in status()["stages"]],
                 [("log", True)])

    full = publish_on_a_full_disk(options, arguments, out, folder / "disk")
    if full is not None:
        told = status()
        checks.true("status: a full disk ends the run as what it is", full.returncode == IO_ERROR
                    and told["state"] == "failed" and "is the disk full?" in told["attempts"][-1]["outcome"],
                    f"{full.stderr}\n{told}")
        checks.true("status: all stages are done", all(stage["done"] for stage in told["stages"]), str(told))

    newest = max((path for path in out.glob("manifest.*") if path.suffix[1:].isdigit()), key=lambda path: int(path.suffix[1:]))
    newest.write_text(newest.read_text(encoding="utf-8") + " ", encoding="utf-8")
    told = status()
    checks.true("status: damage is named", len(told["damaged"]) == 1 and str(newest) in told["damaged"][0], str(told))

    answer(options, *arguments)
    told, text = status(), answer(options, "status", out)
    checks.true("status: done", told["state"] == "done" and told["attempts"][-1]["outcome"] == "done", str(told))
    checks.true("status: done, in words", f"lockstep show {out / 'results.h5'}" in text, text)
    checks.true("status: an earlier end is remembered", full is None or any("is the disk full?" in attempt["outcome"]
                                                                           for attempt in told["attempts"]), str(told))
    tested = ask(options, "run", lockstep_run.with_rule(study, folder / "tested.toml", "significance"), "--out",
                 folder / "tested")
    # Beside the progress on the terminal, this is what `now` tells.
    checks.true("status: the surrogate at work has a number", "project s1 " in tested.stderr, tested.stderr)
    checks.equal("status: what a run leaves", sorted(path.name for path in out.iterdir()),
                 sorted([f"manifest.{told['attempts'][-1]['number']}", "results.h5", "run.log.jsonl"]))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    lockstep_run.add_options(parser)
    parser.add_argument("--sample", default=lockstep_run.PROJECT / "data/samples/demo/study.toml", type=pathlib.Path)
    checked = {"sweep": check_sweep, "compare": check_compare, "plan": check_plan, "status": check_status}
    parser.add_argument("--only", choices=checked, help="one of the commands")
    return lockstep_run.run_checks(checked, parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
