#!/usr/bin/env python3
"""Every error code that a user can meet is in the guides: those with a status of their own in docs/api.md, those of devices, of the
store, of commands on agents, of joining and connecting, and of probes on agents in docs/common-errors.md.

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
    fleet: set[str] = set()
    for source in FLEET:
        found = {code for pair in MADE.findall(text(source)) for code in pair if code}
        if not found:
            return [f"{source} has no codes any more: mend this check"]
        fleet |= found
    if not (statuses and device and store):
        return ["a place where codes are listed has moved: mend this check"]
    return [f"docs/api.md does not have {code}" for code in sorted(statuses - api - INNER)] + [
        f"docs/common-errors.md does not have {code}" for code in sorted((device | store | fleet) - errors - ELSEWHERE - api)]


# Where codes come from that commands, agents and probes on agents end with, and how they look there.
FLEET = ["core/fleet/exec/policy.cpp", "core/fleet/exec/spawn.cpp", "core/fleet/exec/envelope.cpp", "core/fleet/exec/signing.cpp", "core/fleet/exec/command_agent_runs.cpp",
         "core/fleet/enroller.cpp", "core/fleet/join_tokens.cpp", "core/fleet/joining.cpp", "core/fleet/agents_hub.cpp",
         "core/fleet/agent_identity.cpp", "core/fleet/pki/authority.cpp", "core/fleet/protocol/controller_side.cpp",
         "core/app/remote_probes.cpp", "core/probes/one_off.cpp"]
CODE_TEXT = r'"([a-z]+(?:_[a-z]+)+)"'
MADE = re.compile(rf'(?:error(?: \w+)?|refuse|farewell|emplace)[({{]{{1,2}}(?:[^";]*\? {CODE_TEXT}\s*:\s*)?\s*{CODE_TEXT}')
# Of the link itself, for whoever works on it; and what a store says of its own records.
ELSEWHERE = {"certificate_required", "corrupt_record", "greet_timeout", "invalid_csr", "invalid_message", "invalid_name",
             "too_many_unacknowledged"}
# Of values inside a request; they are told as `invalid_request` or `invalid_parameter`.
INNER = {"invalid_duration", "invalid_time"}

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    faults = missing(pathlib.Path(sys.argv[1]))
    print("\n".join(faults))
    sys.exit(1 if faults else 0)
