#!/usr/bin/env python3
"""The run command from outside: how it stops, resumes, refuses and fails, with its exit codes and messages."""
import argparse
import os
import pathlib
import shlex
import signal
import subprocess
import sys
import tempfile
import time

import lockstep_run

DONE, USAGE, BAD_DATA, IO_ERROR, STOPPED = 0, 64, 65, 74, 75
SECONDS = 120


class Runs:
    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.checks = lockstep_run.Checks()
        self.environment = {**lockstep_run.ENVIRONMENT, **os.environ}
        lockstep_run.launch(options, 2, "generate", "--out", folder / "log", "--actions", options.actions, "--shards", 2,
                            "--viral-burst-size", 400)
        self.study = lockstep_run.with_rule(folder / "log/study.toml", folder / "study.toml", "significance")
        self.expected = lockstep_run.sha256(lockstep_run.run(options, self.study, folder / "undisturbed", 2))

    def command(self, out, *arguments, ranks=2, study=None):
        launcher = [*shlex.split(self.options.mpirun), "-n", str(ranks)] if ranks > 0 else []
        return [*launcher, self.options.lockstep, "run", str(study or self.study), "--out", str(out),
                *map(str, arguments)]

    def ends(self, what, code, command, *words):
        """Runs the command, which must end with this code and say these words."""
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, errors="replace",
                              timeout=SECONDS)
        self.checks.true(f"{what}: exit code {code}", done.returncode == code, f"{done.returncode}\n{done.stderr}")
        for word in words:
            self.checks.true(f"{what}: says '{word}'", word in done.stderr, done.stderr)
        return done

    def finishes(self, what, out, *arguments, ranks=2):
        self.ends(what, DONE, self.command(out, *arguments, ranks=ranks))
        self.same_bytes(what, out)

    def same_bytes(self, what, out):
        results = out / "results.h5"
        self.checks.true(f"{what}: the undisturbed run's bytes",
                         results.exists() and lockstep_run.sha256(results) == self.expected)

    def start(self, out, *arguments):
        """A process of one rank, without a launcher, that has begun its work."""
        process = subprocess.Popen(self.command(out, *arguments, ranks=0), env=self.environment,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace")
        limit = time.monotonic() + SECONDS
        while not (out / "manifest.1").exists() and process.poll() is None and time.monotonic() < limit:
            time.sleep(0.005)
        return process

    def stops_after_max_hours(self):
        out = self.folder / "max-hours"
        for ranks in (2, 1, 3):
            self.ends(f"--max-hours at {ranks} ranks", STOPPED, self.command(out, "--max-hours", 1e-7, ranks=ranks),
                      "stopped cleanly")
            self.checks.true(f"--max-hours at {ranks} ranks: no result yet", not (out / "results.h5").exists())
        self.finishes("--max-hours, then without", out, ranks=2)

    def stops_for_signals(self):
        for name in (signal.SIGTERM, signal.SIGUSR1):
            out = self.folder / name.name
            process = self.start(out)
            process.send_signal(name)
            text = process.communicate(timeout=SECONDS)[1]
            self.checks.true(f"{name.name}: exit code {STOPPED}", process.returncode == STOPPED,
                             f"{process.returncode}\n{text}")
            self.finishes(f"{name.name}, then resumed", out, ranks=3)

    def refuses_changes(self):
        out = self.folder / "changes"
        self.ends("a run to change", STOPPED, self.command(out, "--max-hours", 1e-7))
        text = self.study.read_text(encoding="utf-8")
        changed = self.folder / "changed.toml"
        changed.write_text(text.replace("min_shared = 3", "min_shared = 4"), encoding="utf-8")
        self.checks.true("the study can be changed", changed.read_text(encoding="utf-8") != text)
        self.ends("a changed study", USAGE, self.command(out, study=changed), "'min_shared = 3'", "'min_shared = 4'",
                  "--fresh")
        file = sorted((self.folder / "log").glob("*.csv"))[0]
        before, times = file.read_bytes(), file.stat()
        file.write_bytes(before + before.splitlines(keepends=True)[-1])
        self.ends("a longer input", USAGE, self.command(out), str(file), "--fresh")
        file.write_bytes(before[:-2] + b"9\n")
        self.ends("an input with other bytes", USAGE, self.command(out), str(file))
        file.write_bytes(before)
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
        self.finishes("the inputs as they were", out)

        self.ends("a changed study after the end", USAGE, self.command(out, study=changed), "min_shared")
        self.ends("--fresh with a changed study", DONE, self.command(out, "--fresh", study=changed))
        self.checks.true("--fresh with a changed study: another result",
                         lockstep_run.sha256(out / "results.h5") != self.expected)
        self.finishes("--fresh with the first study", out, "--fresh")

    def refuses_a_second_job(self):
        out = self.folder / "two"
        first = self.start(out)
        first.send_signal(signal.SIGSTOP)
        self.ends("a second job", IO_ERROR, self.command(out, ranks=2), "is at work here", str(first.pid))
        first.send_signal(signal.SIGCONT)
        text = first.communicate(timeout=SECONDS)[1]
        self.checks.true("the first job: done", first.returncode == DONE, f"{first.returncode}\n{text}")
        self.same_bytes("the first job", out)

    def says_that_it_is_done(self):
        out = self.folder / "undisturbed"
        before = {file: file.stat().st_mtime_ns for file in out.rglob("*") if file.is_file()}
        self.ends("a run that is done", DONE, self.command(out, ranks=3), "done already", "--fresh")
        self.same_bytes("a run that is done", out)
        self.checks.equal("a run that is done: its files are left alone",
                          {file: file.stat().st_mtime_ns for file in out.rglob("*") if file.is_file()}, before)

    def names_bad_rows(self):
        rows = [f"a{row},x,{row}" for row in range(20)]
        rows[7] = "a,x,yesterday"
        (self.folder / "bad.csv").write_text("\n".join(["who,what,when", *rows]) + "\n", encoding="utf-8")
        study = lockstep_run.write_study(self.folder / "bad.toml", ["bad.csv"], "who", "when",
                                         [lockstep_run.channel("c", "what", 10, 2)])
        out = self.folder / "bad"
        self.ends("a bad row", BAD_DATA, self.command(out, study=study), "bad.csv", "line 9", "max_reject_fraction")
        rejects = (out / "rejects.jsonl").read_text(encoding="utf-8")
        self.checks.true("a bad row: rejects.jsonl has it", "bad.csv" in rejects and "9" in rejects, rejects)

    def run(self):
        for step in (self.stops_after_max_hours, self.stops_for_signals, self.refuses_changes,
                     self.refuses_a_second_job, self.says_that_it_is_done, self.names_bad_rows):
            step()
        return self.checks.exit_code()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    lockstep_run.add_options(parser)
    parser.add_argument("--actions", type=int, default=200_000, help="of the generated log (%(default)s)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lockstep-run-") as folder:
        return Runs(options, pathlib.Path(folder)).run()


if __name__ == "__main__":
    sys.exit(main())
