#!/usr/bin/env python3
"""Communities beside igraph's Leiden and leidenalg: quality, speed, memory, traffic between ranks, equal labels.

    /usr/bin/python3 bench/communities.py --data FOLDER --folder KEPT
    /usr/bin/python3 bench/communities.py --quick                         # small generated graphs: does it run?
    /usr/bin/python3 bench/communities.py --data FOLDER --parts volume --graphs LFR-100k

Prints a table for each part and, at the end, every expectation that is not met; exit code 1 if there are any.
"""
import argparse
import copy
import functools
import hashlib
import math
import os
import pathlib
import random
import re
import shlex
import statistics
import subprocess
import sys
import tempfile
import time

import igraph
import leidenalg
import numpy

import graphs

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "pipeline"))
import lockstep_run  # noqa: E402

PARTS = ("quality", "speed", "volume", "labels")
OBJECTIVES = ("modularity", "cpm")
OTHERS_ITERATIONS = 2
LABEL_RANKS = (1, 2, 3, 4, 7, 16)
PAIRS = 5  # of runs on one rank, on two, and of two at once, each time that programs take turns
VOLUME_RANKS = (2, 4, 8, 16, 32, 64)
QUICK_VOLUME_RANKS = (2, 4, 8)
SAMPLE_SECONDS = 0.01
REPORT_ROUNDING = 0.1  # seconds by which the beginning of a stage, taken from the report, may be wrong
DEFAULT_GATHER_ARCS = 1 << 20  # of `lockstep communities`

ALL_GRAPHS = ("LFR-10k", "LFR-100k", "DBLP", "planted-1M", "RMAT-20")
QUICK_GRAPHS = ("LFR-10k", "planted-10k", "RMAT-13")
GRAPHS = {"quality": ALL_GRAPHS, "speed": ("planted-1M",), "volume": ("LFR-100k",), "labels": ALL_GRAPHS}
LARGE_GRAPHS = {"quality": ("planted-5M",), "speed": (), "volume": ("planted-1M",), "labels": ("planted-5M",)}

MODULARITY_BELOW = 0.002  # of leidenalg's best
CPM_SHARE = 0.998  # of leidenalg's best
NMI_BELOW = 0.005
EXPECTED_SPEEDUP = 4  # over the other programs
EXPECTED_RANKS_SPEEDUP = 1.7  # of two ranks over one
BYTES_PER_ARC = 24
BYTES_PER_VERTEX = 40
# Bytes per arc and iteration of level 0 that a prototype of local moving sent on LFR-100k, by ranks.
REFERENCE_BYTES = {2: 0.24, 4: 0.67, 8: 1.46, 16: 2.73, 32: 4.57}


class Expectations:
    def __init__(self):
        self.checked = 0
        self.failed = []

    def expect(self, is_met, text):
        self.checked += 1
        if not is_met:
            self.failed.append(text)

    def report(self):
        print(f"\n{self.checked} expectations checked, {len(self.failed)} not met{':' if self.failed else ''}")
        for failure in self.failed:
            print(f"  {failure}")


class Table:
    """Prints rows as they come. Columns: {title: width}; the first is flush left."""

    def __init__(self, title, columns):
        self.widths = list(columns.values())
        print(f"\n{title}")
        self.row(*columns)

    def row(self, first, *others):
        fields = [f"{value:>{width}}" for value, width in zip(others, self.widths[1:])]
        print(" ".join([f"{first:<{self.widths[0]}}", *fields]), flush=True)


def shown(value, digits):
    return "-" if value is None else f"{value:.{digits}f}"


def ratio(part, whole):
    return part / whole if whole else math.inf


# How good a partition is: the same functions for all programs.


def weight_inside(graph, members):
    return int(graph.weight[members[graph.u] == members[graph.v]].sum())


