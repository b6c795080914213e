"""Servers of loopback that probes are pointed at."""

import http.server
import os
import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path

from programs import Program, free_port
from surroundings import LIMIT_S

NSD = "/usr/sbin/nsd"
NGINX = "/usr/sbin/nginx"
MICROSOCKS = "/usr/bin/microsocks"
PAGE = b"hello, here is a page"


class _Pages(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:  # noqa: N802, the name is http.server's
        if self.path == "/moved":
            self._answer(302, b"", Location="/")
        elif self.path == "/missing":
            self._answer(404, b"nothing here")
        elif self.path == "/private":
            login = self.headers.get("Authorization", "")
            self._answer(200 if login == "Basic bWU6c2VjcmV0" else 401, login.split(" ")[0].encode())
        elif self.path == "/host":
            self._answer(200, self.headers["Host"].encode())
        elif self.path == "/latin1":
            self._answer(200, "café au lait, crème".encode("latin-1"))
        elif self.path == "/unannounced":
            self.send_response(200)
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(PAGE)
            self.close_connection = True
        else:
            self._answer(200, PAGE, **{"Last-Modified": "Wed, 21 Oct 2015 07:28:00 GMT", "Server": "test"})

    do_POST = do_GET

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Web:
    """Pages over HTTP, or over TLS with a certificate for 127.0.0.1 that signs itself."""

    def __init__(self, tls: Path | None = None) -> None:
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Pages)
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]  # clients leave without a word
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls / "cert.pem", tls / "key.pem")
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.at = f"127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(LIMIT_S)


def make_certificate(folder: Path) -> None:
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                    "/O=Example, Inc./CN=localhost", "-addext", "subjectAltName=DNS:localhost,DNS:www.example.org,IP:127.0.0.1",
                    "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")], check=True, capture_output=True, timeout=LIMIT_S)


class Nginx:
    """HTTP/2 over TLS with compression."""

    def __init__(self, folder: Path, certificate: Path) -> None:
        # It inherits a socket that listens already, so whoever connects waits until it is up.
        self._socket = socket.create_server(("127.0.0.1", 0))
        port = self._socket.getsockname()[1]
        self.at = f"127.0.0.1:{port}"
        (folder / "index.html").write_bytes(PAGE * 100)
        temporary = "".join(f"{each}_temp_path {folder}/{each};" for each in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (folder / "nginx.conf").write_text(
            f"daemon off; pid {folder}/pid; error_log stderr error; {'user root;' if os.geteuid() == 0 else ''} events {{}} http {{ {temporary} "
            f"access_log off; gzip on; gzip_types *; gzip_min_length 1; server {{ listen 127.0.0.1:{port} ssl http2; root {folder}; "
            f"ssl_certificate {certificate}/cert.pem; ssl_certificate_key {certificate}/key.pem; }} }}")
        self._program = Program(NGINX, "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf"), folder=folder,
                                env={"NGINX": f"{self._socket.fileno()};"}, kept=(self._socket.fileno(),))
        # A signal that comes before it has its workers would be lost.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with socket.create_connection(("127.0.0.1", port), LIMIT_S) as plain, context.wrap_socket(plain):
            pass

    def close(self) -> None:
        self._program.close()
        self._socket.close()


class Banner:
    """Greets as an SSH server does, and takes one line."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.at = "127.0.0.1:%d" % self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._greet, args=(client,), daemon=True).start()

    @staticmethod
    def _greet(client: socket.socket) -> None:
        with client:
            try:
                client.sendall(b"SSH-2.0-test\r\n")
                client.recv(1024)
            except OSError:
                pass

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(LIMIT_S)


class Socks:
    """microsocks with a login."""

    def __init__(self, folder: Path, user: str, password: str) -> None:
        port = free_port()
        self.at = f"127.0.0.1:{port}"
        self._program = Program(MICROSOCKS, "-i", "127.0.0.1", "-p", str(port), "-u", user, "-P", password, folder=folder)
        # It says nothing when it is up, and takes no socket that listens already. From another address, for a socket could meet itself at a
        # port where nobody listens.
        last = time.monotonic() + LIMIT_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), LIMIT_S, source_address=("127.0.0.2", 0)).close()
                return
            except ConnectionRefusedError:
                if time.monotonic() > last:
                    raise

    def close(self) -> None:
        self._program.close()


class Names:
    """nsd with the zone example.org."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        self.at = f"127.0.0.1:{port}"
        (folder / "zone").write_text("$TTL 300\n@ IN SOA ns admin 2024010203 3600 600 86400 300\n@ IN NS ns\nns IN A 127.0.0.1\n"
                                     "www IN A 192.0.2.1\nwww IN A 192.0.2.2\n")
        (folder / "nsd.conf").write_text(f'server:\n  ip-address: 127.0.0.1@{port}\n  zonesdir: "{folder}"\n  username: ""\n  chroot: ""\n'
                                         f'  pidfile: "{folder}/nsd.pid"\n  database: ""\n  xfrdfile: ""\n  zonelistfile: "{folder}/zones"\n'
                                         "remote-control:\n  control-enable: no\nzone:\n  name: example.org\n  zonefile: zone\n")
        self._program = Program(NSD, "-d", "-c", str(folder / "nsd.conf"), folder=folder)
        self._program.wait_for("nsd started")

    def close(self) -> None:
        self._program.close()


def refusing() -> str:
    """A place where nobody listens."""
    return f"127.0.0.1:{free_port()}"
