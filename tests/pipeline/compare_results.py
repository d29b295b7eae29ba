#!/usr/bin/env python3
"""Checks a results.h5 against the brute-force reference: every edge of every channel, with all its columns.

The study file says what was read and counted; inputs are csv or tsv, times epoch seconds or ISO 8601.
"""
import argparse
import datetime
import glob
import os
import pathlib
import sys
import tomllib

import h5py

import lockstep_run
from coaction import pair_details, read_actions, totals

SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}
EDGE_COLUMNS = ("shared", "lag_min", "lag_median", "first_time", "last_time")


def seconds(duration):
    """A window such as "60s" in seconds."""
    digits = duration.rstrip("abcdefghijklmnopqrstuvwxyz ")
    return int(digits) * SECONDS[duration[len(digits):].strip()]


def parse_iso8601(text):
    moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.timezone.utc)
    return int(moment.timestamp() // 1)


def channel_actions(study, folder, channel):
    """All actions of one channel of a study, as the reference wants them."""
    separator = channel.get("separator", "")
    if separator and channel.get("elements", "each") != "each":
        raise NotImplementedError("the reference does not join sequences")
    for source in study["input"]:
        patterns = [source["files"]] if isinstance(source["files"], str) else source["files"]
        found = {path for pattern in patterns for path in glob.glob(os.path.join(glob.escape(str(folder)), pattern))}
        for path in sorted(found):
            tabs = source.get("format") == "tsv" or ".tsv" in pathlib.Path(path).suffixes
            yield from read_actions(
                path, source["account"], channel["object"], source["time"],
                missing=source.get("missing", [""]), delimiter="\t" if tabs else ",", separator=separator,
                prefix=source.get("account_prefix", ""),
                parse_time={"epoch": int, "iso8601": parse_iso8601}[source.get("time_format", "epoch")])


def reference_edges(study_file):
    """{channel: {(a, b): (S, lag_min, lag_median, first_time, last_time)}} of a study."""
    study_file = pathlib.Path(study_file)
    study = tomllib.loads(study_file.read_text(encoding="utf-8"))
    if study["study"].get("time_unit", "s") != "s":
        raise NotImplementedError("the reference counts in seconds")
    return {channel["name"]: pair_details(channel_actions(study, study_file.parent, channel),
                                          seconds(channel.get("window", "60s")), channel.get("min_shared", 3))
            for channel in study["channel"]}


def result_edges(results):
    """The same of an open results.h5."""
    names = lockstep_run.column(results, "accounts/name")
    channels = lockstep_run.column(results, "channels/name")
    edges = {name: {} for name in channels}
    columns = [lockstep_run.column(results, f"edges/{key}").tolist()
               for key in ("source", "target", "channel", *EDGE_COLUMNS)]
    for source, target, number, *values in zip(*columns, strict=True):
        pair = tuple(sorted((names[source], names[target])))
        if pair in edges[channels[number]]:
            raise ValueError(f"channel {channels[number]}: the pair {pair} is listed twice")
        edges[channels[number]][pair] = tuple(values)
    return edges


def compare(checks, what, results_file, study_file):
    """Adds the comparison of one run with the reference to `checks`."""
    with h5py.File(results_file) as results:
        found, funnel = result_edges(results), lockstep_run.projected(results)
    expected = reference_edges(study_file)
    checks.equal(f"{what}: channels", sorted(found), sorted(expected))
    for channel, edges in expected.items():
        mine = found.get(channel, {})
        wrong = sorted(pair for pair in edges.keys() | mine.keys() if edges.get(pair) != mine.get(pair))
        detail = wrong and (f"{len(wrong)} pairs differ, {wrong[0]}: {mine.get(wrong[0])}, "
                            f"expected {edges.get(wrong[0])}")
        checks.true(f"{what}: {channel}: {len(edges)} edges", not wrong, f"{detail} of {', '.join(EDGE_COLUMNS)}")
        counts = totals({pair: values[0] for pair, values in edges.items()})
        checks.equal(f"{what}: {channel}: funnel", funnel.get(channel), counts)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results")
    parser.add_argument("study")
    options = parser.parse_args()
    checks = lockstep_run.Checks()
    compare(checks, pathlib.Path(options.study).stem, options.results, options.study)
    return checks.exit_code()


if __name__ == "__main__":
    sys.exit(main())
