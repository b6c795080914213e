#!/usr/bin/env python3
"""Checks what holds for all tracked files: length of sources, no paths of one machine, the files that every project has.

usage: files.py ROOT
"""
import pathlib
import re
import subprocess
import sys

LONGEST = 400
SOURCES = {".cpp", ".hpp", ".h", ".c", ".py", ".cmake", ".ipp"}
REQUIRED = ["README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", ".clang-format", ".editorconfig"]
# Absolute paths that exist on one machine only. In two parts, so that this file does not hold them.
PRIVATE = re.compile("(?<![\\w.])/" + "(?:work|home/[a-z][a-z0-9_-]*)" + "/[a-z]")
# ctest takes a semicolon for the end of a name, and both halves then match no test and pass.
SPLIT_NAME = re.compile(r'TEST_CASE\("[^"\n]*;')
TEXT = SOURCES | {".md", ".yaml", ".yml", ".json", ".txt", ".in", ".map", ".sh", ".service", ""}


def tracked(root: pathlib.Path) -> list[pathlib.Path]:
    listed = subprocess.run(["git", "-C", str(root), "ls-files", "-z"], capture_output=True, check=False)
    if listed.returncode != 0:  # an unpacked archive
        return [file for file in root.rglob("*") if file.is_file() and not file.relative_to(root).parts[0].startswith(("build", ".git"))]
    return [root / name for name in listed.stdout.decode().split("\0") if name]


def check(root: pathlib.Path) -> list[str]:
    faults = [f"{name} is missing" for name in REQUIRED if not (root / name).is_file()]
    for file in tracked(root):
        if not file.is_file() or file.suffix not in TEXT or "corpus" in file.parts:
            continue
        name = file.relative_to(root)
        text = file.read_text(errors="replace")
        lines = text.count("\n")
        if file.suffix in SOURCES and lines > LONGEST:
            faults.append(f"{name}: {lines} lines; {LONGEST} is the end, find the seam")
        for found in SPLIT_NAME.finditer(text) if file.suffix == ".cpp" else ():
            faults.append(f"{name}:{text.count(chr(10), 0, found.start()) + 1}: a test's name with a semicolon never runs")
        for found in PRIVATE.finditer(text):
            faults.append(f"{name}:{text.count(chr(10), 0, found.start()) + 1}: a path of one machine: {found[0]}…")
    return faults


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    problems = check(pathlib.Path(sys.argv[1]).resolve())
    print("\n".join(problems))
    sys.exit(1 if problems else 0)
