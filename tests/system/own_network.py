"""A network namespace for a test file: addresses, ports and cables of its own, which end with the process."""

import os
import subprocess
import sys

INSIDE = "FERRULE_TEST_NAMESPACE"
SKIPPED = 77
CABLES = "ip link set lo up; ip link add probe type veth peer name other; ip link delete probe"


def enter(*more: str, needs: str = CABLES) -> None:
    """Runs this file again in a fresh network namespace, with `more` options of unshare(1); `needs` is a shell's line that must work
    there. Where none can be made, the file is reported as not run."""
    if INSIDE in os.environ:
        return
    for how in (["unshare", "--net"], ["unshare", "--map-root-user", "--net"], ["sudo", "-n", "-E", "unshare", "--net"]):
        tried = subprocess.run([*how, *more, "sh", "-e", "-c", needs], capture_output=True, text=True, check=False)
        if tried.returncode == 0:
            line = [*how, *more, "sh", "-e", "-c", 'eval "$1"; shift; exec "$@"', "sh", needs, sys.executable, "-B", *sys.argv]
            os.execvpe(line[0], line, {**os.environ, INSIDE: "yes"})
    print(f"not run: no network namespace can be made here: {tried.stderr.strip()}")
    sys.exit(SKIPPED)
