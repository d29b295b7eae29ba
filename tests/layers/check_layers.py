#!/usr/bin/env python3
"""Checks the rules of docs/architecture.md that a compiler does not check, and names every breach.

  includes run one way:  data <- cluster <- src <- jobs, and inside src the order of SRC_ORDER
  MPI and HDF5           are included in cluster/ only
  the world communicator is named in jobs/main.cpp, cluster/ and tests/ranks/main.cpp only
  file names             say what is inside: no utils, helpers, misc, manager, common
  headers                begin with #pragma once
  a source               includes the header of its own name first, so that no header leans on others
"""
import argparse
import pathlib
import re
import sys
import tempfile

FOLDERS = ["data", "cluster", "src", "jobs", "slurm", "tests", "bench", "cmake"]
SOURCES = {".hpp", ".cpp", ".h", ".c", ".cc", ".ipp"}
HEADERS = {".hpp", ".h"}
MAY_NOT_INCLUDE = {"data": {"cluster", "src", "jobs"}, "cluster": {"src", "jobs"}, "src": {"jobs"}}
SRC_ORDER = ["log", "projection", "significance", "communities", "networks"]
INCLUDE = re.compile(r'^\s*#\s*include\s*["<]([^">]+)[">]')
CLUSTER_ONLY = re.compile(r"^(mpi\.h|mpi/.*|boost/mpi(\.hpp|/.*)|hdf5\.h|hdf5/.*|H5\w*\.h)$")
WORLD = re.compile(r"\bComm::world\b|\bMPI_COMM_WORLD\b")
WORLD_FILES = {"jobs/main.cpp", "tests/ranks/main.cpp"}
EMPTY_WORDS = {"util", "utils", "utilities", "helper", "helpers", "misc", "manager", "common"}


def include_target(file, name, root):
    """The included file's path inside the project, where it can be told."""
    beside = pathlib.PurePosixPath(file).parent / name
    if name.startswith(".") or (root / beside).exists():
        parts = []
        for part in beside.parts:
            if part == ".." and parts:
                parts.pop()
            elif part != ".":
                parts.append(part)
        return tuple(parts)
    return pathlib.PurePosixPath(name).parts


def include_breach(file, name, root):
    """Why `file` must not include `name`; nothing if it may."""
    own = pathlib.PurePosixPath(file).parts
    if own[0] != "cluster" and CLUSTER_ONLY.match(name):
        return f"includes <{name}>: MPI and HDF5 belong to cluster/"
    target = include_target(file, name, root)
    if len(target) > 1 and target[0] in MAY_NOT_INCLUDE.get(own[0], ()):
        return f"{own[0]}/ includes {'/'.join(target)}: the layers are data <- cluster <- src <- jobs"
    if own[0] == "src" and target[0] == "src" and len(own) > 2 and len(target) > 2:
        for folder in (own[1], target[1]):
            if folder not in SRC_ORDER:
                return f"src/{folder} has no place in the order of src: {' <- '.join(SRC_ORDER)}"
        if SRC_ORDER.index(target[1]) > SRC_ORDER.index(own[1]):
            return f"src/{own[1]} includes src/{target[1]}: the order is {' <- '.join(SRC_ORDER)}"
    return None


def file_breaches(file, text, root):
    """Yields (line, message) of every breach inside one source file."""
    may_name_world = file.startswith("cluster/") or file in WORLD_FILES
    own_header = pathlib.PurePosixPath(file).with_suffix(".hpp")
    includes_first = file.endswith(".cpp") and (root / own_header).is_file()
    for number, line in enumerate(text.splitlines(), 1):
        include = INCLUDE.match(line)
        if include and includes_first:
            includes_first = False
            if include_target(file, include[1], root) != own_header.parts:
                yield number, f"does not include {own_header} first"
        breach = include and include_breach(file, include[1], root)
        if breach:
            yield number, breach
        if not may_name_world and WORLD.search(line):
            yield number, "names the world communicator: take a const Comm& instead"
    if pathlib.PurePosixPath(file).suffix in HEADERS and not re.search(r"^#pragma once$", text, re.MULTILINE):
        yield 1, "has no #pragma once"


def name_breach(file):
    words = {word for part in pathlib.PurePosixPath(file).parts for word in re.split(r"[^a-z]+", part.lower())}
    empty = sorted(words & EMPTY_WORDS)
    return f"'{empty[0]}' in the name does not say what is inside" if empty else None


def check(root):
    """All breaches below `root`, as "file:line: message"."""
    found = []
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if not path.is_file() or "__pycache__" in path.parts:
                continue
            file = path.relative_to(root).as_posix()
            breach = name_breach(file)
            if breach:
                found.append(f"{file}:1: {breach}")
            if path.suffix in SOURCES:
                text = path.read_text(encoding="utf-8")
                found += [f"{file}:{line}: {message}" for line, message in file_breaches(file, text, root)]
    return found


