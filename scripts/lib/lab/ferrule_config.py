"""A configuration of Ferrule that knows the lab's devices, ready for `ferrule run -c FILE`.

Two files: the inventory (credentials and devices), and a daemon's configuration that names it and
keeps its data in the lab's state directory. Secrets are referred to by file, not copied.
"""

import topology
from lifecycle import Lab
from report import endpoint


def inventory(lab: Lab) -> str:
    lines = ["# Written by scripts/lab: the lab's devices and how to log in there.", "credentials:"]
    for login in topology.LOGINS:
        lines += [f"  - name: {login.user}", f"    username: {login.user}"]
        if login.has_password:
            lines.append(f"    password: !file {lab.access.password_file(login.user)}")
        if login.has_key:
            lines.append(f"    private_key: !file {lab.access.key}")
    lines.append("devices:")
    for device in topology.DEVICES:
        host, port = endpoint(lab, device)
        lines += [f"  - name: {device.name}", f"    host: {host}", f"    port: {port}", "    driver: ssh",
                  f"    platform: {device.platform}", "    credential: netops", *_options(lab, device, 4),
                  f"    labels: {{ lab: {lab.directory.name}, kind: {device.platform} }}"]
        hops = topology.jump_path(device)
        if hops:
            lines.append("    jump:")
        for hop in hops:
            hop_host, hop_port = endpoint(lab, hop)
            lines += [f"      - host: {hop_host}", f"        port: {hop_port}", "        credential: keyonly",
                      *_options(lab, hop, 8)]
    return "\n".join(lines) + "\n"


def _options(lab: Lab, device: topology.Device, indent: int) -> list[str]:
    pad = " " * indent
    lines = [f"{pad}options:", f"{pad}  known_hosts: {lab.access.directory}/known_hosts"]
    if device.legacy:
        lines.append(f"{pad}  legacy_algorithms: true")
    return lines


def daemon(lab: Lab) -> str:
    return "\n".join([
        "# Written by scripts/lab: try it with  ferrule run -c THIS_FILE",
        "inventory: [inventory.yaml]",
        "node: lab",
        f"data_dir: {lab.directory}/ferrule/data",
        f"run_dir: {lab.directory}/ferrule/run",
    ]) + "\n"
