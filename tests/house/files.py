#!/usr/bin/env python3
"""Checks what holds for all tracked files: length of sources, headers that can be included twice and stand first in their source,
no paths of one machine, the files that every project has.

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
FIRST_INCLUDE = re.compile(r"^#\s*include\s+[<\"]([^>\"]+)[>\"]", re.MULTILINE)
TEXT = SOURCES | {".md", ".yaml", ".yml", ".json", ".txt", ".in", ".map", ".sh", ".service", ""}


def tracked(root: pathlib.Path) -> list[pathlib.Path]:
    listed = subprocess.run(["git", "-C", str(root), "ls-files", "-z"], capture_output=True, check=False)
    if listed.returncode != 0:  # an unpacked archive
        return [file for file in root.rglob("*") if file.is_file() and not file.relative_to(root).parts[0].startswith(("build", ".git"))]
    return [root / name for name in listed.stdout.decode().split("\0") if name]


def own_header_later(file: pathlib.Path, text: str) -> bool:
    """Whether a source has a header of its own that it does not include first: only then its build shows that the header compiles alone."""
    header = file.with_suffix(".hpp")
    if file.suffix != ".cpp" or not header.is_file():
        return False
    first = FIRST_INCLUDE.search(text)
    return first is None or not header.as_posix().endswith("/" + first[1])


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
        if file.suffix == ".hpp" and "\n#pragma once\n" not in "\n" + text:
            faults.append(f"{name}: no #pragma once")
        if own_header_later(file, text):
            faults.append(f"{name}: its own header is not its first include")
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
