"""Starts a lab of real devices and runs the ssh driver's program of cases against it: ssh_lab.py PROGRAM."""

import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "scripts"))
import lab_client  # noqa: E402


def main(program: str) -> int:
    if not lab_client.can_be_root():
        print("not run: a lab needs root, or sudo without a password")
        return lab_client.SKIPPED
    lab = lab_client.Lab()
    try:
        lab("up")
        status = lab("status", "--json").stdout
        return subprocess.run([program], env={**os.environ, "FERRULE_LAB_STATUS": status}, timeout=4 * lab_client.LIMIT_S,
                              check=False).returncode
    finally:
        lab.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
