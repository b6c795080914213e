"""A network in the test's hands: hosts in namespaces of their own, and each packet between them passes through here.

So what is lost is counted exactly, a host is cut off and comes back when the test says so, and nothing of it depends on the kernel
having a traffic shaper (docs/adr/0010-networks-of-tests.md). A host has one interface with one IPv4 address; all hosts are neighbours of each other.
"""

import ctypes
import fcntl
import heapq
import os
import selectors
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from surroundings import LIMIT_S

CLONE_NEWNET = 0x40000000
TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 1, 0x1000
SKIPPED = 77
ICMP, TCP, UDP = 1, 6, 17


def require() -> None:
    """Ends the test file as not run where no network can be made."""
    try:
        with Network() as net:
            net.host("probe", "192.0.2.1")
    except OSError as why:
        print(f"not run: no network of its own can be made here: {why}")
        sys.exit(SKIPPED)


class Rule:
    """What happens to packets that match; counts them. Without `every` and `delay_s` none gets through."""

    def __init__(self, match: Callable[[bytes], bool], every: int = 1, delay_s: float = 0) -> None:
        self.match, self.every, self.delay_s = match, every, delay_s
        self.seen = self.lost = 0

    def judge(self, packet: bytes) -> float | None:
        """Seconds by which it is late, or None for one that is lost."""
        if not self.match(packet):
            return 0
        self.seen += 1
        if self.delay_s:
            return self.delay_s
        if self.seen % self.every == 0:
            self.lost += 1
            return None
        return 0


class Host:
    def __init__(self, name: str, address: str, namespace: int, cable: int) -> None:
        self.name, self.address = name, address
        self.namespace, self.cable = namespace, cable

    def command(self, *line: str) -> list[str]:
        """The line that runs it on this host."""
        return ["nsenter", f"--net=/proc/{os.getpid()}/fd/{self.namespace}", *line]

    def popen(self, *line: str, **options: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(self.command(*line), text=True, **options)

    def run(self, *line: str, **options: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self.command(*line), text=True, capture_output=True, check=False, timeout=LIMIT_S, **options)

    def enter(self) -> None:
        """The calling thread, and those that it starts from now on, are on this host."""
        if ctypes.CDLL(None, use_errno=True).setns(self.namespace, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")

    def listeners(self) -> list[str]:
        """Sockets of this host that wait for others: TCP that listens, UDP that is not connected."""
        return [line for line in self.run("ss", "-Hlntu").stdout.splitlines() if line]


class Network:
    def __init__(self) -> None:
        self.hosts: dict[str, Host] = {}
        self._routes: dict[bytes, Host] = {}
        self._rules: list[Rule] = []
        self._cut: set[str] = set()
        self._lock = threading.Lock()
        self._selector = selectors.DefaultSelector()
        self._wake_read, self._wake_write = os.pipe()
        self._selector.register(self._wake_read, selectors.EVENT_READ, None)
        self._late: list[tuple[float, int, Host, bytes]] = []
        self._count = 0
        self._carrier = threading.Thread(target=self._carry, daemon=True)
        self._carrier.start()

    def __enter__(self) -> "Network":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        os.write(self._wake_write, b"q")
        self._carrier.join(LIMIT_S)
        for host in self.hosts.values():
            os.close(host.cable)
            os.close(host.namespace)
        os.close(self._wake_read)
        os.close(self._wake_write)
        self._selector.close()

    def host(self, name: str, address: str) -> Host:
        made: list[Host] = []
        failed: list[OSError] = []

        def make() -> None:  # a namespace belongs to a thread, and this one ends
            try:
                made.append(_make_host(name, address))
            except OSError as why:
                failed.append(why)

        thread = threading.Thread(target=make)
        thread.start()
        thread.join()
        if failed:
            raise failed[0]
        with self._lock:
            self.hosts[name] = made[0]
            self._routes[socket.inet_aton(address)] = made[0]
            self._selector.register(made[0].cable, selectors.EVENT_READ, made[0])
        os.write(self._wake_write, b"w")
        return made[0]

    def lose(self, source: Host, target: Host, protocol: int, every: int = 1) -> Rule:
        """Each `every`th packet of a protocol from one to the other is lost."""
        return self._add(Rule(_between(source, target, protocol), every=every))

    def delay(self, source: Host, target: Host, seconds: float) -> Rule:
        return self._add(Rule(_between(source, target, None), delay_s=seconds))

    def remove(self, rule: Rule) -> None:
        with self._lock:
            self._rules.remove(rule)

    def cut(self, host: Host) -> None:
        """Nothing reaches the host or comes from it any more."""
        with self._lock:
            self._cut.add(host.name)

    def heal(self, host: Host) -> None:
        with self._lock:
            self._cut.discard(host.name)

    def _add(self, rule: Rule) -> Rule:
        with self._lock:
            self._rules.append(rule)
        return rule

    def _carry(self) -> None:
        while True:
            wait = max(self._late[0][0] - time.monotonic(), 0) if self._late else None
            for key, _ in self._selector.select(wait):
                if key.data is None:
                    if b"q" in os.read(self._wake_read, 64):
                        return
                else:
                    self._read(key.data)
            while self._late and self._late[0][0] <= time.monotonic():
                _, _, host, packet = heapq.heappop(self._late)
                _put(host, packet)

    def _read(self, source: Host) -> None:
        try:
            packet = os.read(source.cable, 65536)
        except BlockingIOError:
            return
        if packet[0] >> 4 != 4:
            return
        with self._lock:
            target = self._routes.get(packet[16:20])
            if target is None or target.name in self._cut or source.name in self._cut:
                return
            late = 0.0
            for rule in self._rules:
                more = rule.judge(packet)
                if more is None:
                    return
                late += more
        if late:
            self._count += 1
            heapq.heappush(self._late, (time.monotonic() + late, self._count, target, packet))
        else:
            _put(target, packet)


def _between(source: Host, target: Host, protocol: int | None) -> Callable[[bytes], bool]:
    ends = socket.inet_aton(source.address) + socket.inet_aton(target.address)
    return lambda packet: packet[12:20] == ends and protocol in (None, packet[9])


def _put(host: Host, packet: bytes) -> None:
    try:
        os.write(host.cable, packet)
    except OSError:  # its interface is down
        pass


def _make_host(name: str, address: str) -> Host:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    cable = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    fcntl.ioctl(cable, TUNSETIFF, struct.pack("16sH22x", b"cable", IFF_TUN | IFF_NO_PI))
    network = address.rsplit(".", 1)[0] + ".0/24"
    for line in (["link", "set", "lo", "up"], ["address", "add", f"{address}/32", "dev", "cable"],
                 ["link", "set", "cable", "up"], ["route", "add", network, "dev", "cable", "src", address]):
        done = subprocess.run(["ip", *line], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise OSError(f"ip {' '.join(line)}: {done.stderr.strip()}")
    # Datagram ICMP without capabilities, as most machines have it.
    with open("/proc/sys/net/ipv4/ping_group_range", "w", encoding="ascii") as file:
        file.write("0 2147483647")
    return Host(name, address, os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC), cable)
