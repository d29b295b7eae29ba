#!/usr/bin/env python3
"""Whole runs on the bundled sample and on random logs, at several rank counts, against the reference."""
import argparse
import hashlib
import pathlib
import sys
import tempfile

import h5py
import numpy

import lockstep_run
from compare_results import compare
from random_log import write_log

SAMPLE_RANKS = [1, 2, 3, 4, 8]
RANDOM_RANKS = [1, 2, 3, 5]
TABLES = ["networks", "members", "edges", "accounts", "funnel"]
# Results of the count rule are compared with those of other tools and of earlier runs: whoever changes a table on purpose
# changes its digest here and says so in the CHANGELOG.
GOLDEN = {
    "accounts": "c90d64122112ab89", "channels": "edc852db31981461", "composition": "9605e9f84956221a",
    "edges": "c7dace0bb12247a0", "evidence": "ad8e35ee93459bf0", "funnel": "973fdd89ede54f76",
    "links": "91271cdabfab38bd", "members": "47a511ee88c5119a", "networks": "86a615f331ca5d10",
    "objects": "712c284e31c6d7cb",
}


def run_at(options, study, folder, ranks):
    """{"N ranks": results.h5} of one study at several rank counts."""
    return {f"{count} ranks": lockstep_run.run(options, study, folder / f"out-{count}", count) for count in ranks}


def check_tables(checks, results_file):
    """What must hold of every result file that has networks."""
    with h5py.File(results_file) as results:
        for table in TABLES:
            lengths = {len(results[f"{table}/{key}"]) for key in results[table]
                       if isinstance(results[f"{table}/{key}"], h5py.Dataset)}
            checks.true(f"sample: the columns of {table} are equally long", len(lengths) == 1, str(lengths))
        size = lockstep_run.column(results, "networks/size")
        rank = lockstep_run.column(results, "networks/rank")
        network = lockstep_run.column(results, "members/network")
        account = lockstep_run.column(results, "members/account")
        accounts = len(results["accounts/name"])
        source, target = (lockstep_run.column(results, f"edges/{end}") for end in ("source", "target"))
    checks.true("sample: there are networks", len(size) > 0)
    checks.true("sample: networks are in order of rank", bool(numpy.all(numpy.diff(rank) == 1)), str(rank))
    counted = [int((network == one).sum()) for one in rank]
    checks.equal("sample: every network has as many members as its size", counted, size.tolist())
    checks.equal("sample: no account is in two networks", len(numpy.unique(account)), len(account))
    checks.true("sample: members and edges name accounts of the table",
                all(0 <= ends.min() and ends.max() < accounts for ends in (account, source, target) if len(ends)))


def table_digests(results_file):
    """{table: digest of its columns: names, types, units, descriptions, values}."""
    digests = {}
    with h5py.File(results_file) as results:
        for table, columns in results.items():
            digest = hashlib.sha256()
            for key, values in columns.items():
                words = values[()].astype(str).tolist() if h5py.check_string_dtype(values.dtype) else []
                data = "\0".join(words).encode() if words else values[()].tobytes()
                for part in (key, str(values.dtype), values.attrs.get("unit", ""), values.attrs.get("description", ""), data):
                    digest.update((part if isinstance(part, bytes) else str(part).encode()) + b"\0")
            digests[table] = digest.hexdigest()[:16]
    return digests


def check_generator(checks, options, folder):
    """The generator writes the same files at any rank count."""
    written = {}
    for ranks in (1, 3):
        out = folder / f"generated-{ranks}"
        lockstep_run.launch(options, ranks, "generate", "--out", out, "--actions", 20000, "--shards", 5, "--viral-burst-size",
                            200, "--fan-clubs", 1, "--syndications", 1, "--campaigns", 2)
        written[ranks] = {file.name: lockstep_run.sha256(file) for file in sorted(out.iterdir())}
    checks.equal("generator: files", len(written[1]), 7)
    checks.equal("generator: the same bytes at 1 and 3 ranks", written[3], written[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    lockstep_run.add_options(parser)
    parser.add_argument("--sample", default=lockstep_run.PROJECT / "data/samples/demo/study.toml", type=pathlib.Path)
    parser.add_argument("--random-logs", type=int, default=12, help="number of random logs")
    parser.add_argument("--only", choices=["sample", "random"], help="one half of the checks")
    options = parser.parse_args()
    checks = lockstep_run.Checks()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        if options.only != "random":
            check_generator(checks, options, folder)
            study = lockstep_run.with_rule(options.sample, folder / "study/study.toml", "count")
            files = run_at(options, study, folder / "sample", SAMPLE_RANKS)
            checks.same_bytes("sample", files)
            check_tables(checks, files["1 ranks"])
            checks.equal("sample: the count rule's tables are what they were", table_digests(files["1 ranks"]), GOLDEN)
            compare(checks, "sample", files["1 ranks"], study)
        for seed in range(1, options.random_logs + 1) if options.only != "sample" else ():
            study = write_log(folder / f"random-{seed}", seed)
            files = run_at(options, study, study.parent, RANDOM_RANKS)
            checks.same_bytes(f"random log {seed}", files)
            compare(checks, f"random log {seed}", files["1 ranks"], study)
    return checks.exit_code()


if __name__ == "__main__":
    sys.exit(main())
