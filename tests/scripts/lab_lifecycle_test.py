"""The lab keeps to itself: `down` leaves the machine as it was, whatever happened before."""

import hashlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import unittest
from pathlib import Path

import lab_client

ACCOUNTS = ("/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow")
FERRULE = os.environ.get("FERRULE_BINARY", "")
NOBODY = "65534"
KINDS = ("net", "mnt", "pid", "uts", "ipc")


def namespaces_of(pid: int) -> set[str]:
    return {os.readlink(f"/proc/{pid}/ns/{kind}") for kind in KINDS}


def hold_namespaces_of(test: unittest.TestCase, pid: int) -> None:
    """Until the end of the test, nothing new gets the numbers of the namespaces that this process has now."""
    for kind in KINDS:
        test.addCleanup(os.close, os.open(f"/proc/{pid}/ns/{kind}", os.O_RDONLY | os.O_CLOEXEC))


def processes_in(namespaces: set[str]) -> list[int]:
    """All processes with at least one of these namespaces, which must be held: the kernel uses their numbers again."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                if namespaces_of(int(entry)) & namespaces:
                    found.append(int(entry))
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue
    return found


def machine() -> dict[str, object]:
    """What a lab could have changed and nothing else does meanwhile."""
    named = sorted(os.listdir("/run/netns")) if os.path.isdir("/run/netns") else []
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    return {
        "accounts": {path: hashlib.sha256(Path(path).read_bytes()).hexdigest() for path in ACCOUNTS if os.access(path, os.R_OK)},
        "network namespaces": named,
        "interfaces": sorted(os.listdir("/sys/class/net")),
        "mounts of labs": [line for line in mounts if "ferrule-lab" in line],
        "hostname": socket.gethostname(),
        "frr of the machine": sorted(os.listdir("/run/frr")) if os.path.isdir("/run/frr") else [],
    }


def listeners(ports: list[int]) -> set[str]:
    """The sockets that listen on these ports, by inode: another program may get a port that has become free."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {row[9] for row in rows if row[3] == "0A" and int(row[1].rpartition(":")[2], 16) in ports}


