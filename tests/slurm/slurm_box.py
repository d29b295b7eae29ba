"""How the Slurm tests bring a cluster up on this machine, submit jobs and wait for them. Every wait has an end."""
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "pipeline"))
import lockstep_run  # noqa: E402

SLURM = lockstep_run.PROJECT / "slurm"
SCRIPT = SLURM / "lockstep.sbatch"
# A job on its way shows many others, some for a moment only (SIGNALING). After NODE_FAIL it is requeued.
ENDED = {"BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "OUT_OF_MEMORY", "PREEMPTED", "TIMEOUT"}
COMMAND_SECONDS = 90


class Skipped(Exception):
    """There can be no cluster here."""


def check_possible(folder):
    """Raises Skipped where there can be no box."""
    done = Box(folder, "").start("check")
    if done.returncode != 0:
        raise Skipped(done.stderr.strip())


class Box:
    """A cluster that is taken down whatever happens."""

    def __init__(self, folder, lockstep, nodes=3):
        self.folder = pathlib.Path(folder) / "box"
        self.environment = {**os.environ, "LOCKSTEP_BOX": str(self.folder), "LOCKSTEP": str(lockstep)}
        self.nodes = nodes

    def __enter__(self):
        self.call("up", "--nodes", self.nodes)
        return self

    def __exit__(self, *_):
        self.start("down")

    def start(self, *arguments, **environment):
        return subprocess.run([str(SLURM / "box"), *map(str, arguments)], env={**self.environment, **environment},
                              capture_output=True, text=True, timeout=COMMAND_SECONDS, errors="replace")

    def call(self, *arguments, **environment):
        """What a command of slurm/box prints; raises when it fails."""
        done = self.start(*arguments, **environment)
        if done.returncode != 0:
            raise RuntimeError(f"{arguments}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout.strip()

    def run(self, *arguments, **environment):
        return self.call("run", *arguments, **environment)

    def field(self, job, name):
        """A field of `scontrol show job`; "" where there is none."""
        shown = self.start("run", "scontrol", "-o", "show", "job", job).stdout
        found = re.search(rf"(?:^| ){name}=(\S*)", shown)
        return found.group(1) if found else ""

    def hosts(self, listed):
        """The names in a list such as n[1-2,5]."""
        return set(self.run("scontrol", "show", "hostnames", listed).split())

    def wait(self, job, seconds):
        """Slurm's last word on a job, when it has ended for good."""
        limit = time.monotonic() + seconds
        while (state := self.field(job, "JobState")) not in ENDED:
            if time.monotonic() > limit:
                self.start("run", "scancel", job)
                return f"{state} after {seconds} s"
            time.sleep(0.3)
        return state


def until(seconds, condition):
    """Waits so long at most; whether the condition holds."""
    limit = time.monotonic() + seconds
    while not (holds := bool(condition())) and time.monotonic() < limit:
        time.sleep(0.05)
    return holds


def ranks_of(out):
    """Numbers of the living processes that work on a run's folder, wherever in a box."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            arguments = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if arguments[0].endswith(b"lockstep") and os.fsencode(str(out)) in arguments:
            found.append(int(process.name))
    return found


def started_on(log):
    """{start: list of nodes} from what the batch script says."""
    return dict(re.findall(r"start (\d+): on (\S+):", log))


def in_a_folder(seconds, test):
    """Runs `test(folder)`, which returns an exit code, in a folder of its own, for so long at most. Where the whole
    takes longer or is told to stop, it ends by an exception, so that the box is taken down."""

    def give_up(number, _):
        raise TimeoutError(f"given up: {signal.Signals(number).name} (a test may take {seconds} s)")

    signal.signal(signal.SIGALRM, give_up)
    signal.signal(signal.SIGTERM, give_up)
    signal.alarm(seconds)
    with tempfile.TemporaryDirectory(prefix="lockstep-slurm-") as folder:
        try:
            return test(pathlib.Path(folder))
        except Skipped as reason:
            print(f"skipped: {reason}")
            return lockstep_run.SKIPPED
