#!/usr/bin/env python3
"""Reference for the projection, by its definition and nothing else.

Two different accounts have a co-action when they act on the same object at most `window` seconds apart.
S is the number of distinct objects on which a pair of accounts has at least one co-action.
Independent of the program: it shares neither code nor ideas with it, so it can check it.
"""
import argparse
import csv
import gzip
import subprocess
import sys
from collections import defaultdict


def open_text(path):
    """Opens a plain, .gz or .zst file as text."""
    path = str(path)
    if path.endswith(".gz"):
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    if path.endswith(".zst"):
        return subprocess.Popen(["zstd", "-dcq", path], stdout=subprocess.PIPE, text=True).stdout
    return open(path, encoding="utf-8", newline="")


def read_actions(path, account, obj, time, *, missing=("",), delimiter=",", separator="", prefix="",
                 parse_time=int, min_time=None):
    """Yields (account, object, time) of every row that has all three; malformed times are left out.

    `separator` splits the object's cell into several objects; `prefix` is put before account names.
    """
    missing = frozenset(missing)
    with open_text(path) as text:
        rows = csv.reader(text, delimiter=delimiter)
        header = next(rows)
        if obj not in header:
            return
        account, obj, time = header.index(account), header.index(obj), header.index(time)
        for row in rows:
            if len(row) != len(header) or row[account] in missing or row[obj] in missing:
                continue
            try:
                moment = parse_time(row[time])
            except ValueError:
                continue
            if min_time is not None and moment < min_time:
                continue
            for value in row[obj].split(separator) if separator else (row[obj],):
                if value not in missing:
                    yield prefix + row[account], value, moment


def by_object(actions):
    """{object: [(time, account), ...] in order of time}."""
    log = defaultdict(list)
    for account, obj, time in actions:
        log[obj].append((time, account))
    for history in log.values():
        history.sort()
    return log


def windowed(history, window):
    """Yields (earlier time, account, later time, account) of all co-actions on one object."""
    for first, (time, account) in enumerate(history):
        for later in range(first + 1, len(history)):
            later_time, partner = history[later]
            if later_time - time > window:
                break
            if partner != account:
                yield time, account, later_time, partner


def shared_counts(actions, window, min_shared=1):
    """{(a, b): S} of all pairs with S >= min_shared, a < b."""
    shared = defaultdict(int)
    for history in by_object(actions).values():
        if len(history) > 1:
            for pair in {(a, b) if a < b else (b, a) for _, a, _, b in windowed(history, window)}:
                shared[pair] += 1
    return {pair: count for pair, count in shared.items() if count >= min_shared}


def pair_details(actions, window, min_shared=1):
    """{(a, b): (S, lag_min, lag_median, first_time, last_time)} of all pairs with S >= min_shared, a < b.

    lag_median is the lower median over the shared objects of the smallest |lag| on each; first_time and
    last_time are the earliest and the latest time of an action that takes part in a co-action of the pair.
    """
    lags = defaultdict(list)
    span = {}
    for history in by_object(actions).values():
        smallest = {}
        for time, a, later_time, b in windowed(history, window):
            pair = (a, b) if a < b else (b, a)
            smallest[pair] = min(smallest.get(pair, window), later_time - time)
            first, last = span.get(pair, (time, later_time))
            span[pair] = min(first, time), max(last, later_time)
        for pair, lag in smallest.items():
            lags[pair].append(lag)
    return {pair: (len(found), min(found), sorted(found)[(len(found) - 1) // 2], *span[pair])
            for pair, found in lags.items() if len(found) >= min_shared}


def totals(shared):
    """(accounts, pairs, sum of S, max S) of a {(a, b): S}."""
    accounts = {name for pair in shared for name in pair}
    return len(accounts), len(shared), sum(shared.values()), max(shared.values(), default=0)


def main():
    parser = argparse.ArgumentParser(description="Counts pairs of accounts that act together.")
    parser.add_argument("files", nargs="+", help="csv files, plain or .gz or .zst")
    parser.add_argument("--account", required=True, help="column of the account")
    parser.add_argument("--object", required=True, help="column of the object")
    parser.add_argument("--time", required=True, help="column of the time, epoch seconds")
    parser.add_argument("--window", type=int, default=60, help="seconds, inclusive")
    parser.add_argument("--min-shared", type=int, nargs="+", default=[3], help="one line per value")
    parser.add_argument("--missing", nargs="*", default=["", "NA"], help="words that mean: no value")
    parser.add_argument("--min-time", type=int, help="leave out actions before this time")
    options = parser.parse_args()

    actions = (action for path in options.files
               for action in read_actions(path, options.account, options.object, options.time,
                                          missing=options.missing, min_time=options.min_time))
    shared = shared_counts(actions, options.window)
    print("window\tmin_shared\taccounts\tpairs\tsum_shared\tmax_shared")
    for least in options.min_shared:
        kept = {pair: count for pair, count in shared.items() if count >= least}
        print(options.window, least, *totals(kept), sep="\t")


if __name__ == "__main__":
    sys.exit(main())
