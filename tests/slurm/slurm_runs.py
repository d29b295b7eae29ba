#!/usr/bin/env python3
"""Runs under a real Slurm, in a box on this machine: a stop before the time limit, a lost node, an array job.

Each result must have the bytes of the same study under mpirun.
"""
import argparse
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "pipeline"))
import lockstep_run  # noqa: E402

BOX = lockstep_run.PROJECT / "slurm" / "box"
SCRIPT = lockstep_run.PROJECT / "slurm" / "lockstep.sbatch"
CHAIN = lockstep_run.PROJECT / "slurm" / "chain"
JOB_SECONDS = 150


class Box:
    """A cluster that is taken down whatever happens."""

    def __init__(self, folder, lockstep, nodes=3):
        self.folder = folder / "box"
        self.environment = {**os.environ, "LOCKSTEP_BOX": str(self.folder), "LOCKSTEP": str(lockstep)}
        self.nodes = nodes

    def __enter__(self):
        self.call("up", "--nodes", str(self.nodes))
        return self

    def __exit__(self, *_):
        subprocess.run([str(BOX), "down"], env=self.environment, timeout=60, check=False)

    def call(self, *arguments, check=True):
        done = subprocess.run([str(BOX), *map(str, arguments)], env=self.environment, capture_output=True, text=True,
                              timeout=90, errors="replace")
        if check and done.returncode != 0:
            raise RuntimeError(f"{arguments}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout.strip()

    def run(self, *arguments, check=True):
        return self.call("run", *arguments, check=check)

    def submit(self, log, *arguments):
        """The job's number. `arguments`: options of sbatch, then the script's."""
        return self.run("sbatch", "--parsable", f"--output={log}", *arguments)

    def state(self, job):
        """Slurm's word for a job: PENDING, RUNNING, COMPLETED, ..."""
        shown = self.run("scontrol", "-o", "show", "job", job, check=False)
        states = [word.split("=")[1] for word in shown.split() if word.startswith("JobState=")]
        return states[0] if states else "GONE"

    def wait(self, job, log):
        """Waits until a job has ended for good; its last state and its log."""
        limit = time.monotonic() + JOB_SECONDS
        while (state := self.state(job)) in ("PENDING", "RUNNING", "COMPLETING", "REQUEUED", "NODE_FAIL"):
            if time.monotonic() > limit:
                self.run("scancel", job, check=False)
                break
            time.sleep(0.3)
        logs = sorted(log.parent.glob(log.name.replace("%a", "*")))
        return state, "".join(file.read_text(errors="replace") for file in logs)


def await_work(out, seconds=60):
    """Waits until the run has saved its sorted log, so that there is something to go on from."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit and not list(out.glob("parts/log.*")):
        time.sleep(0.05)
    return bool(list(out.glob("parts/log.*")))


class SlurmRuns:
    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.checks = lockstep_run.Checks()
        lockstep_run.launch(options, 2, "generate", "--out", folder / "log", "--actions", options.actions, "--shards", 4,
                            "--fan-club-size", 30, "--viral-burst-size", 400)
        self.study = lockstep_run.with_rule(folder / "log/study.toml", folder / "study.toml", "significance")
        self.expected = lockstep_run.sha256(lockstep_run.run(options, self.study, folder / "mpirun", 2))

    def submit(self, box, name, nodes, *arguments):
        out = self.folder / name
        log = self.folder / f"{name}.log"
        job = box.submit(log, f"--nodes={nodes}", "--ntasks-per-node=2", "--mem=1500", "--time=10", SCRIPT, "run",
                         self.study, "--out", out, *arguments)
        return job, out, log

    def check(self, name, state, log, out):
        self.checks.true(f"{name}: the job completes", state == "COMPLETED", f"{state}\n{log}")
        self.checks.true(f"{name}: the bytes of mpirun's result",
                         (out / "results.h5").exists()
                         and lockstep_run.sha256(out / "results.h5") == self.expected, log)

    def time_limit(self, box):
        """What Slurm does before the time limit, without waiting a minute for it."""
        job, out, log = self.submit(box, "limit", 2)
        self.checks.true("time limit: there is something to stop", await_work(out), log.name)
        box.run("scancel", "--signal=USR1", "--batch", job)
        state, text = box.wait(job, log)
        self.check("time limit", state, text, out)
        self.checks.true("time limit: stopped cleanly, then resumed", "back into the queue" in text and "start 1" in text,
                         text)

    def power_cut(self, box):
        job, out, log = self.submit(box, "cut", 2)
        self.checks.true("power cut: there is something to lose", await_work(out), log.name)
        box.call("cut", "n1")
        state, text = box.wait(job, log)
        self.check("power cut", state, text, out)
        self.checks.true("power cut: requeued on other nodes", "start 1" in text and "on n[2-3]" in text, text)

    def sweep(self, box):
        out = self.folder / "sweep"
        lockstep_run.launch(self.options, 1, "sweep", self.study, "--out", out, "--set",
                            "communities.resolution=0.01,0.02,0.05,0.1")
        log = self.folder / "sweep.%a.log"
        job = box.submit(log, "--array=0-3", "--ntasks=1", "--mem=800", "--time=10", SCRIPT, "sweep", out)
        states = [box.wait(f"{job}_{task}", log) for task in range(4)]
        self.checks.true("sweep: all four jobs complete", all(state == "COMPLETED" for state, _ in states), str(states))
        for task in range(4):
            folder = out / f"{task:03d}"
            expected = lockstep_run.run(self.options, folder / "study.toml", folder / "mpirun", 2)
            self.checks.same_bytes(f"sweep {task}", {"slurm": folder / "run/results.h5", "mpirun": expected})

    def chain(self, box):
        out = self.folder / "chain"
        jobs = box.run(CHAIN, self.study, "--out", out, "--", "--ntasks=2", "--mem=1500", "--time=10",
                       f"--output={self.folder}/chain.log").split()
        self.checks.equal("chain: three jobs", len(jobs), 3)
        states = [box.wait(job, self.folder / "chain.log") for job in jobs]
        self.check("chain", states[-1][0], states[-1][1], out)
        report = out / "report.txt"
        self.checks.true("chain: the report ranks networks", report.exists() and "rank" in report.read_text())

    def run(self):
        with Box(self.folder, self.options.lockstep) as box:
            for step in (self.time_limit, self.chain, self.sweep, self.power_cut):
                begin = time.monotonic()
                step(box)
                print(f"       {step.__name__}: {time.monotonic() - begin:.0f} s", flush=True)
        self.checks.true("box: nothing is left", not (self.folder / "box").exists())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    lockstep_run.add_options(parser)
    parser.add_argument("--actions", type=int, default=600_000, help="of the generated log (%(default)s)")
    options = parser.parse_args()
    options.lockstep = str(pathlib.Path(options.lockstep).resolve())
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    if os.geteuid() != 0 or not shutil.which("slurmctld"):
        print("skipped: wants root and Slurm (./bootstrap installs it)")
        return lockstep_run.SKIPPED
    # The box is taken down when the test is stopped, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix="lockstep-slurm-") as name:
        runs = SlurmRuns(options, pathlib.Path(name))
        runs.run()
        return runs.checks.exit_code()


if __name__ == "__main__":
    sys.exit(main())