def modularity(graph, members):
    """At resolution 1, from exact integers."""
    degrees = numpy.bincount(members[graph.u], graph.weight, members.max() + 1)
    degrees += numpy.bincount(members[graph.v], graph.weight, members.max() + 1)
    total = 2 * int(graph.weight.sum())
    squares = sum(int(degree) ** 2 for degree in degrees)
    return (2 * weight_inside(graph, members) * total - squares) / total ** 2


def cpm(graph, members):
    """Sum over communities of the weight inside less resolution times the number of pairs."""
    sizes = numpy.bincount(members)
    return weight_inside(graph, members) - graph.resolution * int((sizes * (sizes - 1) // 2).sum())


VALUE = {"modularity": modularity, "cpm": cpm}


def disconnected(graph, members):
    """How many communities are not connected by edges inside them."""
    inside = members[graph.u] == members[graph.v]
    edges = numpy.column_stack([graph.u[inside], graph.v[inside]])
    pieces = numpy.array(igraph.Graph(n=graph.vertices, edges=edges).connected_components().membership)
    community_of_piece = numpy.zeros(pieces.max() + 1, dtype=numpy.int64)
    community_of_piece[pieces] = members
    return int(numpy.count_nonzero(numpy.bincount(community_of_piece) > 1))


def entropy(counts):
    shares = counts[counts > 0] / counts.sum()
    return -(shares * numpy.log(shares)).sum()


def normalized_mutual_information(first, second):
    """Mutual information over the arithmetic mean of the entropies; 1 for two equal partitions."""
    joint = numpy.unique(first * (second.max() + 1) + second, return_counts=True)[1]
    a, b = entropy(numpy.bincount(first)), entropy(numpy.bincount(second))
    return 1.0 if a + b == 0 else (a + b - entropy(joint)) / ((a + b) / 2)


# The other programs.


def run_igraph(graph, weights, objective, resolution, seed):
    random.seed(seed)
    found = graph.community_leiden(
        objective_function={"modularity": "modularity", "cpm": "CPM"}[objective],
        weights=weights,
        resolution_parameter=resolution,
        n_iterations=OTHERS_ITERATIONS,
    )
    return found.membership


def run_leidenalg(graph, weights, objective, resolution, seed):
    if objective == "modularity":
        kind, settings = leidenalg.ModularityVertexPartition, {}
    else:
        kind, settings = leidenalg.CPMVertexPartition, {"resolution_parameter": resolution}
    found = leidenalg.find_partition(
        graph, kind, weights=weights, n_iterations=OTHERS_ITERATIONS, seed=seed, **settings
    )
    return found.membership


IGRAPH = f"igraph {igraph.__version__}"
LEIDENALG = f"leidenalg {leidenalg.version}"
OTHERS = {IGRAPH: run_igraph, LEIDENALG: run_leidenalg}


class Others:
    """Runs the other programs on one graph."""

    def __init__(self, graph):
        self.graph = graph

    @functools.cached_property
    def their_graph(self):
        return igraph.Graph(n=self.graph.vertices, edges=numpy.column_stack([self.graph.u, self.graph.v]))

    @functools.cached_property
    def their_weights(self):
        return None if (self.graph.weight == 1).all() else self.graph.weight.tolist()

    def detect(self, program, objective, seed):
        """(community of each vertex, CPU seconds, wall seconds); making the graph is not timed."""
        graph, weights, resolution = self.their_graph, self.their_weights, self.graph.resolution_of(objective)
        wall, cpu = time.perf_counter(), time.process_time()
        members = OTHERS[program](graph, weights, objective, resolution, seed)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        return numpy.array(members), cpu, wall

    def kept(self, folder, program, objective, seed):
        """The members alone, from an earlier run where there was one."""
        resolution = self.graph.resolution_of(objective)
        name = f"{self.graph.name}-{objective}-{resolution:.6g}-{program}-seed-{seed}".replace(" ", "-")
        file = folder / f"{name}.npy"
        if not file.exists():
            numpy.save(file, self.detect(program, objective, seed)[0])
        return numpy.load(file)


# Lockstep.


def parse_seconds(text):
    """Of "1.2 s", "1m 02s", "1h 02m 03s"."""
    units = {"h": 3600, "m": 60, "s": 1}
    return sum(float(amount) * units[unit] for amount, unit in re.findall(r"([\d.]+) ?([hms])", text))


def parse_bytes(text):
    """Of "12B", "1.2 kB", "1.2 MB", "1.2 GB"."""
    amount, unit = re.fullmatch(r"([\d.]+) ?([kMG]?)B", text).groups()
    return float(amount) * {"": 1, "k": 1e3, "M": 1e6, "G": 1e9}[unit]


def parse_report(text):
    """{stage: {column: text}} of the report that ends a run."""
    lines = [re.split(r"\s{2,}", line.strip()) for line in text.splitlines()]
    header = next(number for number, line in enumerate(lines) if line[0] == "stage")
    rows = [line for line in lines[header + 1:] if len(line) == len(lines[header])]
    return {row[0]: dict(zip(lines[header], row)) for row in rows}


def parse_profile(text):
    """The phases of a run, [{column: number}]; "phase" is a word."""
    lines = [line.split() for line in text.splitlines()]
    header = next(number for number, line in enumerate(lines) if line[:1] == ["pass"])
    rows = [line for line in lines[header + 1:] if len(line) == len(lines[header])]
    return [
        {title: field if title == "phase" else float(field) for title, field in zip(lines[header], row)}
        for row in rows
    ]


class Run:
    """What a run of Lockstep printed and wrote."""

    def __init__(self, members_file, output, report):
        self.members_file = members_file
        self.output = output
        self.stages = parse_report(report)

    def seconds(self, stage="detect"):
        return parse_seconds(self.stages[stage]["time"])

    def members(self, graph):
        """The community of each vertex."""
        rows = graphs.read_numbers(self.members_file, 2)
        rows = rows[numpy.argsort(rows[:, 0])]
        if not numpy.array_equal(rows[:, 0], graph.names):
            sys.exit(f"{self.members_file}: does not name every vertex of {graph.name} once")
        return numpy.unique(rows[:, 1], return_inverse=True)[1]

    def digest(self):
        """SHA-256 of the members' rows, sorted."""
        rows = sorted(self.members_file.read_bytes().splitlines(keepends=True))
        return hashlib.sha256(b"".join(rows)).hexdigest()


class Lockstep:
    def __init__(self, options, folder):
        self.program = options.lockstep
        self.mpirun = shlex.split(options.mpirun)
        self.members_file = folder / "members.tsv"

    def command(self, edges_file, objective, resolution, ranks, extra=()):
        launcher = [*self.mpirun, "-n", str(ranks)] if ranks > 1 else []
        return [*launcher, self.program, "communities", str(edges_file), "-o", str(self.members_file),
                f"--objective={objective}", f"--resolution={resolution!r}", *extra]

    def detect(self, graph, objective, ranks=1, extra=(), watch=None):
        command = self.command(graph.file, objective, graph.resolution_of(objective), ranks, extra)
        return self.run(command, watch)

    def run(self, command, watch=None):
        """`watch(process)`, if given, is called while the program runs."""
        self.members_file.unlink(missing_ok=True)
        environment = {**lockstep_run.ENVIRONMENT, **os.environ}
        with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as report:
            process = subprocess.Popen(command, env=environment, stdout=output, stderr=report)
            if watch:
                watch(process)
            code = process.wait()
            output.seek(0)
            report.seek(0)
            if code != 0:
                sys.exit(f"{shlex.join(command)}: exit code {code}\n{output.read()}{report.read()}")
            return Run(self.members_file, output.read(), report.read())

    def two_at_once(self, graph, objective):
        """Seconds of two runs at the same time that have nothing to do with each other, on one rank each."""
        other = copy.copy(self)
        other.members_file = self.members_file.with_name("members-of-another.tsv")
        seconds = []
        run = self.detect(graph, objective,
                          watch=lambda _: seconds.append(other.detect(graph, objective).seconds()))
        return [*seconds, run.seconds()]

    def idle_bytes(self):
        """What the program takes on a graph with one edge."""
        edge = self.members_file.with_name("one-edge.tsv")
        edge.write_text("0\t1\n")
        watch = Watch(self.members_file)
        self.run(self.command(edge, "modularity", 1, 1), watch)
        return max(watch.resident)


class Watch:
    """Samples of CPU seconds and memory of a program on one rank, taken from outside while it runs. The peak that
    the program's report gives is of no use here: reading takes more than detecting, and the system counts the
    memory of the process that started the program into it."""

    def __init__(self, members_file):
        self.members_file = members_file
        self.times, self.cpu, self.resident = [], [], []

    def __call__(self, process):
        """Until the members are written, which is the last thing that the program does."""
        tick, page = 1 / os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
        while process.poll() is None and not self.members_file.exists():
            # Fields of proc(5) after the command's name, which is in parentheses.
            fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
            self.times.append(time.monotonic())
            self.cpu.append((int(fields[11]) + int(fields[12])) * tick)
            self.resident.append(int(fields[21]) * page)
            time.sleep(SAMPLE_SECONDS)

    def detection(self, run):
        """(CPU seconds, peak bytes) while communities were detected, the last stage before writing."""
        end = self.times[-1] - run.seconds("write")
        begin = end - run.seconds("detect")
        cpu = numpy.interp([begin, end], self.times, self.cpu)
        surely = begin + REPORT_ROUNDING  # before it, memory may be that of reading
        during = [size for moment, size in zip(self.times, self.resident) if surely <= moment <= end]
        return cpu[1] - cpu[0], max(during, default=self.resident[-1])


# The parts.


class Bench:
    def __init__(self, options, folder):
        """`folder` is for what need not stay."""
        self.options = options
        self.kept = options.folder or folder
        self.graphs = graphs.Graphs(options.data, self.kept)
        self.lockstep = Lockstep(options, folder)
        self.expectations = Expectations()
        self.repeats = 1 if options.quick else options.repeats
        self.seeds = range(1, 1 + (1 if options.quick else options.seeds))

    def expect(self, is_met, text):
        """A figure of speed, memory or traffic; small graphs say nothing about these."""
        if not self.options.quick:
            self.expectations.expect(is_met, text)

    def graphs_of(self, part):
        """The graphs of a part that are there, one after the other."""
        for name in self.names_of(part):
            if not self.graphs.is_absent(name):
                yield self.graphs.load(name)

    def names_of(self, part):
        if self.options.graphs:
            return self.options.graphs
        if self.options.quick:
            return QUICK_GRAPHS if part in ("quality", "labels") else ("planted-10k",)
        return GRAPHS[part] + (LARGE_GRAPHS[part] if self.options.large else ())

    def say_what_is_skipped(self):
        for part in self.options.parts:
            for name in filter(self.graphs.is_absent, self.names_of(part)):
                print(f"{part}: {name} skipped, its files are not in the data folder (--data)")

    # Quality.

    def quality(self):
        for graph in self.graphs_of("quality"):
            others = Others(graph)
            for objective in OBJECTIVES:
                self.compare_quality(graph, others, objective)

    def compare_quality(self, graph, others, objective):
        table = Table(
            f"quality: {graph.name}, {graph.vertices} vertices, {len(graph.u)} edges, {objective}, "
            f"resolution {graph.resolution_of(objective):.6g}",
            {"program": 18, "value": 18, "NMI": 7, "communities": 11, "disconnected": 12},
        )
        ours = [self.lockstep.detect(graph, objective, extra=("--seed", str(seed))).members(graph)
                for seed in self.seeds]
        value, nmi, pieces = self.judge(table, "lockstep", graph, objective, ours, min)
        reference = {}
        for program in OTHERS:
            found = [others.kept(self.kept, program, objective, seed) for seed in self.seeds]
            reference[program] = self.judge(table, program, graph, objective, found, max)
        best_value, best_nmi, _ = reference[LEIDENALG]
        least = best_value - MODULARITY_BELOW if objective == "modularity" else CPM_SHARE * best_value
        where = f"quality of {graph.name}, {objective}"
        expect = self.expectations.expect
        expect(value >= least, f"{where}: {value:.6f}, expected >= {least:.6f}")
        expect(pieces == 0, f"{where}: {pieces} disconnected communities, expected none")
        if nmi is not None:
            least = best_nmi - NMI_BELOW
            expect(nmi >= least, f"{where}: NMI {nmi:.4f}, expected >= {least:.4f}")

    def judge(self, table, program, graph, objective, partitions, choose):
        """Prints and returns the chosen value, the mean NMI, and the disconnected communities in all partitions."""
        value = choose(VALUE[objective](graph, members) for members in partitions)
        nmi = None
        if graph.truth is not None:
            nmi = statistics.mean(normalized_mutual_information(graph.truth, members) for members in partitions)
        pieces = sum(disconnected(graph, members) for members in partitions)
        communities = round(statistics.mean(int(members.max()) + 1 for members in partitions))
        table.row(program, f"{value:.6f}", shown(nmi, 4), communities, pieces)
        return value, nmi, pieces

    # Speed and memory.

    def speed(self):
        idle = self.lockstep.idle_bytes()
        for graph in self.graphs_of("speed"):
            self.compare_speed(graph, idle)

    def compare_speed(self, graph, idle):
        cpu_runs, wall_runs, at_once, peaks = self.times_of(graph)
        cpu = {program: statistics.median(seconds) for program, seconds in cpu_runs.items()}
        wall = {program: statistics.median(seconds) for program, seconds in wall_runs.items()}
        best = {program: min(seconds) for program, seconds in wall_runs.items()}
        one, two = "lockstep, 1 rank", "lockstep, 2 ranks"
        table = Table(
            f"speed: {graph.name}, modularity, detection alone, median of {self.repeats} "
            f"(Lockstep: {len(peaks)})",
            {"program": 18, "CPU s": 9, "wall s": 9, "best": 9},
        )
        for program in wall:
            table.row(program, shown(cpu.get(program), 2), shown(wall[program], 2), shown(best[program], 2))
        print()
        for program in OTHERS:
            faster = ratio(cpu[program], cpu[one])
            print(f"{program} / {one}: CPU {faster:.2f}, wall {ratio(wall[program], wall[one]):.2f}; "
                  f"expected of CPU >= {EXPECTED_SPEEDUP}")
            self.expect(faster >= EXPECTED_SPEEDUP,
                        f"speed on {graph.name}: {program} takes {faster:.2f} times our CPU time, "
                        f"expected >= {EXPECTED_SPEEDUP}")
        faster = ratio(best[one], best[two])
        pairs = [ratio(*pair) for pair in zip(wall_runs[one], wall_runs[two])]
        print(f"{one} / 2 ranks: wall {faster:.2f} at best; neighbouring runs {statistics.median(pairs):.2f} "
              f"({min(pairs):.2f} to {max(pairs):.2f}); expected at best >= {EXPECTED_RANKS_SPEEDUP}")
        self.expect(faster >= EXPECTED_RANKS_SPEEDUP,
                    f"speed on {graph.name}: at best one rank takes {faster:.2f} times two ranks' time, "
                    f"expected >= {EXPECTED_RANKS_SPEEDUP}")
        both = statistics.median(at_once)
        print(f"two runs at once that have nothing to do with each other, one rank each: wall {both:.2f}, "
              f"{min(at_once):.2f} at best; so two cores do {2 * ratio(wall[one], both):.2f} times the work of one, "
              f"{2 * ratio(best[one], min(at_once)):.2f} at best; such a run / 2 ranks: {ratio(both, wall[two]):.2f}, "
              f"{ratio(min(at_once), best[two]):.2f} at best")
        self.check_memory(graph, max(peaks) - idle, idle)

    def times_of(self, graph):
        """CPU and wall seconds of each run by program, wall seconds of runs at the same time, and peaks of memory.
        Programs take turns, as a machine's speed drifts."""
        cpu, wall, at_once, peaks = {}, {}, [], []

        def note(program, cpu_seconds, wall_seconds):
            if cpu_seconds is not None:
                cpu.setdefault(program, []).append(cpu_seconds)
            wall.setdefault(program, []).append(wall_seconds)

        others = Others(graph)
        for repeat in range(self.repeats):
            for _ in range(PAIRS):
                watch = Watch(self.lockstep.members_file)
                run = self.lockstep.detect(graph, "modularity", watch=watch)
                cpu_seconds, peak = watch.detection(run)
                note("lockstep, 1 rank", cpu_seconds, run.seconds())
                peaks.append(peak)
                # Ranks that wait use up CPU time, too: it says nothing.
                note("lockstep, 2 ranks", None, self.lockstep.detect(graph, "modularity", 2).seconds())
                at_once.extend(self.lockstep.two_at_once(graph, "modularity"))
            for program in OTHERS:
                note(program, *others.detect(program, "modularity", 1 + repeat)[1:])
        return cpu, wall, at_once, peaks

    def check_memory(self, graph, taken, idle):
        allowed = BYTES_PER_ARC * graph.arcs + BYTES_PER_VERTEX * graph.vertices
        per_arc = (taken - BYTES_PER_VERTEX * graph.vertices) / graph.arcs
        text = (f"{taken / 1e6:.1f} MB above an idle program's {idle / 1e6:.1f} MB: {per_arc:.1f} bytes per arc "
                f"besides {BYTES_PER_VERTEX} per vertex; expected <= {BYTES_PER_ARC} ({allowed / 1e6:.1f} MB)")
        print(f"memory while detecting, 1 rank: {text}")
        self.expect(taken <= allowed, f"memory on {graph.name}: {text}")

    # Traffic.

    def volume(self):
        for graph in self.graphs_of("volume"):
            table = Table(
                f"volume: {graph.name}, {graph.arcs} arcs, modularity, --gather-arcs {self.options.gather_arcs}; "
                "level 0: bytes per arc and iteration of the first pass, and per arc",
                {"ranks": 5, "iterations": 10, "level 0": 8, "reference": 9, "all": 6, "run/arc": 9, "messages/rank": 13,
                 "sub-rounds": 10, "seconds": 8},
            )
            for ranks in self.options.ranks or (QUICK_VOLUME_RANKS if self.options.quick else VOLUME_RANKS):
                self.measure_volume(table, graph, ranks)

    def measure_volume(self, table, graph, ranks):
        extra = ("--profile", f"--gather-arcs={self.options.gather_arcs}")
        run = self.lockstep.detect(graph, "modularity", ranks, extra)
        phases = parse_profile(run.output)
        first = [phase for phase in phases if (phase["phase"], phase["pass"], phase["level"]) == ("moving", 0, 0)]
        iterations = sum(phase["iter."] for phase in first)
        if not iterations:
            sys.exit(f"--profile at {ranks} ranks: nothing was moved on level 0 of the first pass; has it changed?")
        level_0 = sum(bytes_of(phase, ranks) for phase in first) / (graph.arcs * iterations)
        whole = parse_bytes(run.stages["detect"]["sent/rank"]) * ranks / graph.arcs
        messages = sum(phase["msg/rank"] for phase in phases)
        sub_rounds = sum(phase["rounds"] for phase in phases)
        reference = REFERENCE_BYTES.get(ranks)
        table.row(ranks, f"{iterations:.0f}", f"{level_0:.2f}", shown(reference, 2),
                  f"{level_0 * iterations:.1f}", f"{whole:.1f}",
                  f"{messages:.0f}", f"{sub_rounds:.0f}", f"{run.seconds():.1f}")
        if reference is not None:
            self.expect(level_0 <= reference, f"volume on {graph.name}, {ranks} ranks: {level_0:.2f} bytes per arc "
                                              f"and iteration of level 0, expected <= {reference}")

    # Labels.

    def labels(self):
        table = Table("labels: members at several ranks", {"graph": 12, "objective": 10, "SHA-256": 16, "ranks": 30})
        for graph in self.graphs_of("labels"):
            for objective in OBJECTIVES:
                self.compare_labels(table, graph, objective)

    def compare_labels(self, table, graph, objective):
        """Each digest with the ranks that have it; one is expected. Small graphs are divided, too."""
        gather_arcs = min(DEFAULT_GATHER_ARCS, graph.arcs // 4)
        ranks_of = {}
        for ranks in self.options.ranks or LABEL_RANKS:
            extra = (f"--gather-arcs={gather_arcs}",) if ranks > 1 else ()
            ranks_of.setdefault(self.lockstep.detect(graph, objective, ranks, extra).digest(), []).append(ranks)
        for digest, ranks in ranks_of.items():
            table.row(graph.name, objective, digest[:16], ", ".join(map(str, ranks)))
        self.expectations.expect(len(ranks_of) == 1, f"labels of {graph.name}, {objective}: not the same at ranks "
                                                     f"{' | '.join(str(ranks)[1:-1] for ranks in ranks_of.values())}")


def bytes_of(phase, ranks):
    """Sent by all ranks. At most that: the profile tells the largest sender's."""
    return phase["bytes/rank"] * ranks


def whole_numbers(text):
    return tuple(map(int, text.split(",")))


def chosen(allowed):
    """For argparse: some of the allowed words, between commas."""

    def parse(text):
        words = tuple(text.split(","))
        for word in words:
            if word not in allowed:
                raise argparse.ArgumentTypeError(f"{word}: not one of {', '.join(allowed)}")
        return words

    return parse


def read_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    lockstep_run.add_options(parser)
    parser.add_argument("--data", type=pathlib.Path, default=os.environ.get("LOCKSTEP_DATA"), metavar="FOLDER",
                        help="with LFR and DBLP graphs, which are skipped without it (default: $LOCKSTEP_DATA)")
    parser.add_argument("--folder", type=pathlib.Path,
                        help="keeps generated graphs and what the other programs found (default: a temporary one)")
    parser.add_argument("--parts", type=chosen(PARTS), default=PARTS, help=f"of {','.join(PARTS)} (default: all)")
    parser.add_argument("--graphs", type=chosen(graphs.SOURCES), metavar="NAMES",
                        help=f"for every part, instead of its own: of {','.join(graphs.SOURCES)}")
    parser.add_argument("--ranks", type=whole_numbers, metavar="NUMBERS",
                        help="of volume and labels, instead of their own: numbers between commas")
    parser.add_argument("--large", action="store_true",
                        help="also a planted graph of 5 M vertices, and the traffic of that of 1 M")
    parser.add_argument("--quick", action="store_true",
                        help="small graphs once: does it run? Speed, memory and volume are not judged")
    parser.add_argument("--repeats", type=int, default=3, help="of each timing; the median counts (%(default)s)")
    parser.add_argument("--seeds", type=int, default=3, help="of all programs, for quality (%(default)s)")
    parser.add_argument("--gather-arcs", type=int, default=0,
                        help="in volume: graphs with more arcs stay divided (%(default)s: all of them)")
    options = parser.parse_args()
    if not os.access(options.lockstep, os.X_OK):
        parser.error(f"{options.lockstep}: no program there; build it or name it with --lockstep")
    options.lockstep = str(pathlib.Path(options.lockstep).resolve())
    return options


def main():
    options = read_options()
    start = time.monotonic()
    if options.folder:
        options.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="lockstep-communities-") as folder:
        bench = Bench(options, pathlib.Path(folder))
        bench.say_what_is_skipped()
        for part in options.parts:
            getattr(bench, part)()
    bench.expectations.report()
    print(f"{time.monotonic() - start:.0f} s")
    return 1 if bench.expectations.failed else 0


if __name__ == "__main__":
    sys.exit(main())
