"""Starts a device in namespaces of its own, finds it again, and ends it so that nothing is left.

A device is one process tree whose first process is PID 1 of a PID namespace. The kernel kills the
whole tree when that process dies, and with its last process go the network, mount, UTS and IPC
namespaces. So there is nothing to undo after a `kill -9`, and no record to fall out of date:
a running device is found by the command line of its first process.
"""

import ctypes
import fcntl
import os
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

LISTEN_FD = 3  # where sd_listen_fds(3) expects the first inherited socket
CONTROL_FD = 4

INIT = str(Path(__file__).resolve().parent / "device_init.py")


class LabError(Exception):
    """Something the user has to know, said in full; printed without a traceback."""


def command_line(state_dir: Path, name: str) -> list[str]:
    return [sys.executable, "-B", INIT, str(state_dir), name]


def find(state_dir: Path, name: str) -> int | None:
    """The PID of a running device's first process, or None."""
    wanted = [str(state_dir).encode(), name.encode()]
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        try:
            with open(f"/proc/{entry.name}/cmdline", "rb") as file:
                parts = file.read().split(b"\0")
            owner = os.stat(f"/proc/{entry.name}").st_uid
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        if owner == 0 and parts[3:5] == wanted and parts[2].endswith(b"/device_init.py"):
            return int(entry.name)
    return None


def start(state_dir: Path, name: str, listener: socket.socket | None, log: Path) -> tuple[int, socket.socket]:
    """Starts a device and returns its PID and the socket it reports on.

    `listener` is bound in the namespace of the caller and is served from inside the device: this is
    how a device with a network of its own still answers on a loopback port of the machine.
    """
    ours, theirs = socket.socketpair()
    read_end, write_end = os.pipe()
    launcher = os.fork()
    if launcher == 0:
        _launch(state_dir, name, listener, theirs, log, write_end)
    os.close(write_end)
    theirs.close()
    with os.fdopen(read_end) as pipe:
        said = pipe.read()
    os.waitpid(launcher, 0)
    if not said.isdigit():
        ours.close()
        raise LabError(said or f"the launcher of {name} died")
    return int(said), ours


def _launch(state_dir: Path, name: str, listener: socket.socket | None, control: socket.socket,
            log: Path, report: int) -> None:
    """Runs in a forked child: enters new namespaces, forks PID 1 into them, reports its PID, exits."""
    try:
        os.setsid()
        libc = ctypes.CDLL(None, use_errno=True)
        flags = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET
        if libc.unshare(flags) != 0:
            why = os.strerror(ctypes.get_errno())
            raise LabError(
                f"the kernel refuses to create namespaces ({why}). The lab needs root with "
                "CAP_SYS_ADMIN and CAP_NET_ADMIN; in a container start it with --privileged.")
        child = os.fork()
        if child == 0:
            _become_init(state_dir, name, listener, control, log)
        os.write(report, str(child).encode())
        os._exit(0)
    except BaseException as error:  # the only way out of a forked child is _exit
        os.write(report, f"{name}: {error}".encode())
        os._exit(1)


def _become_init(state_dir: Path, name: str, listener: socket.socket | None, control: socket.socket,
                 log: Path) -> None:
    try:
        null = os.open("/dev/null", os.O_RDONLY)
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        sources = {0: null, 1: out, 2: out, CONTROL_FD: control.fileno()}
        if listener is not None:
            sources[LISTEN_FD] = listener.fileno()
        # First out of the way of the numbers that are about to be taken, then onto them.
        parked = {target: _park(source) for target, source in sources.items()}
        for target, source in parked.items():
            os.dup2(source, target, inheritable=True)
        os.closerange(5, 256)
        if listener is None:
            os.close(LISTEN_FD)
        os.execve(sys.executable, command_line(state_dir, name), {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
    except BaseException:
        os._exit(1)


def _park(fd: int) -> int:
    """A duplicate of `fd` numbered well above the fixed ones."""
    return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 32)


def end(pids: list[int]) -> None:
    """Kills devices and returns once the kernel has taken down everything that ran in them."""
    waiting = {}
    poll = select.poll()
    for pid in pids:
        try:
            pidfd = os.pidfd_open(pid)
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        except ProcessLookupError:
            continue
        waiting[pidfd] = pid
        poll.register(pidfd, select.POLLIN)
    while waiting:
        ready = poll.poll(30_000)
        if not ready:
            left = ", ".join(str(pid) for pid in waiting.values())
            raise LabError(f"killed, but still there after 30 s: PID {left}")
        for pidfd, _ in ready:
            poll.unregister(pidfd)
            os.close(pidfd)
            del waiting[pidfd]


def inside(pid: int, command: list[str], all_namespaces: bool = False) -> list[str]:
    """The command line that runs `command` in a device; by default only in its network."""
    which = ["--all"] if all_namespaces else ["--net"]
    return ["nsenter", "--target", str(pid), *which, "--", *command]


def run(command: list[str], **kwargs: object) -> str:
    """Runs a command to its end; its complaint becomes the error."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, **kwargs)  # type: ignore[call-overload]
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip()
        raise LabError(f"'{' '.join(command)}' failed with status {done.returncode}: {said}")
    return str(done.stdout)
