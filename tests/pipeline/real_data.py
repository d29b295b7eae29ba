#!/usr/bin/env python3
"""Runs on real logs: counts of the projection against those of another engine, and the same bytes however run.

The logs are in the folder LOCKSTEP_DATA (default ../shared/data beside the project); without it the test skips.
The reference counts come from an SQL self-join: pairs with S >= min_shared, inclusive window.
"""
import argparse
import contextlib
import csv
import gzip
import os
import pathlib
import sys
import tempfile

import h5py

import lockstep_run
from coaction import read_actions, shared_counts, totals

RANKS = [1, 2, 3, 4, 8]
DATA_SETS = {  # name: (file, account, time)
    "ira_url": ("ira_url.csv.gz", "account_id", "timestamp"),
    "weibo_ced": ("weibo_ced.csv.gz", "account", "epoch_cst"),
    "german": ("german_elections.csv.gz", "account_id", "timestamp"),
    "russian": ("russian_coord_tweets.csv.gz", "account_id", "timestamp_share"),
}
# data set, object, window in seconds: {min_shared: (accounts, pairs, sum of S)}, largest S
REFERENCE = [
    ("ira_url", "url_id", 60, {1: (1853, 122470, 538991), 2: (1685, 99911, 516432),
                               3: (1539, 72700, 462010), 5: (1395, 39126, 345135)}, 3616),
    ("ira_url", "url_id", 300, {1: (2001, 138282, 652601), 2: (1835, 111308, 625627),
                                3: (1688, 79970, 562951), 5: (1554, 44485, 439480)}, 3621),
    ("weibo_ced", "object", 60, {1: (691247, 2824802, 2825910), 2: (501, 1029, 2137),
                                 3: (16, 79, 237), 5: (0, 0, 0)}, 3),
    ("german", "url_id", 60, {1: (1843, 2906, 7735), 2: (420, 1119, 5948),
                              3: (274, 781, 5272), 5: (175, 553, 4495)}, 208),
    ("german", "url_id", 300, {1: (3343, 5990, 13449), 2: (570, 1667, 9126),
                               3: (343, 1097, 7986), 5: (206, 792, 6960)}, 235),
    ("german", "hashtag_id", 60, {1: (1522, 3022, 3902), 2: (163, 214, 1094),
                                  3: (90, 144, 954), 5: (39, 97, 796)}, 28),
    ("german", "hashtag_id", 300, {1: (2533, 8586, 9811)}, 29),
    ("german", "domain_id", 60, {1: (3024, 3841, 4252), 2: (161, 205, 616),
                                 3: (83, 87, 380), 5: (29, 28, 187)}, 22),
    ("german", "domain_id", 300, {1: (6332, 10124, 11165)}, 23),
    ("german", "phash_id", 60, {1: (1079, 1289, 3229), 2: (213, 306, 2246),
                                3: (99, 153, 1940), 5: (55, 100, 1757)}, 24),
    ("german", "phash_id", 300, {1: (1970, 2758, 5306)}, 24),
    ("russian", "object_id", 60, {1: (3954, 6206, 6242), 2: (58, 32, 68), 3: (6, 3, 10)}, 4),
    ("russian", "object_id", 300, {1: (6254, 30010, 30504), 2: (425, 392, 886), 5: (15, 11, 64)}, 8),
]
SAME_BYTES = {  # data set: [(object, window in seconds, min_shared)], a channel each
    "german": [(kind, 60, 3) for kind in ("url_id", "hashtag_id", "domain_id", "phash_id")],
    "ira_url": [("url_id", 60, 3)],
    "weibo_ced": [("object", 60, 2)],
    "russian": [("object_id", 60, 2)],
}


def reference_rows(quick):
    """(data set, object, window, min_shared, counts); quick: one row of every data set and object."""
    for data_set, obj, window, rows, largest in REFERENCE:
        least = 2 if data_set in ("russian", "weibo_ced") else 3
        for min_shared, counts in rows.items():
            if not quick or (window == 60 and min_shared == least):
                yield data_set, obj, window, min_shared, (*counts, largest if counts[1] else 0)


