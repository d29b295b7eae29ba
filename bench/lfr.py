#!/usr/bin/env python3
"""Community detection on a benchmark graph with exact truth: quality and time beside igraph's Leiden.

    bench/lfr.py networks_LFR.csv.gz ground_truth_LFR.json.gz --command "PROGRAM {edges} {members}"

EDGES has rows "u<TAB>v<TAB>…", TRUTH is {"communities": [[vertex, …], …]}; both plain or .gz.
The command reads {edges}, rows "u<TAB>v<TAB>1", and writes {members}, rows "vertex<TAB>community". It is timed
as a whole, so igraph's time is given with reading the same file, too. Without --command only igraph runs.
"""
import argparse
import gzip
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import time

import igraph
import numpy

ITERATIONS = [2, 10, -1]  # igraph 0.10.2 stops after one iteration when asked for -1, "until stable"


def open_text(path):
    return gzip.open(path, "rt", encoding="utf-8") if str(path).endswith(".gz") else open(path, encoding="utf-8")


def read_edges(path):
    with open_text(path) as rows:
        return numpy.array([row.split("\t")[:2] for row in rows if row.strip()], dtype=numpy.int64)


def read_truth(path, vertices):
    """The true community of every vertex."""
    truth = numpy.full(vertices, -1, dtype=numpy.int64)
    with open_text(path) as text:
        for number, members in enumerate(json.load(text)["communities"]):
            truth[members] = number
    return alone_where_missing(truth)


def read_members(path, vertices):
    found = numpy.full(vertices, -1, dtype=numpy.int64)
    rows = numpy.loadtxt(path, dtype=numpy.int64, delimiter="\t", ndmin=2)
    found[rows[:, 0]] = rows[:, 1]
    return alone_where_missing(found)


def alone_where_missing(communities):
    """Numbers communities from 0; a vertex that nobody placed (−1) is a community of its own."""
    alone = communities < 0
    communities = communities.copy()
    communities[alone] = communities.max(initial=-1) + 1 + numpy.arange(alone.sum())
    return numpy.unique(communities, return_inverse=True)[1]


def entropy(counts):
    shares = counts[counts > 0] / counts.sum()
    return -(shares * numpy.log(shares)).sum()


def normalized_mutual_information(first, second):
    """Mutual information over the arithmetic mean of the entropies; 1 for two equal partitions."""
    joint = numpy.unique(first * (second.max() + 1) + second, return_counts=True)[1]
    a, b = entropy(numpy.bincount(first)), entropy(numpy.bincount(second))
    return 1.0 if a + b == 0 else (a + b - entropy(joint)) / ((a + b) / 2)


def run_igraph(edges_file, iterations):
    """(communities, seconds with reading, seconds without)."""
    begin = time.perf_counter()
    graph = igraph.Graph(edges=read_edges(edges_file))
    read = time.perf_counter()
    found = graph.community_leiden(objective_function="modularity", n_iterations=iterations)
    end = time.perf_counter()
    return numpy.array(found.membership), end - begin, end - read


def run_command(template, edges_file, members_file, vertices):
    """(communities, seconds)."""
    begin = time.perf_counter()
    subprocess.run(template.format(edges=edges_file, members=members_file), shell=True, check=True,
                   stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - begin
    return read_members(members_file, vertices), seconds


def fastest(repeats, run):
    """The fastest of some runs that return (communities, seconds, …)."""
    return min((run() for _ in range(repeats)), key=lambda outcome: outcome[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("edges")
    parser.add_argument("truth")
    parser.add_argument("--command", help="shell command with {edges} and {members}")
    parser.add_argument("--repeats", type=int, default=3, help="the fastest run counts")
    parser.add_argument("--seed", type=int, default=1, help="of igraph's random numbers")
    options = parser.parse_args()
    random.seed(options.seed)

    edges = read_edges(options.edges)
    graph = igraph.Graph(edges=edges)
    vertices = graph.vcount()
    truth = read_truth(options.truth, vertices)

    def report(name, found, seconds):
        found = alone_where_missing(found)
        print(f"{name:24} {graph.modularity(found):.6f} {normalized_mutual_information(truth, found):.4f} "
              f"{found.max() + 1:11d} {seconds:8.2f}", flush=True)

    print(f"{vertices} vertices, {len(edges)} edges, {truth.max() + 1} true communities")
    print(f"{'':24} {'modularity'} {'NMI':>4} {'communities':>11} {'seconds':>8}")
    with tempfile.TemporaryDirectory() as folder:
        edges_file = pathlib.Path(folder) / "edges.tsv"
        numpy.savetxt(edges_file, numpy.column_stack([edges, numpy.ones(len(edges), dtype=int)]), "%d", "\t")
        reference = {}
        for iterations in ITERATIONS:
            found, seconds, algorithm = fastest(options.repeats, lambda: run_igraph(edges_file, iterations))
            reference[iterations] = seconds
            report(f"igraph Leiden, n={iterations}", found, seconds)
            print(f"{'  without reading':24} {algorithm:36.2f}")
        if options.command:
            members_file = pathlib.Path(folder) / "members.tsv"
            found, seconds = fastest(options.repeats, lambda: run_command(options.command, edges_file, members_file,
                                                                          vertices))
            report("command", found, seconds)
            for iterations, other in reference.items():
                print(f"command / igraph n={iterations}, both with reading: {seconds / other:.2f}")


if __name__ == "__main__":
    sys.exit(main())
