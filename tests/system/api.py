"""A client of the REST API over one kept connection, and a reader of event streams."""

import http.client
import json
import ssl
from collections.abc import Iterator
from typing import Any, NamedTuple

from surroundings import LIMIT_S


class Answer(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def code(self) -> str:
        """The stable code of a refusal."""
        return str(self.json["code"])


class Event(NamedTuple):
    name: str
    data: Any
    id: int | None


class Api:
    """One thread, one connection."""

    def __init__(self, address: str, token: str = "", tls: ssl.SSLContext | None = None) -> None:
        host, _, port = address.rpartition(":")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        if tls is None:
            self._wire = http.client.HTTPConnection(host, int(port), timeout=LIMIT_S)
        else:
            self._wire = http.client.HTTPSConnection(host, int(port), timeout=LIMIT_S, context=tls)

    def close(self) -> None:
        self._wire.close()

    def __enter__(self) -> "Api":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __call__(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None,
                 expect: int | None = None) -> Answer:
        sent = {**self._headers, **(headers or {})}
        text = None
        if body is not None:
            text = body if isinstance(body, str) else json.dumps(body)
            sent.setdefault("Content-Type", "application/json")
        self._wire.request(method, path, text, sent)
        got = self._wire.getresponse()
        answer = Answer(got.status, got.headers, got.read().decode())
        if expect is not None and answer.status != expect:
            raise AssertionError(f"{method} {path} was answered with {answer.status}, not {expect}: {answer.text}")
        return answer

    def get(self, path: str) -> Any:
        return self("GET", path, expect=200).json

    def items(self, path: str) -> list[Any]:
        """All pages of a list."""
        found: list[Any] = []
        cursor = ""
        while True:
            page = self.get(path + ("&" if "?" in path else "?") + "limit=1000" + (f"&cursor={cursor}" if cursor else ""))
            found += page["items"]
            cursor = page.get("next")
            if not cursor:
                return found

    def submit(self, body: dict[str, Any]) -> str:
        """Submits a job that must be accepted; its id."""
        return str(self("POST", "/api/v1/jobs", body, expect=202).json["id"])

    def ended(self, job: str) -> Any:
        """The job once it has ended."""
        while True:
            shown = self.get(f"/api/v1/jobs/{job}?wait=60s")
            if shown["state"] not in ("queued", "running"):
                return shown

    def run(self, device: str, *commands: str, **more: Any) -> Any:
        """Runs commands on a device; the ended job."""
        return self.ended(self.submit({"device": device, "commands": list(commands), **more}))

    def stream(self, path: str, headers: dict[str, str] | None = None) -> Iterator[Event]:
        """Events as they come, until the server ends the stream. Takes the connection for itself."""
        self._wire.request("GET", path, headers={**self._headers, "Accept": "text/event-stream", **(headers or {})})
        got = self._wire.getresponse()
        if got.status != 200:
            raise AssertionError(f"GET {path} was answered with {got.status}: {got.read().decode()}")
        name, data, number = "message", [], None
        while line := got.readline():
            field, _, value = line.decode().rstrip("\r\n").partition(":")
            value = value.removeprefix(" ")
            if field == "event":
                name = value
            elif field == "data":
                data.append(value)
            elif field == "id":
                number = int(value)
            elif field == "" and data and not value:
                yield Event(name, json.loads("\n".join(data)), number)
                name, data, number = "message", [], None
