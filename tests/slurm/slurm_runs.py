#!/usr/bin/env python3
"""Runs under a real Slurm, in a box on this machine: a time limit, a stop, a lost node, an array, a chain.

Each result must have the bytes of the same study under mpirun. With --long also another node's power cut, and a ghost:
ranks that go on working on a node that Slurm has given up.
"""
import argparse
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

import slurm_box
from slurm_box import SLURM, Box

import lockstep_run

JOB_SECONDS = 150
LONG_JOB_SECONDS = 400


class SlurmRuns:
    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.checks = lockstep_run.Checks()
        slurm_box.check_possible(folder)
        self.job_seconds = LONG_JOB_SECONDS if options.long else JOB_SECONDS
        self.study = self.generate("log", options.actions)
        self.expected = lockstep_run.sha256(lockstep_run.run(options, self.study, folder / "mpirun", 2))

    def generate(self, name, actions):
        lockstep_run.launch(self.options, 2, "generate", "--out", self.folder / name, "--actions", actions, "--shards",
                            4, "--fan-club-size", 30, "--viral-burst-size", 400)
        return self.folder / name / "study.toml"

    def submit(self, box, name, *sbatch_options, at_work='"stage": "log"'):
        """Submits the study on two nodes and waits until the run's manifest has this text: by default until the sorted
        log is saved, so that there is something to lose and to go on from; the job's number and the run's folder."""
        out = self.folder / name
        job = box.run(SLURM / "submit", self.study, "--out", out, "--checkpoint-minutes", "0.05", "--",
                      "--nodes=2", "--ntasks-per-node=2", "--mem=1500", "--time=10", *sbatch_options)
        slurm_box.until(60, lambda: any(at_work in manifest.read_text() for manifest in out.glob("manifest.1")))
        self.checks.equal(f"{name}: the job is at work", box.field(job, "JobState"), "RUNNING")
        return job, out

    def finish(self, box, name, job, out, outcome):
        """Waits for a job; its log. Its first attempt must have ended with `outcome`, its last with the result."""
        state = box.wait(job, self.job_seconds)
        log = "".join(file.read_text(errors="replace") for file in out.glob("slurm-*.log"))
        results = out / "results.h5"
        self.checks.true(f"{name}: the job completes", state == "COMPLETED", f"{state}\n{log}")
        self.checks.true(f"{name}: the bytes of mpirun's result",
                         results.exists() and lockstep_run.sha256(results) == self.expected, log)
        status = subprocess.run([self.options.lockstep, "status", str(out), "--json"], capture_output=True, text=True,
                                timeout=60, env={**lockstep_run.ENVIRONMENT, **box.environment})
        attempts = json.loads(status.stdout)["attempts"]
        self.checks.true(f"{name}: the first attempt: {outcome}, the last: done",
                         len(attempts) > 1 and attempts[0]["outcome"] == outcome and attempts[-1]["outcome"] == "done",
                         f"{status.stdout}\n{log}")
        self.checks.true(f"{name}: it went on with the sorted log", log.count("read       done") == 1, log)
        if outcome == "stopped":
            # A stop that fails would be tried again, too, but as an end that nobody asked for.
            codes = re.findall(r"^lockstep\.sbatch: .*: exit code (\d+)$", log, flags=re.M)
            self.checks.true(f"{name}: stops are clean: {codes}", set(codes[:-1]) == {"75"} and codes[-1] == "0", log)
            comment = box.field(job, "Comment")
            self.checks.true(f"{name}: no retry was counted", "lockstep-ends" not in comment, comment)
        return log

    def stop(self, box):
        """What Slurm does before the time limit, without waiting a minute for it."""
        job, out = self.submit(box, "stop")
        box.run("scancel", "--signal=USR1", "--batch", job)
        self.finish(box, "stop", job, out, "stopped")

    def power_cut(self, box, name="power cut", elsewhere=False):
        """The node of the batch shell, or the other one, is gone at once; the job must go on on those left."""
        job, out = self.submit(box, name)
        node = box.run("squeue", "-h", "-j", job, "-o", "%B")
        if elsewhere:
            node = (box.hosts(box.run("squeue", "-h", "-j", job, "-o", "%N")) - {node}).pop()
        box.call("cut", node)
        self.finish_elsewhere(box, name, job, out, node)

    def power_cut_elsewhere(self, box):
        self.power_cut(box, "power cut elsewhere", elsewhere=True)

    def finish_elsewhere(self, box, name, job, out, lost):
        log = self.finish(box, name, job, out, "killed or lost")
        starts = slurm_box.started_on(log)
        last = box.hosts(starts[str(len(starts) - 1)])
        self.checks.true(f"{name}: requeued on other nodes", len(starts) > 1 and lost not in last, f"{lost} lost\n{log}")
        box.call("up", "--nodes", box.nodes)
        return log

    def ghost(self, box):
        """Slurm gives a node up whose ranks go on: they sleep until their successors are at work, then wake."""
        job, out = self.submit(box, "ghost", "--nodes=1")
        node = box.run("squeue", "-h", "-j", job, "-o", "%B")
        ghosts = slurm_box.ranks_of(out)
        for rank in ghosts:
            os.kill(rank, signal.SIGSTOP)
        box.call("lose", node)
        log = out / f"slurm-{job}.log"
        requeued = slurm_box.until(90, lambda: len(slurm_box.started_on(log.read_text(errors="replace"))) > 1)
        slurm_box.until(30, lambda: (out / "manifest.2").exists())
        for rank in ghosts:
            os.kill(rank, signal.SIGCONT)
        self.checks.true("ghost: requeued while its ranks live", requeued and len(ghosts) == 2, f"{ghosts}")
        ended = slurm_box.until(60, lambda: not set(ghosts) & set(slurm_box.ranks_of(out)))
        self.checks.true("ghost: its ranks end by themselves", ended)
        self.finish_elsewhere(box, "ghost", job, out, node)

    def time_limit(self, box):
        """A job that does not fit into its limit of a minute comes back until it is done. Slurm looks twice a minute and
        signals when the limit is less than the 20 s and another 30 s away: after 10 to 40 s. The ranks sleep until then, so
        that it finds them at work on any machine."""
        job, out = self.submit(box, "time limit", "--time=1", "--signal=B:USR1@20", at_work="{")
        ranks = slurm_box.ranks_of(out)
        for rank in ranks:
            os.kill(rank, signal.SIGSTOP)
        log = out / f"slurm-{job}.log"
        told = slurm_box.until(55, lambda: ": stopping" in log.read_text(errors="replace"))
        for rank in ranks:
            os.kill(rank, signal.SIGCONT)
        self.checks.true("time limit: Slurm asks ranks at work to stop", told and len(ranks) == 4, f"{ranks}")
        self.finish(box, "time limit", job, out, "stopped")

    def sweep(self, box):
        out = self.folder / "sweep"
        study = self.generate("small log", self.options.actions // 6)
        lockstep_run.launch(self.options, 1, "sweep", study, "--out", out, "--set",
                            "communities.resolution=0.01,0.02,0.05,0.1")
        job = box.run(SLURM / "submit", "--sweep", out, "--", "--nodes=1", "--ntasks-per-node=1", "--mem=800",
                      "--time=10")
        states = [box.wait(f"{job}_{task}", self.job_seconds) for task in range(4)]
        self.checks.equal("sweep: states of the four jobs", states, ["COMPLETED"] * 4)
        for task in range(4):
            folder = out / f"{task:03d}"
            expected = lockstep_run.run(self.options, folder / "study.toml", folder / "mpirun", 2)
            self.checks.same_bytes(f"sweep {task}", {"slurm": folder / "results.h5", "mpirun": expected})

    def chain(self, box):
        out = self.folder / "chain"
        jobs = box.run(SLURM / "chain", self.study, "--out", out, "--", "--ntasks=2", "--mem=1500",
                       "--time=10").split()
        states = [box.wait(job, self.job_seconds) for job in jobs]
        self.checks.equal("chain: states of the three jobs", states, ["COMPLETED"] * 3)
        self.checks.equal("chain: the bytes of mpirun's result", lockstep_run.sha256(out / "results.h5"), self.expected)
        self.checks.true("chain: the report ranks networks", "rank" in (out / "report.txt").read_text())

    def run(self):
        steps = [self.stop, self.chain, self.sweep, self.power_cut, self.time_limit]
        if self.options.long:
            steps += [self.power_cut_elsewhere, self.ghost]
        if self.options.only:
            steps = [getattr(self, self.options.only)]
        with Box(self.folder, self.options.lockstep) as box:
            for step in steps:
                begin = time.monotonic()
                step(box)
                print(f"       {step.__name__}: {time.monotonic() - begin:.0f} s", flush=True)
        self.checks.true("box: nothing is left", not box.folder.exists())
        return self.checks.exit_code()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    lockstep_run.add_options(parser)
    parser.add_argument("--actions", type=int, help="of the generated log (600000, or 3000000 with --long)")
    parser.add_argument("--seconds", type=int, help="for the whole test (420, or 1800 with --long)")
    parser.add_argument("--only", help="one step, such as ghost")
    parser.add_argument("--long", action="store_true", help="with what takes several minutes")
    options = parser.parse_args()
    options.lockstep = str(pathlib.Path(options.lockstep).resolve())
    options.actions = options.actions or (3_000_000 if options.long else 600_000)
    return slurm_box.in_a_folder(options.seconds or (1800 if options.long else 420),
                                 lambda folder: SlurmRuns(options, folder).run())


if __name__ == "__main__":
    sys.exit(main())