# file, its text, and the line that must be named (0: the file is right).
SELF_TEST = [
    ("data/study/a.hpp", '#pragma once\n#include "cluster/comm.hpp"\n', 2),
    ("data/study/b.cpp", '#include "src/log/log.hpp"\n', 1),
    ("data/study/c.cpp", '#include <vector>\n\n  # include <jobs/run.hpp>\n', 3),
    ("data/study/d.cpp", '#include "../../cluster/comm.hpp"\n', 1),
    ("cluster/a.cpp", '#include "src/log/log.hpp"\n', 1),
    ("cluster/b.cpp", '#include "jobs/run.hpp"\n', 1),
    ("cluster/c.cpp", '#include <mpi.h>\n#include <hdf5.h>\n#include "data/error.hpp"\nauto w = MPI_COMM_WORLD;\n', 0),
    ("src/log/a.cpp", '#include "jobs/run.hpp"\n', 1),
    ("src/log/b.cpp", '#include "src/projection/rows.hpp"\n', 1),
    ("src/log/c.cpp", '#include "src/log/log.hpp"\n#include "cluster/comm.hpp"\n#include "data/error.hpp"\n', 0),
    ("src/projection/a.cpp", '#include "src/significance/p.hpp"\n', 1),
    ("src/projection/b.cpp", '#include "../networks/n.hpp"\n', 1),
    ("src/significance/a.cpp", '#include "src/communities/c.hpp"\n', 1),
    ("src/communities/a.cpp", '#include "src/networks/n.hpp"\n', 1),
    ("src/networks/a.cpp", '#include "src/communities/c.hpp"\n#include "src/log/log.hpp"\n', 0),
    ("src/elsewhere/a.cpp", '#include "src/log/log.hpp"\n', 1),
    ("src/log/d.cpp", "#include <mpi.h>\n", 1),
    ("jobs/a.cpp", "#include <boost/mpi/communicator.hpp>\n", 1),
    ("jobs/b.cpp", "#include <boost/mpi.hpp>\n", 1),
    ("jobs/c.cpp", "#include <boost/mpl/vector.hpp>\n", 0),
    ("tests/unit/a.cpp", "\n#include <hdf5.h>\n", 2),
    ("bench/a.cpp", "#include <mpi.h>\n", 1),
    ("jobs/commands/a.cpp", "run(Comm::world());\n", 1),
    ("tests/unit/b.cpp", "\n\nint size = size_of(MPI_COMM_WORLD);\n", 3),
    ("jobs/main.cpp", "run(Comm::world());\n", 0),
    ("tests/ranks/main.cpp", "Comm comm = Comm::world();\n", 0),
    ("data/study/e.hpp", "#pragma once\n", 0),
    ("data/study/e.cpp", '#include <vector>\n#include "data/study/e.hpp"\n', 1),
    ("data/study/f.hpp", "#pragma once\n", 0),
    ("data/study/f.cpp", '#include "data/study/f.hpp"\n#include <vector>\n', 0),
    ("src/log/utils.hpp", "#pragma once\n", 1),
    ("jobs/string_helpers.cpp", "", 1),
    ("cluster/misc/a.cpp", "", 1),
    ("data/study_manager.hpp", "#pragma once\n", 1),
    ("tests/common.py", "", 1),
    ("tests/uncommon.py", "", 0),
    ("src/log/log.hpp", "int once;\n", 1),
    ("cluster/comm.hpp", "// a comment\n#pragma once\n", 0),
]


def self_test():
    """Builds a tree with every breach and checks that each is found at its line, and nothing else."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for file, text, _ in SELF_TEST:
            (root / file).parent.mkdir(parents=True, exist_ok=True)
            (root / file).write_text(text, encoding="utf-8")
        found = {breach.rsplit(": ", 1)[0].split(": ")[0] for breach in check(root)}
    expected = {f"{file}:{line}" for file, _, line in SELF_TEST if line}
    for place in sorted(expected - found):
        print(f"{place}: a breach that was not found")
    for place in sorted(found - expected):
        print(f"{place}: found, but it is no breach")
    return found == expected


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", nargs="?", default=pathlib.Path(__file__).resolve().parents[2], type=pathlib.Path)
    parser.add_argument("--self-test", action="store_true", help="check that every kind of breach is found")
    options = parser.parse_args()
    if options.self_test:
        return 0 if self_test() else 1
    if not any((options.root / folder).is_dir() for folder in FOLDERS):
        parser.error(f"{options.root} has none of the folders {', '.join(FOLDERS)}")
    breaches = check(options.root)
    print("\n".join(breaches) if breaches else "the layers hold")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
