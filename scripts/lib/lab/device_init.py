"""The first process of a device: gives it its own view of the machine, then runs its daemons.

Started by namespaces.start() as PID 1 of fresh namespaces with: 3 the listening socket (if the
device is reachable from the machine), 4 a socket on which it says "cabling" when its network wants
cables, waits for "go", and then says "ready" or what went wrong. Its standard output is a log file.

Arguments: the lab's state directory and the device's name.
"""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import topology
from namespaces import CONTROL_FD, LISTEN_FD, LabError, run


def say(text: str) -> None:
    print(text, flush=True)


def private_view(files: Path) -> None:
    """Mounts what makes this a machine of its own: /etc, /home, logs, run time state, terminals."""
    run(["mount", "--make-rprivate", "/"])
    run(["mount", "-t", "proc", "-o", "nosuid,nodev,noexec", "proc", "/proc"])
    run(["mount", "-t", "devpts", "-o", "newinstance,gid=5,mode=620,ptmxmode=666", "devpts", "/dev/pts"])
    if not os.path.islink("/dev/ptmx"):
        run(["mount", "--bind", "/dev/pts/ptmx", "/dev/ptmx"])
    # The sources lie below the state directory, which may be in /home, /run or /tmp: those come last.
    for part, target in (("log", "/var/log"), ("etc", "/etc"), ("home", "/home")):
        run(["mount", "--bind", str(files / part), target])
    run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run"])
    run(["mount", "-t", "tmpfs", "-o", "mode=1777", "tmpfs", "/tmp"])


def base_network(device: topology.Device) -> None:
    socket.sethostname(device.name)
    run(["ip", "link", "set", "lo", "up"])


def start_frr() -> None:
    """Each daemon returns to us once its command socket answers; then vtysh loads the configuration.

    watchfrr comes last: it restarts a daemon that died, and vtysh's `write memory` goes through it.
    """
    os.mkdir("/run/frr")
    run(["chown", "frr:frr", "/run/frr"])
    for daemon in topology.FRR_DAEMONS:
        run([f"/usr/lib/frr/{daemon}", "-d", *topology.FRR_OPTIONS], timeout=30)
    run(["vtysh", "-b"], timeout=30)
    run(["/usr/lib/frr/watchfrr", "-d", "--min-restart-interval", "1", *topology.FRR_DAEMONS], timeout=30)


def start_sshd(listening: bool) -> subprocess.Popen[bytes]:
    """sshd serves the inherited socket, told so the way systemd does; without one it binds itself."""
    os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
    run(["/usr/sbin/sshd", "-t"])
    command = "exec /usr/sbin/sshd -D -E /var/log/sshd.log"
    keep: tuple[int, ...] = ()
    if listening:
        command = f"LISTEN_PID=$$ LISTEN_FDS=1 {command}"
        keep = (LISTEN_FD,)
    return subprocess.Popen(["/bin/sh", "-c", command], pass_fds=keep, cwd="/")


def main() -> None:
    files = Path(sys.argv[1]) / "devices" / sys.argv[2]
    device = topology.device(sys.argv[2])
    control = socket.socket(fileno=CONTROL_FD)
    # PID 1 ignores signals that it does not handle; a polite end must work from inside as well.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    os.umask(0o022)
    os.chdir("/")
    try:
        private_view(files)
        base_network(device)
        control.sendall(b"cabling\n")
        if control.recv(16) != b"go\n":
            raise LabError("the lab gave up while this device was starting")
        if device.platform == "frr":
            start_frr()
        sshd = start_sshd(device.port is not None)
        if device.port is not None:
            os.close(LISTEN_FD)
        control.sendall(b"ready\n")
    except (LabError, OSError, subprocess.SubprocessError) as error:
        say(f"start failed: {error}")
        try:
            control.sendall(f"failed: {error}".encode())
        except OSError:
            pass  # the lab itself is gone; the log has it
        sys.exit(1)
    control.close()
    while True:
        pid, status = os.wait()
        if pid == sshd.pid:
            say(f"sshd ended with status {os.waitstatus_to_exitcode(status)}; the device goes down")
            sys.exit(1)


if __name__ == "__main__":
    main()
