"""Tells people and programs how to reach the lab: tables, JSON, known_hosts, an ssh_config."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import topology
from lifecycle import Lab


def host_keys(lab: Lab, name: str) -> list[Path]:
    """The one that clients ask for first comes first: it is what they show when they do not know it."""
    found = (lab.directory / "devices" / name / "etc" / "ssh").glob("ssh_host_*_key.pub")
    return sorted(found, key=lambda file: ("ed25519" not in file.name, file.name))


def endpoint(lab: Lab, device: topology.Device) -> tuple[str, int]:
    """Where a client connects: from the machine, or from the last jump host."""
    if device.port is None:
        return device.address, topology.SSH_PORT_INSIDE
    return device.address, lab.ports().get(device.name, device.port)


def known_hosts(lab: Lab) -> str:
    lines = []
    for device in topology.DEVICES:
        host, port = endpoint(lab, device)
        place = host if port == 22 else f"[{host}]:{port}"
        for key in host_keys(lab, device.name):
            kind, data = key.read_text().split()[:2]
            lines.append(f"{place} {kind} {data}")
    return "\n".join(lines) + "\n"


def ssh_config(lab: Lab) -> str:
    """For OpenSSH's client: `ssh -F FILE frr1`."""
    lines = [f"UserKnownHostsFile {lab.access.directory}/known_hosts", "GlobalKnownHostsFile /dev/null",
             "StrictHostKeyChecking yes", f"IdentityFile {lab.access.key}", "IdentitiesOnly yes", "User netops"]
    for device in topology.DEVICES:
        host, port = endpoint(lab, device)
        lines += [f"Host {device.name}", f"    HostName {host}", f"    Port {port}"]
        if device.via:
            lines.append(f"    ProxyJump {device.via}")
        if device.legacy:
            lines += ["    KexAlgorithms diffie-hellman-group14-sha1", "    HostKeyAlgorithms ssh-rsa",
                      "    Ciphers aes128-cbc", "    MACs hmac-sha1"]
    return "\n".join(lines) + "\n"


def _fingerprint(public_key: Path) -> dict[str, str]:
    """As `ssh-keygen -l` shows it: unpadded base64 of the SHA-256 of the key's wire form."""
    kind, data = public_key.read_text().split()[:2]
    digest = hashlib.sha256(base64.b64decode(data)).digest()
    return {"type": kind, "fingerprint": "SHA256:" + base64.b64encode(digest).decode().rstrip("=")}


def _logins(lab: Lab, device: topology.Device) -> list[dict[str, Any]]:
    found = []
    for login in topology.LOGINS:
        if login.exists_on(device):
            password = str(lab.access.password_file(login.user)) if login.has_password else None
            key = str(lab.access.key) if login.has_key else None
            found.append({"username": login.user, "authentication_methods": login.methods, "about": login.about,
                          "password_file": password, "private_key": key})
    return found


def describe(lab: Lab) -> dict[str, Any]:
    """What `status --json` prints. Secrets are named by their files, never included."""
    pids = lab.running() if lab.exists() else {}
    devices = []
    for device in topology.DEVICES if lab.exists() else ():
        host, port = endpoint(lab, device)
        devices.append({
            "name": device.name, "platform": device.platform, "about": device.about,
            "state": "up" if device.name in pids else "down", "pid": pids.get(device.name),
            "host": host, "port": port, "jump": [hop.name for hop in topology.jump_path(device)],
            "legacy_algorithms": device.legacy, "username": "netops",
            "password_file": str(lab.access.password_file("netops")), "private_key": str(lab.access.key),
            "host_keys": [_fingerprint(key) for key in host_keys(lab, device.name)],
            "logins": _logins(lab, device), "log_dir": str(lab.directory / "devices" / device.name / "log"),
        })
    up = len(pids)
    state = "down" if up == 0 else "up" if up == len(topology.DEVICES) else "partly up"
    return {
        "state": state, "directory": str(lab.directory), "devices": devices,
        "known_hosts": str(lab.access.directory / "known_hosts"),
        "inventory": str(lab.directory / "inventory.yaml"), "config": str(lab.directory / "ferrule.yaml"),
        "ssh_config": str(lab.access.directory / "ssh_config"),
        "encrypted_key": {"private_key": str(lab.access.locked_key), "passphrase_file": str(lab.access.passphrase_file)},
    }


def table(status: dict[str, Any]) -> str:
    if not status["devices"]:
        return f"The lab is down (state directory {status['directory']})."
    rows = [("device", "state", "address", "jump", "platform", "host key")]
    for each in status["devices"]:
        rows.append((each["name"], each["state"], f"{each['host']}:{each['port']}", ",".join(each["jump"]) or "-",
                     each["platform"], each["host_keys"][0]["fingerprint"]))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
    lines.append("")
    lines.append("Logins (their passwords and keys are readable only for you):")
    for login in {login["username"]: login for each in status["devices"] for login in each["logins"]}.values():
        means = [f"password in {login['password_file']}" if login["password_file"] else "",
                 f"key {login['private_key']}" if login["private_key"] else ""]
        lines.append(f"  {login['username']:<10} {login['about']}")
        lines.append(f"  {'':<10} {', '.join(part for part in means if part)}")
    lines.append("")
    lines.append(f"Ferrule's configuration for it: {status['config']}")
    lines.append(f"The lab is {status['state']}. Log in with: ssh -F {status['ssh_config']} frr1")
    return "\n".join(lines)


def as_json(status: dict[str, Any]) -> str:
    return json.dumps(status, indent=2)
