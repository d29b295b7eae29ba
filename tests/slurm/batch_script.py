#!/usr/bin/env python3
"""What slurm/lockstep.sbatch does at each way a program can end, under a real Slurm, with a stand-in for the program
that ends as the name of its study says."""
import sys

import slurm_box
from slurm_box import SCRIPT, Box

import lockstep_run

SECONDS = 150
STAND_IN = """#!/usr/bin/env bash
echo "stand-in: $*"
first=$([[ ${SLURM_RESTART_COUNT:-0} == 0 ]] && echo yes)
case $2 in
  *bad-input*) exit 65 ;;
  *stops-once*) [[ -z $first ]] || exit 75 ;;
  *is-killed*) kill -KILL $$ ;;
  *killed-stops-killed*)
    case ${SLURM_RESTART_COUNT:-0} in
      0 | 2) kill -KILL $$ ;;
      1) exit 75 ;;
    esac ;;
  *stops-when-told*)
    trap 'exit 75' TERM
    for ((i = 0; i < 600; ++i)); do sleep 0.1; done ;;
  *deaf*)
    trap '' USR1
    [[ -z $first ]] || sleep 100 ;;
  *says-done*) [[ -z $first ]] || exit 0 ;;
esac
mkdir -p "$4" && echo '"done": true' >"$4/manifest.1"
"""


class BatchScript:
    def __init__(self, folder):
        slurm_box.check_possible(folder)
        self.folder = folder
        self.checks = lockstep_run.Checks()
        self.program = folder / "stand-in"
        self.program.write_text(STAND_IN)
        self.program.chmod(0o755)

    def submit(self, box, study, *sbatch_options, **environment):
        arguments = ["sweep", self.folder / study] if any("--array" in option for option in sbatch_options) else ["run", study, "--out", self.folder / "out" / study]
        return box.run("sbatch", "--parsable", f"--output={self.folder}/{study}.%a.log", "--mem=300", "--time=10",
                       *sbatch_options, SCRIPT, *arguments, "--fresh", **environment)

    def check(self, box, study, job, state, restarts):
        """Waits for a job, which must end so; its log."""
        ended = box.wait(job, SECONDS)
        logs = sorted(self.folder.glob(f"{study}.*.log"))
        log = "".join(file.read_text(errors="replace") for file in logs)
        found = (ended, box.field(job, "Restarts"))
        self.checks.true(f"{study}: job {job} is {state} after {restarts} restarts", found == (state, str(restarts)),
                         f"{found}\n{log}")
        return log

    def run(self):
        with Box(self.folder, self.program, nodes=4) as box:
            deaf = self.submit(box, "deaf", "--time=1", "--signal=B:USR1@55", LOCKSTEP_RETRIES="1")
            bad = self.submit(box, "bad-input")
            says = self.submit(box, "says-done")
            array = self.submit(box, "stops-once", "--array=0-2")
            killed = self.submit(box, "is-killed", LOCKSTEP_RETRIES="2")
            mixed = self.submit(box, "killed-stops-killed", LOCKSTEP_RETRIES="1")
            told = self.submit(box, "stops-when-told", "--ntasks=2")
            slurm_box.until(60, lambda: any("stand-in:" in file.read_text(errors="replace")
                                            for file in self.folder.glob("stops-when-told.*.log")))
            box.run("scancel", told)

            log = self.check(box, "bad-input", bad, "FAILED", 0)
            self.checks.true("bad-input: its code is the job's", box.field(bad, "ExitCode") == "65:0", log)
            self.check(box, "stops-when-told", told, "CANCELLED", 0)
            for task in range(3):
                log = self.check(box, "stops-once", f"{array}_{task}", "COMPLETED", 1)
            self.checks.equal("stops-once: --fresh is for the first start only",
                              sum("stand-in" in line and "--fresh" in line for line in log.splitlines()), 3)
            self.check(box, "says-done", says, "COMPLETED", 1)
            log = self.check(box, "is-killed", killed, "FAILED", 2)
            self.checks.true("is-killed: the script says that it gives up", "that is enough" in log, log)
            self.check(box, "killed-stops-killed", mixed, "COMPLETED", 3)
            log = self.check(box, "deaf", deaf, "COMPLETED", 1)
            self.checks.true("deaf: requeued before the time limit", "did not stop in time" in log, log)
        self.checks.true("box: nothing is left", not box.folder.exists())
        return self.checks.exit_code()


if __name__ == "__main__":
    sys.exit(slurm_box.in_a_folder(300, lambda folder: BatchScript(folder).run()))
