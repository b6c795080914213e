"""Command line of scripts/lab."""

import argparse
import os
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import ferrule_config  # noqa: E402
import report  # noqa: E402
import topology  # noqa: E402
from lifecycle import Lab, hand_over  # noqa: E402
from namespaces import LabError, inside  # noqa: E402

NOT_UP = 3  # exit status of `status` when not everything is running


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/lab", description="Real network devices on this machine: OpenSSH with FRR's vtysh and bash behind it.",
        epilog="The state directory is $FERRULE_LAB_DIR. Devices: "
               + ", ".join(f"{d.name} ({d.about})" for d in topology.DEVICES))
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("up", help="start every device that is not running")
    commands.add_parser("down", help="end every device and remove all of the lab")
    status = commands.add_parser("status", help=f"show the devices and how to log in; exit {NOT_UP} if not all are up")
    status.add_argument("--json", action="store_true", help="for programs")
    for name, text in (("start", "start one device"), ("stop", "end one device; its port is closed"),
                       ("restart", "stop and start one device; host keys and port stay")):
        one = commands.add_parser(name, help=text)
        one.add_argument("device")
    ex = commands.add_parser("exec", help="run a command as root inside a device")
    ex.add_argument("device")
    ex.add_argument("argv", nargs=argparse.REMAINDER, metavar="command")
    ssh = commands.add_parser("ssh", help="log in as netops with the lab's key")
    ssh.add_argument("device")
    ssh.add_argument("argv", nargs=argparse.REMAINDER, metavar="command")
    return parser.parse_args()


def publish(lab: Lab) -> None:
    """Writes the files that depend on ports and host keys, and gives them to the user behind sudo."""
    access = lab.access.directory
    (access / "known_hosts").write_text(report.known_hosts(lab))
    (access / "ssh_config").write_text(report.ssh_config(lab))
    written = [lab.directory / "inventory.yaml", lab.directory / "ferrule.yaml"]
    written[0].write_text(ferrule_config.inventory(lab))
    written[1].write_text(ferrule_config.daemon(lab))
    hand_over(lab.directory, [access, *access.iterdir(), *written])


def up(lab: Lab) -> int:
    began = time.monotonic()
    with lab.locked():
        lab.create()
        running = lab.running()
        missing = [d.name for d in topology.DEVICES if d.name not in running]
        if missing:
            print(f"lab: starting {', '.join(missing)} in {lab.directory}", flush=True)
            lab.start(missing)
        publish(lab)
        if missing:
            print(f"lab: up after {time.monotonic() - began:.1f} s\n")
        else:
            print("lab: already up\n")
        print(report.table(report.describe(lab)))
    return 0


def down(lab: Lab) -> int:
    with lab.locked():
        count = len(lab.running())
        existed = lab.exists()
        lab.remove()
    if count or existed:
        print(f"lab: ended {count} device(s) and removed {lab.directory}")
    else:
        print("lab: already down")
    return 0


def status(lab: Lab, as_json: bool) -> int:
    found = report.describe(lab)
    print(report.as_json(found) if as_json else report.table(found))
    return 0 if found["state"] == "up" else NOT_UP


def one_device(lab: Lab, command: str, name: str) -> int:
    topology.device(name)
    if not lab.exists():
        raise LabError("the lab is down; start it with 'scripts/lab up'")
    with lab.locked():
        if command in ("stop", "restart"):
            lab.stop([name])
        if command in ("start", "restart") and lab.pid(name) is None:
            lab.start([name])
        publish(lab)
    print(f"lab: {name} is {'up' if lab.pid(name) else 'down'}")
    return 0


def run_inside(lab: Lab, name: str, argv: list[str]) -> int:
    command = inside(lab.require_pid(name), argv or ["/bin/bash"], all_namespaces=True)
    sys.stdout.flush()
    os.execvp(command[0], command)


def log_in(lab: Lab, name: str, argv: list[str]) -> int:
    lab.require_pid(name)
    os.execvp("ssh", ["ssh", "-F", str(lab.access.directory / "ssh_config"), name, *argv])


def main() -> int:
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `lab status | head` is no error
    asked = arguments()
    lab = Lab(Path(os.environ["FERRULE_LAB_DIR"]))
    try:
        if asked.command == "up":
            return up(lab)
        if asked.command == "down":
            return down(lab)
        if asked.command == "status":
            return status(lab, asked.json)
        if asked.command == "exec":
            return run_inside(lab, asked.device, asked.argv)
        if asked.command == "ssh":
            return log_in(lab, asked.device, asked.argv)
        return one_device(lab, asked.command, asked.device)
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    except PermissionError as error:
        print(f"lab: {error.strerror}: {error.filename}; run this as the user who started the lab, or as root",
              file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
