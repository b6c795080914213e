"""Writes what a device sees as its own /etc, /home and /var/log, below the lab's state directory.

The accounts of the lab exist only in these files: nothing is added to the machine's own.
"""

import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

import topology
from namespaces import LabError, run

# What a shell, PAM, sshd and vtysh want to find. Absent entries are skipped.
FROM_THE_MACHINE = (
    "alternatives", "bash.bashrc", "debian_version", "environment", "gai.conf", "host.conf", "inputrc",
    "iproute2", "issue", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "locale.alias", "localtime", "login.defs",
    "networks", "os-release", "profile", "protocols", "security", "services", "shells", "skel", "terminfo",
    "timezone",
)

PAM_SSHD = """\
auth     required pam_unix.so nodelay
account  required pam_unix.so
password required pam_unix.so sha512
session  required pam_permit.so
"""

PAM_PASSWD = """\
password required pam_unix.so sha512
"""

PAM_VTYSH = """\
auth    sufficient pam_permit.so
account sufficient pam_permit.so
"""

FIRST_UID = 64200
CLEARLY_TOO_MANY = 5000


@dataclass(frozen=True)
class Access:
    """The secrets of one lab, made once and kept in its state directory (mode 0600)."""

    directory: Path

    @property
    def key(self) -> Path:
        return self.directory / "id_ed25519"

    @property
    def locked_key(self) -> Path:
        return self.directory / "id_ed25519_locked"

    @property
    def passphrase_file(self) -> Path:
        return self.directory / "id_ed25519_locked.passphrase"

    def password_file(self, user: str) -> Path:
        return self.directory / f"{user}.password"

    def create(self) -> None:
        self.directory.mkdir(mode=0o700, exist_ok=True)
        for login in topology.LOGINS:
            if login.has_password:
                _secret(self.password_file(login.user))
        _secret(self.passphrase_file)
        passphrase = self.passphrase_file.read_text().strip()
        _keypair(self.key, "ed25519", "ferrule-lab")
        _keypair(self.locked_key, "ed25519", "ferrule-lab-locked", passphrase)


def _secret(path: Path) -> None:
    if not path.exists():
        write(path, secrets.token_urlsafe(15) + "\n", 0o600)


def _keypair(path: Path, kind: str, comment: str, passphrase: str = "") -> None:
    if path.exists():
        return
    size = ["-b", "2048"] if kind == "rsa" else []
    run(["ssh-keygen", "-q", "-t", kind, *size, "-N", passphrase, "-C", comment, "-f", str(path)])


