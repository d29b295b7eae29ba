#!/usr/bin/env python3
"""Writes a weighted graph with planted communities as rows "u<TAB>v<TAB>weight", and which vertex is in which.

    bench/planted.py --vertices 1000000 --edges 14000000 --out planted.tsv [--truth truth.tsv]

Sizes of communities and degrees follow power laws, as in LFR graphs; of each vertex's edge ends a share
`--mixing` goes anywhere. Weights are 1 to 3, one more inside a community on average. Vertices are in no order.
The same options and numpy give the same file.
"""
import argparse

import numpy


def power_law(random, count, low, high, exponent):
    """Whole numbers from `low` to `high` with density ∝ x^−exponent."""
    power = 1 - exponent
    draws = random.random(count)
    return ((low ** power + draws * (high ** power - low ** power)) ** (1 / power)).astype(numpy.int64)


def plant_communities(random, vertices):
    """(first vertex of each community and the end, community of each vertex) before shuffling."""
    sizes = power_law(random, vertices // 20 + 1, 20, 1000, 1.5)
    sizes = sizes[:numpy.searchsorted(numpy.cumsum(sizes), vertices) + 1]
    first = numpy.minimum(numpy.concatenate([[0], numpy.cumsum(sizes)]), vertices)
    return first, numpy.repeat(numpy.arange(len(first) - 1), numpy.diff(first))


def draw_edges(random, vertices, edges, mixing):
    first, community = plant_communities(random, vertices)
    degree = power_law(random, vertices, 8, 400, 2.5).astype(float)
    cumulated = numpy.concatenate([[0.0], numpy.cumsum(degree)])
    anywhere = random.random(edges) < mixing
    u = numpy.searchsorted(cumulated, random.random(edges) * cumulated[-1], "right") - 1
    low = numpy.where(anywhere, 0.0, cumulated[first[community[u]]])
    high = numpy.where(anywhere, cumulated[-1], cumulated[first[community[u] + 1]])
    v = numpy.searchsorted(cumulated, low + random.random(edges) * (high - low), "right") - 1
    weight = random.integers(1, 3, edges) + ~anywhere
    kept = u != v
    order = random.permutation(vertices)
    truth = numpy.empty(vertices, dtype=numpy.int64)
    truth[order] = community
    return order[u[kept]], order[v[kept]], weight[kept], truth


def digits(numbers, width):
    """The decimal digits of each number, one row each, with leading zeros."""
    powers = 10 ** numpy.arange(width - 1, -1, -1)
    return (numbers[:, None] // powers % 10 + ord("0")).astype(numpy.uint8)


def write_rows(path, columns, rows_at_once=1_000_000):
    """Columns of whole numbers between tabs, all of a column equally wide."""
    widths = [len(str(column.max(initial=0))) for column in columns]
    with open(path, "wb") as out:
        for begin in range(0, len(columns[0]), rows_at_once):
            fields = []
            for column, width in zip(columns, widths):
                part = column[begin:begin + rows_at_once]
                fields += [digits(part, width), numpy.full((len(part), 1), ord("\t"), dtype=numpy.uint8)]
            fields[-1][:] = ord("\n")
            out.write(numpy.hstack(fields).tobytes())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vertices", type=int, default=1_000_000)
    parser.add_argument("--edges", type=int, default=14_000_000, help="rows; equal ones add up")
    parser.add_argument("--mixing", type=float, default=0.2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", required=True)
    parser.add_argument("--truth", help="rows vertex<TAB>community")
    options = parser.parse_args()
    random = numpy.random.default_rng(options.seed)
    u, v, weight, truth = draw_edges(random, options.vertices, options.edges, options.mixing)
    write_rows(options.out, [u, v, weight])
    if options.truth:
        write_rows(options.truth, [numpy.arange(options.vertices), truth])


if __name__ == "__main__":
    main()
