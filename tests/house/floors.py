#!/usr/bin/env python3
"""Rejects includes that go against the order of the floors.

A floor of core/ includes only itself and floors to its left. plugin-api/ and plugins/ know nothing of core/. Only the floor `plugins` opens libraries.

usage: floors.py ROOT
"""
import pathlib
import re
import sys

FLOORS = ["base", "model", "config", "runtime", "net", "plugins", "store", "state", "devices", "probes", "fleet", "http", "api", "app"]
# Floors that stand side by side.
BESIDE = [{"devices", "probes", "fleet"}]
SOURCES = {".hpp", ".cpp", ".h", ".c", ".ipp", ".in"}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
OPENS_LIBRARY = re.compile(r"\bdlm?open\s*\(|#\s*include\s*<(dlfcn\.h|boost/dll)")


def may_include(own: str, other: str) -> bool:
    if own == other:
        return True
    if any(own in group and other in group for group in BESIDE):
        return False
    return FLOORS.index(other) < FLOORS.index(own)


def includes(text: str):
    for found in INCLUDE.finditer(text):
        yield text.count("\n", 0, found.start(2)) + 1, found[1], found[2]


def check_core(root: pathlib.Path, file: pathlib.Path, text: str):
    floor = file.relative_to(root / "core").parts[0]
    if floor not in FLOORS:
        yield 1, f'"{floor}" is not a floor'
        return
    for line, quote, name in includes(text):
        other = name.split("/")[0]
        if quote == '"' and other in FLOORS and not may_include(floor, other):
            yield line, f'the floor "{floor}" must not include "{name}": "{other}" is not to its left'
        if name.startswith("ferrule/") and FLOORS.index(floor) < FLOORS.index("plugins"):
            yield line, f'the floor "{floor}" must not know the plugin ABI ("{name}")'
        if name.startswith(("../", "core/")):
            yield line, f'"{name}": includes are rooted at core/'
    if floor != "plugins":
        for found in OPENS_LIBRARY.finditer(text):
            yield text.count("\n", 0, found.start()) + 1, 'only the floor "plugins" opens libraries'


def check_outside(root: pathlib.Path, file: pathlib.Path, text: str):
    for line, quote, name in includes(text):
        if quote == '"' and (root / "core" / name).is_file() and not (file.parent / name).is_file():
            yield line, f'"{name}" belongs to core/, of which plugins and their API know nothing'
        if file.is_relative_to(root / "plugin-api") and name.startswith("boost/"):
            yield line, f'"{name}": the plugin API depends on nothing but the standard library'


def check_links(file: pathlib.Path, text: str):
    for found in re.finditer(r"\bferrule_(%s)\b" % "|".join(FLOORS), text):
        line = text.count("\n", 0, found.start()) + 1
        if found[1] != "plugins" and "add_subdirectory" not in text.splitlines()[line - 1]:
            yield line, f"{found[0]} belongs to core/, of which plugins and their API know nothing"


def check(root: pathlib.Path) -> list[str]:
    faults = []
    for top in ("core", "plugin-api", "plugins"):
        for file in sorted((root / top).rglob("*")):
            if not file.is_file():
                continue
            if file.suffix in SOURCES:
                text = file.read_text(errors="replace")
                found = check_core(root, file, text) if top == "core" else check_outside(root, file, text)
            elif top != "core" and file.name == "CMakeLists.txt":
                found = check_links(file, file.read_text())
            else:
                continue
            # The top CMakeLists of core/ is not a source.
            faults += [f"{file.relative_to(root)}:{line}: {why}" for line, why in found]
    return faults


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    problems = check(pathlib.Path(sys.argv[1]).resolve())
    print("\n".join(problems))
    sys.exit(1 if problems else 0)
