#!/usr/bin/env python3
"""Every error code that a user can meet is in the guides: those with a status of their own in docs/api.md, those of devices and of
the store in docs/common-errors.md.

usage: codes.py ROOT
"""
import pathlib
import re
import sys

CODE = re.compile(r"`([a-z]+(?:_[a-z]+)*)`")


def first_cells(text: str) -> str:
    """Of a table's rows, the cells that hold codes."""
    return "\n".join(row.split("|")[1] for row in text.splitlines() if row.startswith("| `"))


def missing(root: pathlib.Path) -> list[str]:
    def text(name: str) -> str:
        return (root / name).read_text(encoding="utf-8")

    api = set(CODE.findall(text("docs/api.md")))
    errors = set(CODE.findall(first_cells(text("docs/common-errors.md"))))
    statuses = set(re.findall(r'entry\{"([a-z_]+)", \d+\}', text("core/http/problem.cpp")))
    device = set(CODE.findall(first_cells(text("plugins/drivers/ssh/README.md").split("## Error codes")[1])))
    store = set(re.findall(r'return \{"([a-z_]+)"', text("plugins/stores/sqlite/database.cpp")))
    if not (statuses and device and store):
        return ["a place where codes are listed has moved: mend this check"]
    return [f"docs/api.md does not have {code}" for code in sorted(statuses - api - INNER)] + [
        f"docs/common-errors.md does not have {code}" for code in sorted((device | store) - errors)]


# Of values inside a request; they are told as `invalid_request` or `invalid_parameter`.
INNER = {"invalid_duration", "invalid_time"}

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    faults = missing(pathlib.Path(sys.argv[1]))
    print("\n".join(faults))
    sys.exit(1 if faults else 0)
