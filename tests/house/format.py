#!/usr/bin/env python3
"""Holds the tracked sources against .clang-format. Exits with 77, which ctest takes for skipped, where clang-format is missing.

usage: format.py ROOT
"""
import os
import pathlib
import shutil
import subprocess
import sys


def main(root: str) -> int:
    program = shutil.which("clang-format")
    if program is None:
        print("clang-format is not installed: apt-get install clang-format")
        return 77
    listed = subprocess.run(["git", "-C", root, "ls-files", "-z", "*.cpp", "*.hpp"], capture_output=True, check=False)
    if listed.returncode != 0:
        print("this is not a git checkout, so there is no list of files")
        return 77
    files = [name for name in listed.stdout.decode().split("\0") if name and not name.startswith("tests/house/samples/")]
    files = [name for name in files if pathlib.Path(root, name).is_file()]
    bad = []
    for at in range(0, len(files), 40):
        run = subprocess.run([program, "--dry-run", "-Werror", *files[at : at + 40]], cwd=root, capture_output=True, text=True, check=False)
        bad += [line for line in run.stderr.splitlines() if "error:" in line]
    names = sorted({line.split(":")[0] for line in bad})
    if names:
        print("to be formatted with `clang-format -i`:", *names, sep=os.linesep + "  ")
    return 1 if names else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
