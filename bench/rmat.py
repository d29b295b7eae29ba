#!/usr/bin/env python3
"""Writes a random graph of the R-MAT model as rows "u<TAB>v<TAB>1": few vertices have most edges, no communities.

    bench/rmat.py --scale 20 --edge-factor 16 --out rmat.tsv

2^scale vertices, edge factor times as many edges drawn; each edge falls into one of the four quarters of the
matrix with the probabilities of the Graph500 benchmark, then into a quarter of it, and so on. Self-loops are left
out; equal edges are kept, and some vertices have none. The same options and numpy give the same file.
"""
import argparse

import numpy

import planted

A, B, C = 0.57, 0.19, 0.19  # the fourth quarter has the rest


def draw_edges(random, scale, edge_factor):
    edges = edge_factor << scale
    u = numpy.zeros(edges, dtype=numpy.int64)
    v = numpy.zeros(edges, dtype=numpy.int64)
    for _ in range(scale):
        draws = random.random(edges)
        u = 2 * u + (draws >= A + B)
        v = 2 * v + (((draws >= A) & (draws < A + B)) | (draws >= A + B + C))
    kept = u != v
    order = random.permutation(1 << scale)
    return order[u[kept]], order[v[kept]]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=int, default=20)
    parser.add_argument("--edge-factor", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", required=True)
    options = parser.parse_args()
    u, v = draw_edges(numpy.random.default_rng(options.seed), options.scale, options.edge_factor)
    planted.write_rows(options.out, [u, v, numpy.ones_like(u)])


if __name__ == "__main__":
    main()
