"""The web server that probes ask, and blackbox_exporter, which does the same as they do."""

import contextlib
import json
import os
import re
import socket
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import machine
from daemon import running
from workshop import BenchError, Workshop, started


@dataclass(frozen=True)
class Web:
    http: int
    https: int
    ca_file: Path


@contextlib.contextmanager
def web_server(shop: Workshop) -> Iterator[Web]:
    """nginx on two ports that it inherits, so that nobody has to wait until it is up."""
    folder = shop.folder("nginx")
    key, cert = folder / "key.pem", folder / "cert.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)],
                   check=True, stderr=subprocess.DEVNULL)
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=4096)) for _ in range(2)]
        ports = [each.getsockname()[1] for each in sockets]
        paths = "".join(f"{each}_temp_path {folder}/{each}; " for each in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        config = folder / "nginx.conf"
        page = 'location / { return 200 "hello\\n"; }'
        config.write_text(
            f"daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log error;\n"
            "events { worker_connections 4096; }\n"
            f"http {{ access_log off; {paths}\n"
            f" server {{ listen 127.0.0.1:{ports[0]}; {page} }}\n"
            f" server {{ listen 127.0.0.1:{ports[1]} ssl; ssl_protocols TLSv1.3; ssl_session_cache off; ssl_session_tickets off;\n"
            f"  ssl_certificate {cert}; ssl_certificate_key {key}; {page} }}\n}}\n")
        numbers = [each.fileno() for each in sockets]
        stack.enter_context(started(
            ["/usr/sbin/nginx", "-e", str(folder / "error.log"), "-p", str(folder), "-c", str(config)], pass_fds=numbers,
            env=os.environ | {"NGINX": "".join(f"{each};" for each in numbers)}, stderr=subprocess.DEVNULL))
        yield Web(ports[0], ports[1], cert)


@dataclass(frozen=True)
class Exporter:
    """What answers /probe: blackbox_exporter, or Ferrule in its place."""

    shop: Workshop
    name: str
    pid: int
    port: int

    def probe(self, module: str, target: str, probes: int, at_once: int) -> dict[str, float]:
        """Asks for so many probes over kept connections and gives what one cost."""
        path = f"/probe?module={module}&target={target}"
        before = machine.processor_seconds(self.pid)
        seen = self.shop.program("http_load", "--port", self.port, "--requests", probes, "--connections", at_once, "--path",
                                 path, "--expect", "probe_success 1")
        used = machine.processor_seconds(self.pid) - before
        if seen["unexpected"]:
            raise BenchError(f"{self.name}: {seen['unexpected']} of {seen['requests']} probes of {target} failed")
        return {"cpu_us": used / probes * 1e6, "per_second": seen["per_second"] if "per_second" in seen else 0.0}


@contextlib.contextmanager
def blackbox(shop: Workshop, modules: dict[str, object]) -> Iterator[Exporter]:
    folder = shop.folder("blackbox")
    config = folder / "modules.yml"
    config.write_text(json.dumps({"modules": modules}))
    command = ["prometheus-blackbox-exporter", f"--config.file={config}", "--web.listen-address=127.0.0.1:0"]
    with started(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "Listening on" in line and (found := re.search(r"address=\S*?:(\d+)", line)):
                threading.Thread(target=process.stderr.read, daemon=True).start()
                yield Exporter(shop, "blackbox_exporter", process.pid, int(found[1]))
                return
    raise BenchError("blackbox_exporter did not start")


@contextlib.contextmanager
def page(shop: Workshop, modules: dict[str, object]) -> Iterator[Exporter]:
    """/probe of a daemon with the same modules, open to anybody as blackbox_exporter is."""
    folder = shop.folder("page")
    config = folder / "modules.yml"
    config.write_text(json.dumps({"modules": modules}))
    with running(shop, folder, {"exporter": {"modules": str(config), "access": "anonymous"}}) as daemon:
        yield Exporter(shop, "ferrule", daemon.pid, daemon.port)