def check_counts(checks, options, data, folder):
    """The program reproduces the reference counts."""
    for number, (data_set, obj, window, min_shared, counts) in enumerate(reference_rows(options.quick)):
        file, account, time = DATA_SETS[data_set]
        study = lockstep_run.write_study(folder / f"{number}/study.toml", [data / file], account, time,
                                         [lockstep_run.channel("channel", obj, window, min_shared)])
        results_file = lockstep_run.run(options, study, folder / f"{number}/out", options.ranks)
        with h5py.File(results_file) as results:
            found = lockstep_run.projected(results)
        checks.equal(f"{data_set} {obj} {window} s, min_shared {min_shared}: accounts, pairs, sum, max",
                     found.get("channel"), counts)


def check_oracle(checks, options, data):
    """The reference in tests/oracle reproduces the reference counts."""
    for data_set, obj, window, rows, largest in REFERENCE:
        if options.quick and (data_set != "russian" or window != 60):
            continue
        file, account, time = DATA_SETS[data_set]
        shared = shared_counts(read_actions(data / file, account, obj, time, missing=("", "NA")), window)
        for min_shared, counts in rows.items():
            kept = {pair: count for pair, count in shared.items() if count >= min_shared}
            checks.equal(f"oracle: {data_set} {obj} {window} s, min_shared {min_shared}: accounts, pairs, sum, max",
                         totals(kept), (*counts, largest if counts[1] else 0))


def split_in_three(source, names):
    """Deals the rows of a csv.gz file out to three csv files with the same header."""
    with gzip.open(source, "rt", encoding="utf-8", newline="") as text, contextlib.ExitStack() as files:
        rows = csv.reader(text)
        parts = [csv.writer(files.enter_context(open(name, "w", encoding="utf-8", newline=""))) for name in names]
        header = next(rows)
        for part in parts:
            part.writerow(header)
        for number, row in enumerate(rows):
            parts[number % 3].writerow(row)


def check_same_bytes(checks, options, data, folder):
    """The result depends on the rows and the study, not on ranks, files, their names or their order."""
    for data_set, channels in SAME_BYTES.items():
        file, account, time = DATA_SETS[data_set]
        tables = [lockstep_run.channel(f"co-{obj}", obj, window, least) for obj, window, least in channels]
        home = folder / data_set
        for name in ("whole", "split", "renamed"):
            lockstep_run.write_study(home / name / "study.toml", ["log-*"], account, time, tables)
        (home / "whole/log-0.csv.gz").symlink_to((data / file).resolve())
        parts = [home / f"split/log-{number}.csv" for number in range(3)]
        split_in_three(data / file, parts)
        for number, part in enumerate(parts):
            (home / f"renamed/log-{2 - number}.csv").symlink_to(part)
        ranks = [1, 3] if options.quick else RANKS
        made = {f"{count} ranks": lockstep_run.run(options, home / "whole/study.toml", home / f"out-{count}", count)
                for count in ranks}
        for name in ("split", "renamed"):
            made[f"{name} files"] = lockstep_run.run(options, home / name / "study.toml", home / name / "out", 2)
        checks.same_bytes(data_set, made)
        listed = {}
        for name, order in (("listed in order", parts), ("listed backwards", parts[::-1])):
            study = lockstep_run.write_study(home / "split" / f"{name.replace(' ', '-')}.toml",
                                             [part.name for part in order], account, time, tables)
            listed[name] = lockstep_run.run(options, study, home / f"out-{study.stem}", 2)
        checks.same_bytes(data_set, listed)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    lockstep_run.add_options(parser)
    parser.add_argument("--ranks", type=int, default=2, help="ranks of the runs whose counts are compared")
    parser.add_argument("--quick", action="store_true", help="a row of every data set and object, fewer rank counts")
    parser.add_argument("--only", choices=["counts", "bytes", "oracle"], help="one of the three groups of checks")
    options = parser.parse_args()
    data = pathlib.Path(os.environ.get("LOCKSTEP_DATA") or lockstep_run.PROJECT / "../shared/data").resolve()
    absent = [file for file, _, _ in DATA_SETS.values() if not (data / file).is_file()]
    if absent:
        print(f"skipped: {', '.join(absent)} not in {data}; set LOCKSTEP_DATA to the folder of real logs")
        return lockstep_run.SKIPPED
    checks = lockstep_run.Checks()
    if options.only in (None, "oracle"):
        check_oracle(checks, options, data)
    with tempfile.TemporaryDirectory() as folder:
        if options.only in (None, "counts"):
            check_counts(checks, options, data, pathlib.Path(folder))
        if options.only in (None, "bytes"):
            check_same_bytes(checks, options, data, pathlib.Path(folder))
    return checks.exit_code()


if __name__ == "__main__":
    sys.exit(main())
