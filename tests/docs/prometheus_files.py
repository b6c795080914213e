#!/usr/bin/env python3
"""Files for Prometheus in the guides are good ones, and the guides and the sources name the same series.

usage: prometheus_files.py ROOT
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

PREFIXES = {"ferrule_plugin_"}  # of series that plugins name themselves
IN_SOURCES = re.compile(r'"(ferrule_[a-z_]+)"')
IN_GUIDES = re.compile(r"\bferrule_[a-z_]+")


def series_of_sources(root: pathlib.Path) -> set[str]:
    found: set[str] = set()
    for file in [*root.glob("core/**/*.cpp"), *root.glob("plugins/**/*.cpp")]:
        text = file.read_text(encoding="utf-8")
        if "prometheus" in text or "metric" in text:
            found |= set(IN_SOURCES.findall(text))
    return {name for name in found if not name.startswith("ferrule_plugin_entry")} - PREFIXES


def faults_of_series(root: pathlib.Path) -> list[str]:
    known = series_of_sources(root)
    told: dict[str, str] = {}
    guides = [guide for guide in (root / "docs").glob("*.md") if guide.name != "plugin-authoring.md"]  # it has functions of that name
    for guide in [root / "README.md", *guides]:
        for name in IN_GUIDES.findall(guide.read_text(encoding="utf-8")):
            told.setdefault(name, guide.name)
    parts = ("_bucket", "_sum", "_count")  # of a histogram
    unknown = [name for name in told if name not in known and not name.startswith(tuple(PREFIXES))
               and not any(name.removesuffix(part) in known for part in parts)]
    return [f"{told[name]}: there is no series {name}" for name in sorted(unknown)] + [
        f"no guide tells of {name}" for name in sorted(known - set(told))]


def faults_of_files(root: pathlib.Path) -> list[str]:
    promtool = shutil.which("promtool")
    checks = {"groups:": ["check", "rules"], "scrape_configs:": ["check", "config", "--syntax-only"]}
    found, seen = [], set()
    for guide in (root / "docs").glob("*.md"):
        for text in re.findall(r"^ *```yaml\n(.*?)^ *```", guide.read_text(encoding="utf-8"), flags=re.S | re.M):
            lines = text.splitlines()
            indent = len(lines[0]) - len(lines[0].lstrip())
            plain = "\n".join(line[indent:] for line in lines) + "\n"
            check = checks.get(plain.splitlines()[0])
            if check is None:
                continue
            seen.add(check[1])
            if promtool is None:
                continue
            with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
                file.write(plain)
                file.flush()
                done = subprocess.run([promtool, *check, file.name], capture_output=True, text=True, check=False, timeout=60)
                if done.returncode != 0:
                    found.append(f"{guide.name}: {done.stdout}{done.stderr}")
    return found + [f"no guide has a file for promtool {each} any more" for each in {"rules", "config"} - seen]


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    top = pathlib.Path(sys.argv[1])
    faults = faults_of_series(top) + faults_of_files(top)
    print("\n".join(faults))
    sys.exit(1 if faults else 0)