def write(path: Path, text: str, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(fd, "w") as file:
        os.fchmod(fd, mode)
        file.write(text)


def create(root: Path, device: topology.Device, access: Access) -> None:
    """Makes the files of one device. What exists is kept, so a restarted device keeps its host keys."""
    for part in ("etc", "home", "log"):
        (root / part).mkdir(parents=True, exist_ok=True)
    etc = root / "etc"
    if (etc / "complete").exists():
        return
    _copy_from_machine(etc)
    write(etc / "hostname", device.name + "\n")
    write(etc / "hosts", f"127.0.0.1 localhost {device.name}\n::1 localhost\n")
    write(etc / "nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files\n")
    write(etc / "pam.d" / "sshd", PAM_SSHD)
    write(etc / "pam.d" / "passwd", PAM_PASSWD)
    write(etc / "pam.d" / "other", "auth required pam_deny.so\naccount required pam_deny.so\n"
                                   "password required pam_deny.so\nsession required pam_deny.so\n")
    write(etc / "pam.d" / "frr", PAM_VTYSH)
    _accounts(etc, root / "home", device, access)
    _sshd(etc / "ssh", device, access)
    if device.platform == "frr":
        _frr(etc / "frr", root / "log" / "frr", device)
    write(etc / "complete", "")


def _copy_from_machine(etc: Path) -> None:
    for name in FROM_THE_MACHINE:
        source, target = Path("/etc") / name, etc / name
        if source.is_symlink():
            target.symlink_to(os.readlink(source))
        elif source.is_dir():
            shutil.copytree(source, target, symlinks=True)
        elif source.exists():
            shutil.copy2(source, target)


def _hash(password: str) -> str:
    return run(["openssl", "passwd", "-6", "-stdin"], input=password + "\n").strip()


def _accounts(etc: Path, home: Path, device: topology.Device, access: Access) -> None:
    """The machine's system accounts without their passwords, plus the people of the lab."""
    system = [line for line in Path("/etc/passwd").read_text().splitlines() if int(line.split(":")[2]) < 1000]
    groups = [line for line in Path("/etc/group").read_text().splitlines() if int(line.split(":")[2]) < 1000]
    shadow = [f"{line.split(':')[0]}:*:19000:0:99999:7:::" for line in system]
    taken = {int(line.split(":")[2]) for line in Path("/etc/passwd").read_text().splitlines()}
    uids = (uid for uid in range(FIRST_UID, FIRST_UID + CLEARLY_TOO_MANY) if uid not in taken)
    shell = "/usr/bin/vtysh" if device.platform == "frr" else "/bin/bash"
    people = [login for login in topology.LOGINS if login.exists_on(device)]
    for login in people:
        uid = next(uids)
        system.append(f"{login.user}:x:{uid}:{uid}:Ferrule lab:/home/{login.user}:{shell}")
        groups.append(f"{login.user}:x:{uid}:")
        hashed = _hash(access.password_file(login.user).read_text().strip()) if login.has_password else "*"
        shadow.append(f"{login.user}:{hashed}:{0 if login.must_change else 19000}:0:99999:7:::")
        own = home / login.user
        own.mkdir(mode=0o700, exist_ok=True)
        write(own / ".hushlogin", "")
        if device.platform == "linux":
            write(own / ".bashrc", "PS1='\\u@\\h:\\w\\$ '\n")
            write(own / ".bash_profile", ". ~/.bashrc\n")
        for path in (own, *own.iterdir()):
            os.chown(path, uid, uid)
    names = ",".join(login.user for login in people)
    groups = [_with_members(line, names) if line.startswith("frrvty:") else line for line in groups]
    write(etc / "passwd", "\n".join(system) + "\n")
    write(etc / "group", "\n".join(groups) + "\n")
    write(etc / "shadow", "\n".join(shadow) + "\n", 0o600)


def _with_members(line: str, names: str) -> str:
    return line + ("" if line.endswith(":") else ",") + names


def _sshd(ssh: Path, device: topology.Device, access: Access) -> None:
    ssh.mkdir()
    kinds = ("rsa",) if device.legacy else ("ed25519", "ecdsa")
    for kind in kinds:
        _keypair(ssh / f"ssh_host_{kind}_key", kind, f"root@{device.name}")
    keys = access.key.with_suffix(".pub").read_text() + access.locked_key.with_suffix(".pub").read_text()
    lines = [f"HostKey /etc/ssh/ssh_host_{kind}_key" for kind in kinds]
    lines += [
        f"Port {topology.SSH_PORT_INSIDE}", "PidFile /run/sshd.pid", "LogLevel VERBOSE", "UsePAM yes",
        "PermitRootLogin no", "PasswordAuthentication yes", "KbdInteractiveAuthentication yes",
        "PubkeyAuthentication yes", "AuthorizedKeysFile /etc/ssh/authorized_keys/%u",
        "UseDNS no", "PrintMotd no", "PrintLastLog no", "X11Forwarding no", "AllowAgentForwarding no",
        f"AllowTcpForwarding {'yes' if device.platform == 'linux' else 'no'}",
        "Subsystem sftp internal-sftp", "AcceptEnv LANG LC_*",
        # Far above what a test opens at once: the lab must never be what refuses.
        f"MaxStartups {CLEARLY_TOO_MANY}", f"MaxSessions {CLEARLY_TOO_MANY}", "MaxAuthTries 20", "LoginGraceTime 120",
    ]
    if device.legacy:
        lines += ["KexAlgorithms diffie-hellman-group14-sha1", "HostKeyAlgorithms ssh-rsa",
                  "PubkeyAcceptedAlgorithms ssh-ed25519,ssh-rsa", "Ciphers aes128-cbc", "MACs hmac-sha1"]
    for login in topology.LOGINS:
        if login.exists_on(device) and login.has_key:
            write(ssh / "authorized_keys" / login.user, keys)
        if login.exists_on(device) and login.methods != "any":
            lines += [f"Match User {login.user}", f"    AuthenticationMethods {login.methods}"]
    write(ssh / "sshd_config", "\n".join(lines) + "\n")


def _frr(frr: Path, log: Path, device: topology.Device) -> None:
    """FRR's configuration; its folder is writable for the lab's users, so that `write memory` works."""
    lines = ["frr defaults traditional", f"hostname {device.name}", "service integrated-vtysh-config",
             "ip forwarding", "ipv6 forwarding", "!",
             "interface lo", f" ip address {topology.ROUTER_IDS[device.name]}/32", "exit", "!"]
    for end in topology.ends_of(device.name):
        far = next(other for link in topology.LINKS for mine, other in ((link.a, link.b), (link.b, link.a))
                   if mine == end)
        lines += [f"interface {end.interface}", f" description to {far.device} {far.interface}",
                  f" ip address {end.address}", "exit", "!"]
    lines += [f"ip route {prefix} {gateway}" for prefix, gateway in topology.STATIC_ROUTES[device.name]]
    write(frr / "frr.conf", "\n".join(lines) + "\n", 0o660)
    options = " ".join(topology.FRR_OPTIONS)
    daemons = ["vtysh_enable=yes", *(f'{name}_options="{options}"' for name in topology.FRR_DAEMONS)]
    write(frr / "daemons", "\n".join(daemons) + "\n", 0o640)
    write(frr / "vtysh.conf", "service integrated-vtysh-config\n", 0o660)
    log.mkdir(parents=True, exist_ok=True)
    try:
        for path in (frr, *frr.iterdir()):
            shutil.chown(path, "frr", "frrvty")
        shutil.chown(log, "frr", "frr")
    except LookupError as error:
        raise LabError(f"the account that the package 'frr' makes is missing ({error}); reinstall frr") from error
    frr.chmod(0o2770)
