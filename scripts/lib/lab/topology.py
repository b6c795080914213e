"""Which devices the lab has, how they are cabled, and who may log in where.

Everything else in this package is derived from these tables; a new device is one more entry here.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Device:
    """One box. `port` is the wished-for loopback port; None means that only `via` can reach it."""

    name: str
    platform: str  # "frr" (login shell vtysh) or "linux" (login shell bash)
    port: int | None
    via: str | None = None
    address: str = "127.0.0.1"
    legacy: bool = False
    about: str = ""


@dataclass(frozen=True)
class End:
    device: str
    interface: str
    address: str


@dataclass(frozen=True)
class Link:
    a: End
    b: End


@dataclass(frozen=True)
class Login:
    """An account that exists on the devices (on all of them unless `only` names some)."""

    user: str
    methods: str  # value of sshd's AuthenticationMethods; "any" allows all three
    has_password: bool
    has_key: bool
    about: str
    must_change: bool = False
    only: tuple[str, ...] = ()

    def exists_on(self, device: Device) -> bool:
        return not self.only or device.name in self.only


DEVICES = (
    Device("frr1", "frr", 2201, about="FRR router, linked to frr2 and linux1"),
    Device("frr2", "frr", 2202, about="FRR router, linked to frr1"),
    Device("linux1", "linux", 2203, about="plain Linux shell; the first jump host"),
    Device("legacy1", "linux", 2204, legacy=True,
           about="offers only group14-sha1, ssh-rsa, aes128-cbc and hmac-sha1"),
    Device("linux2", "linux", None, via="linux1", address="10.77.1.2",
           about="one jump away; the second jump host"),
    Device("frr3", "frr", None, via="linux2", address="10.77.2.2", about="two jumps away"),
)

# Addresses from the documentation ranges (RFC 5737) and from 10/8; they exist only inside the lab.
LINKS = (
    Link(End("frr1", "eth0", "198.51.100.1/30"), End("frr2", "eth0", "198.51.100.2/30")),
    Link(End("frr1", "eth1", "203.0.113.1/30"), End("linux1", "eth1", "203.0.113.2/30")),
    Link(End("linux1", "eth0", "10.77.1.1/30"), End("linux2", "eth0", "10.77.1.2/30")),
    Link(End("linux2", "eth1", "10.77.2.1/30"), End("frr3", "eth0", "10.77.2.2/30")),
)

ROUTER_IDS = {"frr1": "192.0.2.1", "frr2": "192.0.2.2", "frr3": "192.0.2.3"}

STATIC_ROUTES = {
    "frr1": (("192.0.2.2/32", "198.51.100.2"),),
    "frr2": (("192.0.2.1/32", "198.51.100.1"), ("203.0.113.0/30", "198.51.100.1")),
    "frr3": (("10.77.1.0/30", "10.77.2.1"),),
}

FRR_DAEMONS = ("zebra", "staticd")
FRR_OPTIONS = ("-A", "127.0.0.1", "-P", "0", "--log", "file:/var/log/frr/frr.log")

LOGINS = (
    Login("netops", "any", True, True, "password, key or keyboard-interactive"),
    Login("keyonly", "publickey", False, True, "key only; has no password"),
    Login("challenge", "keyboard-interactive", True, False, "keyboard-interactive only"),
    Login("twofactor", "publickey,password", True, True, "key first, then password"),
    Login("expired", "keyboard-interactive", True, False,
          "must choose a new password at the first login", must_change=True, only=("linux1",)),
)

SSH_PORT_INSIDE = 22


def device(name: str) -> Device:
    for each in DEVICES:
        if each.name == name:
            return each
    known = ", ".join(d.name for d in DEVICES)
    raise SystemExit(f"lab: there is no device '{name}' (there are: {known})")


def ends_of(name: str) -> list[End]:
    """The interfaces of one device, in the order of their names."""
    found = [end for link in LINKS for end in (link.a, link.b) if end.device == name]
    return sorted(found, key=lambda end: end.interface)


def jump_path(target: Device) -> list[Device]:
    """The jump hosts on the way to `target`, outermost first; empty when it is reached directly."""
    path: list[Device] = []
    while target.via:
        target = device(target.via)
        path.insert(0, target)
    return path
