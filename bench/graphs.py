"""The graphs that communities.py runs on: files of a data folder, and graphs generated when first asked for."""
import dataclasses
import gzip
import json
import pathlib

import numpy

import planted
import rmat

SEED = 1
MIXING = 0.2
RESOLUTION_UNIT = 2.0 ** -20  # resolutions are multiples of it, which every program holds exactly
SHARE_OF_DENSITY = 1 / 8  # resolution of CPM, as a share of the mean density inside the true communities


@dataclasses.dataclass(frozen=True)
class DataFile:
    """A graph of the data folder: rows "u<TAB>v…" without weights, and true communities if known."""

    edges: str
    truth: str = None
    resolution: float = None


@dataclasses.dataclass(frozen=True)
class Planted:
    vertices: int
    rows: int


@dataclasses.dataclass(frozen=True)
class Rmat:
    scale: int
    edge_factor: int
    resolution: float


SOURCES = {
    "LFR-10k": DataFile("networks_LFR_N10000_ad5_mc50_mu0.3.csv.gz", "ground_truth_LFR_N10000_ad5_mc50_mu0.3.json.gz"),
    "LFR-100k": DataFile(
        "networks_LFR_N100000_ad5_mc50_mu0.5.csv.gz", "ground_truth_LFR_N100000_ad5_mc50_mu0.5.json.gz"
    ),
    "DBLP": DataFile("networks_dblp.csv.gz", resolution=0.02),
    "planted-10k": Planted(10_000, 140_000),
    "planted-1M": Planted(1_000_000, 14_000_000),
    "planted-5M": Planted(5_000_000, 70_000_000),
    "RMAT-13": Rmat(13, 16, resolution=0.05),
    "RMAT-20": Rmat(20, 16, resolution=0.001),
}


@dataclasses.dataclass
class Graph:
    """An undirected graph: rows with the same two ends added up, vertices that no row names left out."""

    name: str
    file: pathlib.Path  # with the rows
    names: numpy.ndarray  # of the vertices, ascending; vertices are numbered in this order
    u: numpy.ndarray  # ends of each edge
    v: numpy.ndarray
    weight: numpy.ndarray  # whole numbers
    truth: numpy.ndarray  # true community of each vertex, or None
    resolution: float = None  # of CPM

    @property
    def vertices(self):
        return len(self.names)

    def resolution_of(self, objective):
        return 1 if objective == "modularity" else self.resolution

    @property
    def arcs(self):
        """Both directions of every edge that is not a self-loop."""
        return 2 * int(numpy.count_nonzero(self.u != self.v))


class Graphs:
    """Gives graphs by name; generates into `folder`, where they stay."""

    def __init__(self, data, folder):
        self.data = data
        self.folder = folder

    def is_absent(self, name):
        source = SOURCES[name]
        if not isinstance(source, DataFile):
            return False
        files = [source.edges] + ([source.truth] if source.truth else [])
        return self.data is None or not all((self.data / file).is_file() for file in files)

    def load(self, name):
        source = SOURCES[name]
        if isinstance(source, DataFile):
            file = self.data / source.edges
            truth = read_truth(self.data / source.truth) if source.truth else None
            graph = merge(name, file, read_unweighted(file), truth)
        else:
            file, truth_file = self.folder / f"{name}.tsv", self.folder / f"{name}.truth.tsv"
            if not file.exists():
                generate(source, file, truth_file)
            truth = read_numbers(truth_file, 2)[:, 1] if truth_file.exists() else None
            graph = merge(name, file, read_numbers(file, 3), truth)
        if graph.truth is None:
            resolution = source.resolution
        else:
            resolution = SHARE_OF_DENSITY * density_inside(graph, graph.truth)
        graph.resolution = max(1, round(resolution / RESOLUTION_UNIT)) * RESOLUTION_UNIT
        return graph


def generate(source, file, truth_file):
    """Writes a graph and, if it has one, its truth. The graph gets its name when it is complete."""
    random = numpy.random.default_rng(SEED)
    if isinstance(source, Planted):
        u, v, weight, truth = planted.draw_edges(random, source.vertices, source.rows, MIXING)
        planted.write_rows(truth_file, [numpy.arange(source.vertices), truth])
    else:
        u, v = rmat.draw_edges(random, source.scale, source.edge_factor)
        weight = numpy.ones_like(u)
    unfinished = file.with_suffix(".writing")
    planted.write_rows(unfinished, [u, v, weight])
    unfinished.rename(file)


def read_numbers(file, columns):
    """A file of whole numbers between blanks, tabs and line ends."""
    return numpy.fromfile(file, dtype=numpy.int64, sep=" ").reshape(-1, columns)


def read_unweighted(file):
    with gzip.open(file, "rt", encoding="utf-8") as rows:
        ends = numpy.array([row.split("\t")[:2] for row in rows if row.strip()], dtype=numpy.int64)
    return numpy.column_stack([ends, numpy.ones(len(ends), dtype=numpy.int64)])


def read_truth(file):
    """The true community by vertex name; a vertex in none is alone."""
    with gzip.open(file, "rt", encoding="utf-8") as text:
        communities = json.load(text)["communities"]
    truth = len(communities) + numpy.arange(1 + max(max(members) for members in communities))
    for number, members in enumerate(communities):
        truth[members] = number
    return truth


def merge(name, file, rows, truth_by_name):
    """The graph of rows (u, v, weight)."""
    names = numpy.flatnonzero(numpy.bincount(rows[:, :2].ravel()))
    number = numpy.zeros(names[-1] + 1, dtype=numpy.int64)
    number[names] = numpy.arange(len(names))
    ends = number[rows[:, :2]]
    keys, edge_of = numpy.unique(ends.min(axis=1) * len(names) + ends.max(axis=1), return_inverse=True)
    weight = numpy.bincount(edge_of, rows[:, 2]).astype(numpy.int64)
    truth = None
    if truth_by_name is not None:
        truth = numpy.unique(truth_by_name[names], return_inverse=True)[1]
    return Graph(name, file, names, keys // len(names), keys % len(names), weight, truth)


def density_inside(graph, communities):
    """The mean weight of a pair of vertices of one community."""
    sizes = numpy.bincount(communities)
    inside = graph.weight[communities[graph.u] == communities[graph.v]].sum()
    return inside / (sizes * (sizes - 1) // 2).sum()
