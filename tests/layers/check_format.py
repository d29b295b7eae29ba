#!/usr/bin/env python3
"""Checks that every C++ file is formatted as .clang-format says; exit code 77 without clang-format."""
import argparse
import pathlib
import shutil
import subprocess
import sys

FOLDERS = ["data", "cluster", "src", "jobs", "tests", "bench"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", nargs="?", default=pathlib.Path(__file__).resolve().parents[2], type=pathlib.Path)
    root = parser.parse_args().root
    program = shutil.which("clang-format")
    if program is None:
        print("skipped: clang-format is not installed")
        return 77
    files = sorted(path.relative_to(root) for folder in FOLDERS for path in (root / folder).rglob("*.[hc]pp"))
    if not files:
        print(f"{root} holds no C++ file")
        return 1
    print(f"{len(files)} files")
    return subprocess.run([program, "--dry-run", "-Werror", *files], cwd=root).returncode


if __name__ == "__main__":
    sys.exit(main())
