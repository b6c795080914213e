"""Somebody between agents and their controller who has stolen the keys of both: what they say passes through here, and what the
controller says can be kept, changed, held back and said again.

Each connection has two TLS ends and a thread for each direction. From the agent bytes pass as they are; from the controller messages are
read, so that a test can judge them.
"""

import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from surroundings import LIMIT_S

TEXT, CONTINUED, FINAL = 1, 0, 0x80


class Relay:
    """Between an agent, whose key it has, and the controller at `port`; as a server it shows the certificate in `own`."""

    def __init__(self, own: Path, authority: Path, identity: Path, port: int) -> None:
        self._server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._server.load_cert_chain(own / "cert.pem", own / "key.pem")
        self._server.load_verify_locations(authority / "ca.pem")
        self._server.verify_mode = ssl.CERT_REQUIRED
        self._client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._client.check_hostname = False
        self._client.load_verify_locations(authority / "ca.pem")
        self._client.load_cert_chain(identity)
        self._to = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self.judge: Callable[[dict[str, Any]], dict[str, Any] | None] = lambda message: message
        self.heard: list[dict[str, Any]] = []
        self._changed = threading.Condition()
        self._agent: ssl.SSLSocket | None = None
        self._open: list[ssl.SSLSocket] = []
        self._writing = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listening.close()
        with self._changed:
            for each in self._open:
                _end(each)

    def say(self, body: dict[str, Any], kind: str = "command") -> None:
        """To the agent, as if the controller had said it."""
        assert self._agent is not None
        self._send(self._agent, json.dumps({"kind": kind, "body": body}).encode())

    def order(self, task_of: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The body of the first order from the controller that is meant; waits for it."""

        def first() -> dict[str, Any] | None:
            return next((each["body"] for each in self.heard if each["kind"] == "command" and task_of(each["body"])), None)

        with self._changed:
            self._changed.wait_for(lambda: first() is not None, LIMIT_S)
            found = first()
        if found is None:
            raise AssertionError(f"no such order has come; there were {[each['kind'] for each in self.heard]}")
        return found

    def _accept(self) -> None:
        while True:
            try:
                plain, _ = self._listening.accept()
                agent = self._server.wrap_socket(plain, server_side=True)
                controller = self._client.wrap_socket(socket.create_connection(("127.0.0.1", self._to), timeout=LIMIT_S))
            except ssl.SSLError:
                continue
            except OSError:
                return
            controller.settimeout(None)
            with self._changed:
                self._open += [agent, controller]
            threading.Thread(target=self._pass, args=(agent, controller), daemon=True).start()
            threading.Thread(target=self._listen, args=(controller, agent), daemon=True).start()

    @staticmethod
    def _pass(agent: ssl.SSLSocket, controller: ssl.SSLSocket) -> None:
        try:
            while got := agent.recv(65536):
                controller.sendall(got)
        except OSError:
            pass
        _end(agent)
        _end(controller)

    def _listen(self, controller: ssl.SSLSocket, agent: ssl.SSLSocket) -> None:
        try:
            said = controller.makefile("rb")
            while (line := said.readline()) not in (b"\r\n", b""):  # the answer to the upgrade
                agent.sendall(line)
            agent.sendall(b"\r\n")
            self._agent = agent
            text = b""
            while len(head := said.read(2)) == 2:
                size, more = head[1], b""
                if size >= 126:
                    more = said.read(2 if size == 126 else 8)
                    size = int.from_bytes(more, "big")
                payload = said.read(size)
                kind = head[0] & 0x0F
                if kind not in (TEXT, CONTINUED):
                    with self._writing:
                        agent.sendall(head + more + payload)
                    continue
                text = payload if kind == TEXT else text + payload
                if head[0] & FINAL:
                    self._forward(agent, json.loads(text))
        except OSError:
            pass
        _end(agent)
        _end(controller)

    def _forward(self, agent: ssl.SSLSocket, message: dict[str, Any]) -> None:
        with self._changed:
            self.heard.append(message)
            self._changed.notify_all()
        passed = self.judge(message)
        if passed is not None:
            self._send(agent, json.dumps(passed).encode())

    def _send(self, agent: ssl.SSLSocket, payload: bytes) -> None:
        size = bytes([len(payload)]) if len(payload) < 126 else b"\x7e" + struct.pack("!H", len(payload)) \
            if len(payload) < 65536 else b"\x7f" + struct.pack("!Q", len(payload))
        with self._writing:
            agent.sendall(bytes([FINAL | TEXT]) + size + payload)


def _end(wire: ssl.SSLSocket) -> None:
    try:
        wire.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
