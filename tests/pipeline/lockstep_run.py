"""How the pipeline tests run the program, write studies and read result files."""
import hashlib
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

PROJECT = pathlib.Path(__file__).resolve().parents[2]
SKIPPED = 77
ENVIRONMENT = {  # more ranks than cores; ctest gives more (LOCKSTEP_MPI_ENVIRONMENT in tests/CMakeLists.txt)
    "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1", "OMPI_MCA_mpi_yield_when_idle": "1",
    "OMPI_MCA_btl_vader_single_copy_mechanism": "none", "OMPI_MCA_hwloc_base_binding_policy": "none",
}
sys.path.insert(0, str(PROJECT / "tests" / "oracle"))


def add_options(parser):
    parser.add_argument("--lockstep", default=str(PROJECT / "build/release/jobs/lockstep"), help="the program")
    parser.add_argument("--mpirun", default="mpirun", help="the MPI launcher with its options")


def launch(options, ranks, *arguments):
    """Runs the program with these arguments; returns what it printed. Raises with its output when it fails."""
    command = [*shlex.split(options.mpirun), "-n", str(ranks), options.lockstep, *map(str, arguments)]
    done = subprocess.run(command, env={**ENVIRONMENT, **os.environ}, capture_output=True, text=True, errors="replace")
    if done.returncode != 0:
        raise RuntimeError(f"exit code {done.returncode}: {shlex.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def run(options, study, out, ranks):
    """Runs a study; returns the path of its results.h5."""
    launch(options, ranks, "run", study, "--out", out)
    return pathlib.Path(out) / "results.h5"


def sha256(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def channel(name, column, window, min_shared):
    """A [[channel]] table."""
    return (f'[[channel]]\nname = "{name}"\nobject = "{column}"\n'
            f'window = "{window}s"\nmin_shared = {min_shared}\n')


def write_study(path, files, account, time, channels):
    """Writes a study of csv `files` with "" and "NA" as missing words and the count rule; returns `path`."""
    listed = ", ".join(f'"{file}"' for file in files)
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'[study]\nname = "test"\n\n[[input]]\nfiles = [{listed}]\nformat = "csv"\n'
                    f'account = "{account}"\ntime = "{time}"\nmissing = ["", "NA"]\n\n'
                    f'[coordination]\nrule = "count"\n\n' + "\n".join(channels), encoding="utf-8")
    return path


def with_rule(study, path, rule):
    """Writes a copy of a study, wherever it is kept, with another rule; returns `path`."""
    study, path = pathlib.Path(study).resolve(), pathlib.Path(path)
    text = re.sub(r'^rule = .*$', f'rule = "{rule}"', study.read_text(encoding="utf-8"), flags=re.M)
    text = re.sub(r'^files = \["(?!/)', f'files = ["{study.parent}/', text, flags=re.M)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def column(results, path):
    """A column of an open results.h5: a numpy array of numbers, or a list of strings."""
    values = results[path][()]
    if values.dtype.kind in "SO":
        return [value.decode("utf-8") if isinstance(value, bytes) else value for value in values]
    return values


def projected(results):
    """{channel: (accounts, pairs, sum of S, max S)} of the funnel of an open results.h5."""
    stage = column(results, "funnel/stage")
    name = column(results, "funnel/channel")
    numbers = [column(results, f"funnel/{key}") for key in ("accounts", "pairs", "sum_shared", "max_shared")]
    return {name[row]: tuple(int(values[row]) for values in numbers)
            for row in range(len(stage)) if stage[row] == "project"}


class Checks:
    """Prints every check and counts those that failed."""

    def __init__(self):
        self.failed = 0
        self.passed = 0

    def equal(self, what, found, expected):
        self.true(what, found == expected, f"{found}, expected {expected}")

    def true(self, what, holds, detail=""):
        self.failed += not holds
        self.passed += bool(holds)
        print(f"{'ok    ' if holds else 'FAILED'} {what}{f': {detail}' if detail and not holds else ''}", flush=True)

    def same_bytes(self, what, files):
        """All files have the same SHA-256; `files`: {how it was made: path}."""
        digests = {made: sha256(path) for made, path in files.items()}
        self.true(f"{what}: the same bytes for {', '.join(digests)}", len(set(digests.values())) == 1, str(digests))

    def exit_code(self):
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed or not self.passed else 0


def run_checks(checked, options):
    """Runs the checks of a script, or the one that `options.only` names, each with a folder of its own; the exit code."""
    checks = Checks()
    for name, check in checked.items():
        if options.only in (None, name):
            with tempfile.TemporaryDirectory() as folder:
                check(checks, options, pathlib.Path(folder))
    return checks.exit_code()