def listening(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


class Lifecycle(unittest.TestCase):
    def setUp(self) -> None:
        self.lab = lab_client.Lab()
        self.addCleanup(self.lab.close)

    def test_down_leaves_the_machine_as_it_was(self) -> None:
        before = machine()
        self.lab("up")
        devices = self.lab.status()["devices"]
        ports = [each["port"] for each in devices if each["host"] == "127.0.0.1"]
        self.assertTrue(all(listening(port) for port in ports))
        sockets = listeners(ports)
        self.assertEqual(len(sockets), len(ports))
        for each in devices:
            hold_namespaces_of(self, each["pid"])
        own = set().union(*(namespaces_of(each["pid"]) for each in devices)) - namespaces_of(os.getpid())
        self.assertEqual(len(own), len(KINDS) * len(devices))
        self.assertEqual(self.lab.ssh("linux1", "hostname").stdout, "linux1\n")
        self.assertEqual(machine(), before, "a running lab already shows on the machine")
        self.lab("down")
        self.assertEqual(machine(), before)
        self.assertEqual(processes_in(own), [])
        self.assertEqual(listeners(ports) & sockets, set())
        self.assertEqual(os.listdir(self.lab.directory.parent), [])

    def test_up_and_down_can_be_repeated(self) -> None:
        self.lab("down")
        self.lab("up")
        first = self.lab.status()
        self.assertIn("already up", self.lab("up").stdout)
        self.assertEqual(self.lab.status(), first)
        self.lab("down")
        self.assertIn("already down", self.lab("down").stdout)
        self.assertIn("The lab is down", self.lab("status", status=3).stdout)

    def test_a_killed_device_is_noticed_and_up_brings_it_back_with_its_keys_and_port(self) -> None:
        self.lab("up")
        before = self.lab.device("frr1")
        pidfd = os.pidfd_open(before["pid"])
        self.lab("exec", "frr1", "true")
        self._kill(before["pid"], pidfd)
        self.assertEqual(self.lab.status()["state"], "partly up")
        self.assertFalse(listening(before["port"]))
        self.lab("up")
        after = self.lab.device("frr1")
        self.assertEqual((after["port"], after["host_keys"]), (before["port"], before["host_keys"]))
        self.assertNotEqual(after["pid"], before["pid"])
        shown = self.lab.ssh("frr1", "show interface brief").stdout
        self.assertRegex(shown, r"eth0 +up +default +198\.51\.100\.1/30")
        self.assertEqual(self.lab("exec", "frr1", "ping", "-c", "1", "-W", "5", "198.51.100.2").returncode, 0)

    def test_down_works_after_every_device_was_killed(self) -> None:
        self.lab("up")
        for each in self.lab.status()["devices"]:
            self._kill(each["pid"], os.pidfd_open(each["pid"]))
        self.lab("down")
        self.assertFalse(self.lab.directory.exists())

    def test_a_stopped_device_refuses_connections_and_a_started_one_answers_again(self) -> None:
        self.lab("up")
        port = self.lab.device("linux1")["port"]
        self.lab("stop", "linux1")
        self.assertFalse(listening(port))
        self.lab("start", "linux1")
        self.assertEqual(self.lab.ssh("linux1", "hostname").stdout, "linux1\n")
        self.assertEqual(self.lab.ssh("linux2", "hostname").stdout, "linux2\n", "the cable to linux2 is plugged in again")

    def test_two_labs_run_side_by_side(self) -> None:
        other = lab_client.Lab()
        self.addCleanup(other.close)
        self.lab("up")
        other("up")
        mine = {each["port"] for each in self.lab.status()["devices"] if each["host"] == "127.0.0.1"}
        theirs = {each["port"] for each in other.status()["devices"] if each["host"] == "127.0.0.1"}
        self.assertEqual(mine & theirs, set())
        other("down")
        self.assertRegex(self.lab.ssh("frr1", "show version").stdout, r"^FRRouting ")

    def test_a_folder_that_is_not_a_lab_is_left_alone(self) -> None:
        self.lab.directory.mkdir()
        precious = self.lab.directory / "precious"
        precious.write_text("mine")
        refused = self.lab("up", status=1)
        self.assertIn(f"{self.lab.directory} is not empty and not a lab; choose another FERRULE_LAB_DIR", refused.stderr)
        self.lab("down")
        self.assertEqual(precious.read_text(), "mine")

    def test_mistakes_are_answered_with_what_to_do(self) -> None:
        self.assertIn("there is no device 'frr9' (there are: frr1, frr2, linux1, legacy1, linux2, frr3)",
                      self.lab("restart", "frr9", status=1).stderr)
        self.assertIn("start it with 'scripts/lab up'", self.lab("stop", "frr1", status=1).stderr)
        self.assertIn("frr1 is not running; start it with", self.lab("exec", "frr1", "true", status=1).stderr)

    def test_secrets_are_readable_for_their_owner_only(self) -> None:
        self.lab("up")
        access = self.lab.directory / "access"
        self.assertEqual(access.stat().st_mode & 0o777, 0o700)
        for path in access.iterdir():
            if path.suffix == ".password" or path.name.startswith("id_") and path.suffix != ".pub":
                self.assertEqual(path.stat().st_mode & 0o777, 0o600, path)
        self.assertNotIn(self.lab.password("netops"), self.lab("status", "--json").stdout)

    @unittest.skipUnless(FERRULE, "FERRULE_BINARY does not name the daemon")
    def test_status_shows_the_host_key_that_a_client_is_shown(self) -> None:
        self.lab("up")
        for device in self.lab.status()["devices"]:
            shown = [key["type"] for key in device["host_keys"]]
            self.assertEqual(shown[0], "ssh-rsa" if device["legacy_algorithms"] else "ssh-ed25519", device["name"])

    def test_the_configuration_that_up_writes_is_one_that_ferrule_accepts(self) -> None:
        self.lab("up")
        checked = subprocess.run([FERRULE, "check-config", "-c", self.lab.status()["config"]], text=True, check=False,
                                 capture_output=True, timeout=lab_client.LIMIT_S)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)

    @unittest.skipIf(os.geteuid() != 0, "plays both sides of sudo, so it must be root")
    def test_under_sudo_the_user_who_asked_can_use_the_lab_without_root(self) -> None:
        os.chmod(self.lab.scratch.name, 0o755)
        self.lab("up", env={"SUDO_UID": NOBODY, "SUDO_GID": NOBODY})
        as_user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        self.assertEqual(json.loads(self.lab("status", "--json", prefix=as_user).stdout)["state"], "up")
        shown = self.lab("ssh", "linux1", "hostname", prefix=as_user).stdout
        self.assertEqual(shown, "linux1\n")
        if not shutil.which("sudo"):
            refused = self.lab("down", prefix=as_user, status=1)
            self.assertIn("needs root, and there is no sudo: run this script as root, or install sudo", refused.stderr)

    def _kill(self, pid: int, pidfd: int) -> None:
        if os.geteuid() == 0:
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        else:
            os.spawnlp(os.P_WAIT, "sudo", "sudo", "-n", "kill", "-9", str(pid))
        self.assertTrue(select.select([pidfd], [], [], lab_client.LIMIT_S)[0])
        os.close(pidfd)


if __name__ == "__main__":
    if not lab_client.can_be_root():
        print("skipped: the lab needs root, or sudo without a password")
        sys.exit(lab_client.SKIPPED)
    unittest.main(verbosity=2)
