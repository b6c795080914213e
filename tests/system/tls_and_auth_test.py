"""Who gets in: TLS from the configuration file, tokens and their roles, limits on requests."""

import http.client
import socket
import ssl
import subprocess
import warnings
from pathlib import Path
from typing import Any

from api import Api
from daemon import Daemon
from surroundings import FERRULE, SystemTest, main


class TlsAndAuth(SystemTest):
    def run_daemon(self, http_settings: dict[str, Any] | None = None, **more: Any) -> Daemon:
        daemon = Daemon(self.scratch / "ferrule", {"http": http_settings or {}, **more})
        self.addCleanup(daemon.close)
        return daemon.start()

    def certificate(self, name: str = "server") -> tuple[Path, Path]:
        cert, key = self.scratch / f"{name}.crt", self.scratch / f"{name}.key"
        self.run_program("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                         "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert))
        return cert, key

    def run_tls(self, **more: Any) -> tuple[Daemon, Path]:
        cert, key = self.certificate()
        return self.run_daemon({"tls": {"cert": str(cert), "key": str(key), **more}}), cert

    def trusting(self, cert: Path, version: ssl.TLSVersion | None = None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(cert))
        if version is not None:
            with warnings.catch_warnings(action="ignore"):  # that the old ones are old is the point
                context.minimum_version = context.maximum_version = version
            context.set_ciphers("ALL:@SECLEVEL=0")
        return context

    def spoken(self, daemon: Daemon, context: ssl.SSLContext) -> str:
        """The version that both agree on; empty when they do not."""
        host, _, port = daemon.address.rpartition(":")
        try:
            with socket.create_connection((host, int(port))) as raw, context.wrap_socket(raw, server_hostname=host) as wire:
                return str(wire.version())
        except (ssl.SSLError, ConnectionError):
            return ""

    def test_the_api_over_tls_for_clients_that_trust_the_certificate(self) -> None:
        daemon, cert = self.run_tls()
        with daemon.api(tls=self.trusting(cert)) as api:
            self.assertEqual(api.get("/api/v1/nodes")["items"][0]["name"], "test")
        with daemon.api(tls=ssl.create_default_context()) as stranger, self.assertRaises(ssl.SSLCertVerificationError):
            stranger.get("/healthz")
        env = daemon.client_env()
        self.assertRegex(self.run_program(str(FERRULE), "node", "list", "--ca-file", str(cert), env=env).stdout, r"(?m)^test ")
        refused = self.run_program(str(FERRULE), "node", "list", env=env, status=4)
        self.assertIn("certificate", refused.stderr.lower())

    def test_plain_http_on_the_tls_port_is_refused(self) -> None:
        daemon, cert = self.run_tls()
        with Api(daemon.address, daemon.token) as plain, self.assertRaises((http.client.HTTPException, ConnectionError)):
            answer = plain("GET", "/healthz")
            if answer.status >= 400:  # an answer that says so is as good
                raise http.client.HTTPException(answer.text)
        with daemon.api(tls=self.trusting(cert)) as api:
            api.get("/healthz")

    def test_versions_of_tls(self) -> None:
        daemon, cert = self.run_tls()
        self.assertEqual(self.spoken(daemon, self.trusting(cert)), "TLSv1.3")
        self.assertEqual(self.spoken(daemon, self.trusting(cert, ssl.TLSVersion.TLSv1_2)), "TLSv1.2")
        self.assertEqual(self.spoken(daemon, self.trusting(cert, ssl.TLSVersion.TLSv1_1)), "")
        daemon.stop()
        daemon.settings["http"]["tls"]["min_version"] = "1.3"
        daemon.start()
        self.assertEqual(self.spoken(daemon, self.trusting(cert, ssl.TLSVersion.TLSv1_2)), "")
        self.assertEqual(self.spoken(daemon, self.trusting(cert)), "TLSv1.3")

    def test_clients_show_a_certificate_where_that_is_asked_for(self) -> None:
        mine, key = self.certificate("client")
        daemon, cert = self.run_tls(client_ca=str(mine))
        context = self.trusting(cert)
        with daemon.api(tls=context) as api, self.assertRaises((ssl.SSLError, ConnectionError, http.client.HTTPException)):
            api.get("/healthz")
        context.load_cert_chain(mine, key)
        with daemon.api(tls=context) as api:
            api.get("/healthz")
        env = {**daemon.client_env(), "FERRULE_TOKEN": daemon.token}
        line = [str(FERRULE), "device", "list", "--ca-file", str(cert)]
        self.assertIn("--cert", self.run_program(*line, status=4, env=env).stderr)
        self.run_program(*line, "--cert", str(mine), "--key", str(key), env=env)
        self.assertIn("--ca-file", self.run_program(*line[:3], status=4, env=env).stderr)
        env["FERRULE_URL"] = env["FERRULE_URL"].replace("https:", "http:")
        self.assertIn("https://", self.run_program(*line[:3], status=4, env=env).stderr)

    def test_a_certificate_without_its_key_is_told_with_the_file(self) -> None:
        cert, _ = self.certificate()
        _, other = self.certificate("other")
        daemon = Daemon(self.scratch / "ferrule", {"http": {"tls": {"cert": str(cert), "key": str(other)}}})
        daemon.spawn()
        self.assertNotEqual(daemon.wait(), 0)
        self.assertRegex(daemon.all_log, r"(server\.crt|other\.key)")

    def test_the_first_token_is_for_its_owner_only_and_made_once(self) -> None:
        daemon = self.run_daemon()
        file = Path(daemon.settings["data_dir"]) / "admin.token"
        self.assertEqual(file.stat().st_mode & 0o777, 0o600)
        self.assertIn(str(file), daemon.all_log)
        first = daemon.token
        self.assertNotIn(first, daemon.all_log)
        daemon.stop()
        daemon.start()
        self.assertEqual(daemon.token, first)
        with daemon.api() as api:
            self.assertEqual([each["role"] for each in api.get("/api/v1/tokens")["items"]], ["admin"])

    def test_each_role_may_do_what_it_is_for(self) -> None:
        daemon = self.run_daemon(devices=[{"name": "r1", "host": "127.0.0.1", "port": 1, "platform": "linux"}])
        tokens: dict[str, str] = {"": ""}
        with daemon.api() as admin:
            for role in ("viewer", "operator", "admin"):
                tokens[role] = admin("POST", "/api/v1/tokens", {"name": role, "role": role}, expect=201).json["token"]
        job = {"device": "r1", "commands": ["true"]}
        login = {"name": "c", "username": "u", "password": "p"}
        requests = [
            ("GET", "/healthz", None, (200, 200, 200, 200)),
            ("GET", "/api/v1/openapi.json", None, (200, 200, 200, 200)),
            ("GET", "/metrics", None, (401, 200, 200, 200)),
            ("GET", "/api/v1/devices", None, (401, 200, 200, 200)),
            ("POST", "/api/v1/jobs", job, (401, 403, 202, 202)),
            ("POST", "/api/v1/devices/r1/test", {}, (401, 403, 200, 200)),
            ("PUT", "/api/v1/credentials/c", login, (401, 403, 403, 201)),
            ("DELETE", "/api/v1/credentials/c", None, (401, 403, 403, 204)),
            ("GET", "/api/v1/tokens", None, (401, 403, 403, 200)),
        ]
        clients = {role: daemon.api(token) for role, token in tokens.items()}
        for method, path, body, wanted in requests:
            got = tuple(client(method, path, body).status for client in clients.values())
            self.assertEqual(got, wanted, f"{method} {path}")
        refused = clients[""]("GET", "/api/v1/devices")
        self.assertEqual(refused.headers["Content-Type"], "application/problem+json")
        self.assertIn("Bearer", refused.headers["WWW-Authenticate"])
        for client in clients.values():
            client.close()

    def test_a_revoked_and_an_expired_token_end_at_once(self) -> None:
        daemon = self.run_daemon()
        with daemon.api() as admin:
            made = admin("POST", "/api/v1/tokens", {"name": "ci", "role": "viewer"}, expect=201).json
            with daemon.api(made["token"]) as api:
                api.get("/api/v1/devices")
                admin("DELETE", f"/api/v1/tokens/{made['id']}", expect=204)
                self.assertEqual(api("GET", "/api/v1/devices").status, 401, "on the connection that was open too")
            short = admin("POST", "/api/v1/tokens", {"name": "short", "role": "viewer", "lifetime": "1ms"}, expect=201).json
            with daemon.api(short["token"]) as api:
                statuses = (api("GET", "/api/v1/devices").status for _ in range(1000))
                self.assertEqual(next(status for status in statuses if status != 200), 401)

    def test_a_client_that_asks_too_often_is_told_when_to_come_back_and_others_are_not_held_up(self) -> None:
        daemon = self.run_daemon({"rate_limit": {"requests_per_second": 1, "burst": 5}})
        with daemon.api() as admin, daemon.api("") as stranger:
            statuses = [admin("GET", "/api/v1/nodes").status for _ in range(20)]
            self.assertEqual(statuses[:5], [200] * 5)
            self.assertIn(429, statuses)
            refused = admin("GET", "/api/v1/nodes")
            if refused.status == 429:
                self.assertGreaterEqual(int(refused.headers["Retry-After"]), 1)
            self.assertEqual(stranger("GET", "/healthz").status, 200)

    def test_a_wrong_configuration_of_tls_never_falls_back_to_plain_http(self) -> None:
        daemon = Daemon(self.scratch / "ferrule", {"http": {"tls": {"cert": str(self.scratch / "none.crt"), "key": str(self.scratch / "none.key")}}})
        daemon.spawn()
        self.assertNotEqual(daemon.wait(), 0)
        self.assertIn("none.crt", daemon.all_log)
        cert, _ = self.certificate()
        daemon.settings["http"]["tls"] = {"cert": str(cert)}
        daemon.write_settings()
        done = subprocess.run([FERRULE, "check-config", daemon.file], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 3, done.stdout)
        self.assertIn("http.tls", done.stderr)


if __name__ == "__main__":
    main()
