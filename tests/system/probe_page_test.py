"""/probe in the place of blackbox_exporter: both measure the same servers, and Prometheus scrapes it with the configuration of
blackbox_exporter's own guide."""

import http.client
import http.server
import json
import os
import re
import shutil
import socket
import threading
import unittest
import urllib.parse
from pathlib import Path

import probe_targets
from daemon import Daemon
from programs import Program, free_port
from surroundings import LIMIT_S, MetricsTest, main

EXPORTER = shutil.which("prometheus-blackbox-exporter")
PROMETHEUS = shutil.which("prometheus")
SERIES = re.compile(r"^([a-z_]+)(?:\{(.*)\})? (\S+)$")
LABEL = re.compile(r'([a-z0-9_]+)="((?:[^"\\]|\\.)*)"')
# What the clock decides.
TIMES = re.compile(r"_duration_seconds$|_lookup_time_seconds$")

MODULES = """
modules:
  web: {prober: http, timeout: 5s}
  web_ip4_only: {prober: http, http: {preferred_ip_protocol: ip4, ip_protocol_fallback: false}}
  web_missing: {prober: http, http: {valid_status_codes: [404]}}
  web_stays: {prober: http, http: {follow_redirects: false, valid_status_codes: [302]}}
  web_post: {prober: http, http: {method: POST, body: '{}'}}
  web_body: {prober: http, http: {fail_if_body_not_matches_regexp: ['^hello.*page$']}}
  web_body_fails: {prober: http, http: {fail_if_body_matches_regexp: [hello]}}
  web_header_fails: {prober: http, http: {fail_if_header_matches: [{header: Server, regexp: '^te'}]}}
  web_header_missing: {prober: http, http: {fail_if_header_not_matches: [{header: X-None, regexp: a}]}}
  web_compressed: {prober: http, http: {compression: gzip}}
  web_encoding: {prober: http, http: {headers: {Accept-Encoding: gzip}}}
  web_login: {prober: http, http: {basic_auth: {username: me, password: secret}}}
  web_wrong_login: {prober: http, http: {basic_auth: {username: me, password: wrong}}}
  web_token: {prober: http, http: {bearer_token: wrong}}
  web_other_scheme: {prober: http, http: {authorization: {type: Token, credentials: wrong}}}
  web_own_header: {prober: http, http: {headers: {Authorization: Basic bWU6c2VjcmV0}}}
  web_own_header_and_token: {prober: http, http: {headers: {Authorization: Basic bWU6c2VjcmV0}, bearer_token: wrong}}
  web_not_utf8: {prober: http, http: {fail_if_body_not_matches_regexp: ['^caf. (.*)cr.me$']}}
  web_socks: {prober: http, http: {proxy_url: 'socks5://me:secret@SOCKS', skip_resolve_phase_with_proxy: true, tls_config: {insecure_skip_verify: true}}}
  web_socks_refused: {prober: http, http: {proxy_url: 'socks5://me:wrong@SOCKS', skip_resolve_phase_with_proxy: true}}
  web_host: {prober: http, http: {fail_if_body_not_matches_regexp: ['^www\\.example\\.org$']}}
  web_old: {prober: http, http: {valid_http_versions: [HTTP/1.0]}}
  web_tls_only: {prober: http, http: {fail_if_not_ssl: true}}
  web_any_cert: {prober: http, http: {tls_config: {insecure_skip_verify: true}}}
  web_gzip_any_cert: {prober: http, http: {compression: gzip, tls_config: {insecure_skip_verify: true}}}
  web_http1_any_cert: {prober: http, http: {enable_http2: false, tls_config: {insecure_skip_verify: true}}}
  web_http2_only: {prober: http, http: {valid_http_versions: [HTTP/2.0], tls_config: {insecure_skip_verify: true}}}
  web_no_tls: {prober: http, http: {fail_if_ssl: true, tls_config: {insecure_skip_verify: true}}}
  web_known_cert: {prober: http, http: {tls_config: {ca_file: FOLDER/cert.pem}}}
  tcp: {prober: tcp}
  ssh: {prober: tcp, tcp: {query_response: [{expect: '^SSH-2\\.0-(.*)$', send: 'hello $1'}]}}
  ssh_wrong: {prober: tcp, tcp: {query_response: [{expect: '^SSH-1', send: x}]}, timeout: 1s}
  tls: {prober: tcp, tcp: {tls: true, tls_config: {insecure_skip_verify: true}}}
  tls_known: {prober: tcp, tcp: {tls: true, tls_config: {ca_file: FOLDER/cert.pem, server_name: www.example.org}}}
  tls_unnamed: {prober: tcp, tcp: {tls: true, tls_config: {ca_file: FOLDER/cert.pem}}}
  tls_other_name: {prober: tcp, tcp: {tls: true, tls_config: {ca_file: FOLDER/cert.pem, server_name: other.example.org}}}
  tls_unknown: {prober: tcp, tcp: {tls: true}}
  ping: {prober: icmp, timeout: 1s}
  ping_large: {prober: icmp, icmp: {payload_size: 1000, ttl: 7}}
  dns: {prober: dns, dns: {query_name: www.example.org, query_type: A}}
  dns_tcp: {prober: dns, dns: {query_name: www.example.org, query_type: A, transport_protocol: tcp}}
  dns_soa: {prober: dns, dns: {query_name: example.org, query_type: SOA}}
  dns_soa_none: {prober: dns, dns: {query_name: www.example.org, query_type: SOA}}
  dns_any: {prober: dns, dns: {query_name: example.org}}
  dns_none: {prober: dns, dns: {query_name: none.example.org, query_type: A}}
  dns_none_is_right: {prober: dns, dns: {query_name: none.example.org, query_type: A, valid_rcodes: [NXDOMAIN]}}
  dns_record:
    prober: dns
    dns:
      query_name: www.example.org
      query_type: A
      validate_answer_rrs: {fail_if_not_matches_regexp: ["^www\\\\.example\\\\.org\\\\.\\t300\\tIN\\tA\\t192\\\\.0\\\\.2\\\\.[12]$"]}
  dns_record_fails: {prober: dns, dns: {query_name: www.example.org, query_type: A, validate_answer_rrs: {fail_if_matches_regexp: ['2$']}}}
"""


def get(address: str, path: str, headers: dict[str, str] | None = None) -> tuple[int, str]:
    host, _, port = address.rpartition(":")
    wire = http.client.HTTPConnection(host, int(port), timeout=LIMIT_S)
    try:
        wire.request("GET", path, headers=headers or {})
        answer = wire.getresponse()
        return answer.status, answer.read().decode()
    finally:
        wire.close()


def probe(address: str, module: str, target: str, **more: str) -> str:
    status, page = get(address, "/probe?" + urllib.parse.urlencode({"module": module, "target": target, **more}),
                       {"X-Prometheus-Scrape-Timeout-Seconds": "10"})
    if status != 200:
        raise AssertionError(f"{address} answered {module} of {target} with {status}: {page}")
    return page


def series_of(page: str) -> dict[tuple[str, str, tuple[tuple[str, str], ...]], float]:
    """By name, type and labels."""
    types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", page, re.MULTILINE))
    found = {}
    for line in page.splitlines():
        if line and not line.startswith("#"):
            parts = SERIES.match(line)
            assert parts is not None, line
            found[(parts[1], types[parts[1]], tuple(sorted(LABEL.findall(parts[2] or ""))))] = float(parts[3])
    return found


def as_debian(found: dict[tuple[str, str, tuple[tuple[str, str], ...]], float]) -> dict[tuple[str, str, tuple[tuple[str, str], ...]], float]:
    """Without the label that its blackbox_exporter does not have yet."""
    return {(name, kind, tuple(each for each in labels if each[0] != "serialnumber")): value for (name, kind, labels), value in found.items()}


class Page(MetricsTest):
    def setUp(self) -> None:
        super().setUp()
        probe_targets.make_certificate(self.scratch)
        self.modules = self.scratch / "blackbox.yml"
        self.modules.write_text(MODULES.replace("FOLDER", str(self.scratch)).replace("SOCKS", self.socks()))
        self.web = self.closed_later(probe_targets.Web())

    def socks(self) -> str:
        """Where the SOCKS proxy of the modules is."""
        return probe_targets.refusing()

    def folder(self, name: str) -> Path:
        made = self.scratch / name
        made.mkdir()
        return made

    def closed_later(self, thing):
        self.addCleanup(thing.close)
        return thing

    def daemon(self, **exporter: object) -> Daemon:
        made = Daemon(self.scratch / "ferrule", {"exporter": exporter})
        return self.closed_later(made)


@unittest.skipIf(EXPORTER is None, "prometheus-blackbox-exporter is not installed")
@unittest.skipUnless(Path(probe_targets.NSD).exists(), "nsd is not installed")
@unittest.skipUnless(Path(probe_targets.NGINX).exists(), "nginx is not installed")
@unittest.skipUnless(Path(probe_targets.MICROSOCKS).exists(), "microsocks is not installed")
class SameAsTheOriginal(Page):
    def socks(self) -> str:
        return self.closed_later(probe_targets.Socks(self.scratch, "me", "secret")).at

    def setUp(self) -> None:
        super().setUp()
        self.secure = self.closed_later(probe_targets.Web(self.scratch))
        self.banner = self.closed_later(probe_targets.Banner())
        self.names = self.closed_later(probe_targets.Names(self.folder("names")))
        self.nginx = self.closed_later(probe_targets.Nginx(self.folder("nginx"), self.scratch))
        self.theirs = f"127.0.0.1:{free_port()}"
        assert EXPORTER is not None
        self.closed_later(Program(EXPORTER, f"--config.file={self.modules}", f"--web.listen-address={self.theirs}",
                                  folder=self.scratch)).wait_for("Listening on")
        self.ours = self.daemon(modules=str(self.modules), access="anonymous").start().address

    def cases(self) -> list[tuple[str, str]]:
        web, secure, ssh, dns, nobody = self.web.at, f"https://{self.secure.at}", self.banner.at, self.names.at, probe_targets.refusing()
        unknown = "no-such-name.invalid"
        all_of_them = [
            ("web", web), ("web", f"http://{web}/?a=b"), ("web", f"{web}/moved"), ("web", f"{web}/missing"), ("web", f"{web}/unannounced"),
            ("web", nobody), ("web", unknown), ("web", "http://a b"), ("web", f"{web}/a b"), ("web", f"{web}/{'long' * 700}"), ("web", secure), ("web", f"http://me:secret@{web}/private"),
            ("web_ip4_only", web), ("web_ip4_only", "http://[::1]:1"), ("web_missing", f"{web}/missing"), ("web_stays", f"{web}/moved"),
            ("web_post", web), ("web_body", web), ("web_body_fails", web), ("web_body_fails", f"{web}/missing"), ("web_header_fails", web),
            ("web_header_missing", web), ("web_encoding", web), ("web_login", f"{web}/private"),
            ("web_login", f"http://me:wrong@{web}/private"), ("web_token", f"{web}/private"), ("web_own_header", f"http://me:wrong@{web}/private"),
            *((each, f"http://me:secret@{web}/private") for each in ("web_wrong_login", "web_token", "web_other_scheme")),
            ("web_own_header_and_token", f"{web}/private"), ("web_not_utf8", f"{web}/latin1"), ("web_socks", web), ("web_socks", nobody),
            ("web_socks", f"https://{self.nginx.at}"), ("web_socks_refused", web),
            ("web_wrong_login", f"{web}/private"),
            ("web_old", web), ("web_tls_only", web), ("web_tls_only", nobody), ("web_any_cert", secure), ("web_any_cert", f"{secure}/moved"),
            ("web_any_cert", f"https://{self.nginx.at}"), ("web_gzip_any_cert", f"https://{self.nginx.at}"),
            ("web_http1_any_cert", f"https://{self.nginx.at}"), ("web_http2_only", f"https://{self.nginx.at}"), ("web_http2_only", secure),
            ("web_no_tls", secure), ("web_known_cert", secure), ("web_known_cert", web),
            ("tcp", ssh), ("tcp", nobody), ("tcp", f"{unknown}:1"), ("tcp", "127.0.0.1"), ("ssh", ssh), ("ssh", nobody), ("ssh_wrong", ssh),
            ("tls", self.secure.at), ("tls", nobody), ("tls_known", self.secure.at), ("tls_other_name", self.secure.at),
            ("tls_unknown", self.secure.at),
            ("dns", dns), ("dns", nobody), ("dns", unknown), ("dns_tcp", dns), ("dns_tcp", nobody), ("dns_soa", dns), ("dns_soa_none", dns),
            ("dns_any", dns), ("dns_none", dns), ("dns_none_is_right", dns), ("dns_record", dns), ("dns_record_fails", dns)]
        if os.geteuid() == 0:  # neither of them may send otherwise
            all_of_them += [("ping", "127.0.0.1"), ("ping", "::1"), ("ping", unknown), ("ping_large", "127.0.0.1")]
        return all_of_them

    def test_the_same_series_for_the_same_target(self) -> None:
        pages = []
        for module, target in self.cases():
            with self.subTest(module=module, target=target):
                ours = probe(self.ours, module, target)
                self.assertNotIn('serialnumber=""', ours)
                got, wanted = as_debian(series_of(ours)), series_of(probe(self.theirs, module, target))
                pages.append(ours)
                self.assertEqual(sorted(got), sorted(wanted))
                steady = [each for each in wanted if not TIMES.search(each[0])]
                self.assertEqual({each: got[each] for each in steady}, {each: wanted[each] for each in steady})
        web = self.web.at
        for module, target, up in (("web_socks", web, 1), ("web_socks", f"https://{self.nginx.at}", 1), ("web_socks_refused", web, 0),
                                   ("web_login", f"http://me:wrong@{web}/private", 0), ("web_wrong_login", f"http://me:secret@{web}/private", 1),
                                   ("web_other_scheme", f"http://me:secret@{web}/private", 1), ("web_own_header", f"http://me:wrong@{web}/private", 1),
                                   ("web_not_utf8", f"{web}/latin1", 1), ("web", f"{web}/a b", 1)):
            with self.subTest("what is up", module=module, target=target):
                self.assertIn(f"\nprobe_success {up}\n", probe(self.ours, module, target))
        with self.subTest("what an answer that is not compressed is worth"):
            got, wanted = (as_debian(series_of(probe(each, "web_compressed", self.web.at))) for each in (self.ours, self.theirs))
            self.assertEqual((sorted(got), got[("probe_success", "gauge", ())]), (sorted(wanted), 0))
        with self.subTest("the name of the host"):
            for each in (self.ours, self.theirs):
                self.assertIn("\nprobe_success 1\n", probe(each, "web_host", f"{self.web.at}/host", hostname="www.example.org"))
                self.assertIn("\nprobe_success 0\n", probe(each, "web_host", f"{self.web.at}/host"))
            for name, up in (("www.example.org", 1), ("other.example.org", 0)):  # Debian's version passes it over
                self.assertIn(f"\nprobe_success {up}\n", probe(self.ours, "tls_unnamed", self.secure.at, hostname=name))
        for page in pages:
            self.assert_clean(page, "probe_success")

    def test_the_same_refusals(self) -> None:
        for path in ("/probe", "/probe?target=", "/probe?target=a&module=none"):
            with self.subTest(path):
                self.assertEqual([get(each, path)[0] for each in (self.ours, self.theirs)], [400, 400])


class Files(Page):
    def test_the_files_that_debian_ships_are_taken_but_for_grpc(self) -> None:
        shipped = [Path("/etc/prometheus/blackbox.yml"), Path("/usr/share/doc/prometheus-blackbox-exporter/examples/example.yml")]
        there = [each for each in shipped if each.exists()]
        if not there:
            self.skipTest("prometheus-blackbox-exporter is not installed")
        for file in there:
            copy = self.scratch / "copy.yml"
            shutil.copy(file, copy)
            config = self.scratch / "check.yaml"
            config.write_text(json.dumps({"exporter": {"modules": str(copy), "unsupported": "leave_out"}}))
            checked = self.run_program(str(self.daemon().program), "check-config", str(config))
            self.assertNotIn("error", checked.stderr)
            if "grpc" in copy.read_text():
                self.assertRegex(checked.stderr, r"the module grpc is left out: .*copy\.yml:\d+:\d+: modules\.grpc\.prober: ")

    def test_a_bad_file_stops_the_start_and_a_bad_reload_changes_nothing(self) -> None:
        self.modules.write_text("modules:\n  rpc: {prober: grpc}\n  web: {prober: http, http: {methd: GET}}\n")
        daemon = self.daemon(modules=str(self.modules), access="anonymous")
        daemon.spawn()
        self.assertNotEqual(daemon.wait(), 0)
        self.assertIn(f"{self.modules}:2:17: modules.rpc.prober: blackbox_exporter has the prober grpc and Ferrule has not", daemon.all_log)
        self.assertIn(f"{self.modules}:3:30: modules.web.http.methd: unknown key; did you mean \"method\"?", daemon.all_log)

        self.modules.write_text("modules:\n  web: {prober: http}\n")
        daemon.start()
        self.assertIn("\nprobe_success 1\n", probe(daemon.address, "web", self.web.at))
        self.modules.write_text("modules:\n  page: {prober: htpt}\n")
        with daemon.api() as api:
            refused = api("POST", "/api/v1/probes/modules/reload", expect=422)
            self.assertEqual(refused.code, "invalid_modules")
            self.assertIn(f'{self.modules}:2:18: modules.page.prober: "htpt" is not one of', refused.json["detail"])
            self.assertIn("\nprobe_success 1\n", probe(daemon.address, "web", self.web.at))
            self.modules.write_text("modules:\n  page: {prober: http}\n")
            api("POST", "/api/v1/probes/modules/reload", expect=200)
        self.assertIn("\nprobe_success 1\n", probe(daemon.address, "page", self.web.at))
        self.assertEqual(get(daemon.address, f"/probe?module=web&target={self.web.at}")[0], 400)

    def test_a_token_in_a_file_is_read_for_each_probe(self) -> None:
        token = self.scratch / "password"
        self.modules.write_text("modules:\n  web: {prober: http, http: {basic_auth: {username: me, password_file: password}}}\n")
        daemon = self.daemon(modules=str(self.modules), access="anonymous").start()
        target = f"{self.web.at}/private"
        self.assertIn("\nprobe_success 0\n", probe(daemon.address, "web", target), "there is no file yet")
        token.write_text("wrong\n")
        self.assertIn("\nprobe_http_status_code 401\n", probe(daemon.address, "web", target))
        token.write_text("secret\n")
        self.assertIn("\nprobe_success 1\n", probe(daemon.address, "web", target))
        self.assertNotIn("secret", daemon.all_log)


class Leaving(Page):
    def test_a_caller_that_goes_away_ends_its_probe_and_makes_room_for_another(self) -> None:
        self.modules.write_text("modules:\n  quiet: {prober: tcp, tcp: {query_response: [{expect: never}]}}\n  web: {prober: http}\n")
        daemon = self.daemon(modules=str(self.modules), access="anonymous", max_running=1).start()
        host, _, port = daemon.address.rpartition(":")
        silent = self.closed_later(socket.create_server(("127.0.0.1", 0)))
        silent.settimeout(LIMIT_S)
        for leave_with in (socket.SHUT_WR, socket.SHUT_RDWR):
            with self.subTest(leave_with), socket.create_connection((host, int(port)), LIMIT_S) as caller:
                caller.sendall(b"GET /probe?module=quiet&target=127.0.0.1:%d HTTP/1.1\r\nHost: a\r\n\r\n" % silent.getsockname()[1])
                target, _ = silent.accept()
                with target:
                    target.settimeout(LIMIT_S)
                    self.assertEqual(get(daemon.address, f"/probe?module=web&target={self.web.at}")[0], 503, "one runs, and no more may")
                    caller.shutdown(leave_with)
                    try:
                        self.assertEqual(target.recv(1), b"")  # two minutes before the time of the probe is over
                    except ConnectionResetError:
                        pass
                self.assertIn("\nprobe_success 1\n", probe(daemon.address, "web", self.web.at))
        with daemon.api() as api:
            page = api("GET", "/metrics", expect=200).text
        self.assert_clean(page, "ferrule_exporter_refused_total", "ferrule_exporter_probes_running", "ferrule_exporter_local_failures_total")


class Written(http.server.BaseHTTPRequestHandler):
    """Takes what Prometheus writes after each scrape, as the sign that there is something new to ask for."""

    arrived: threading.Condition

    def do_POST(self) -> None:  # noqa: N802, the name is http.server's
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()
        with self.arrived:
            self.arrived.notify_all()

    def log_message(self, *_: object) -> None:
        pass


@unittest.skipIf(PROMETHEUS is None, "prometheus is not installed")
class Scraped(Page):
    def prometheus(self, scrape: str) -> tuple[str, threading.Condition]:
        """Prometheus with this scrape configuration, and what is notified after samples have come."""
        arrived = threading.Condition()
        handler = type("Handler", (Written,), {"arrived": arrived})
        sink = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        thread = threading.Thread(target=sink.serve_forever, daemon=True)
        thread.start()
        self.addCleanup(thread.join, LIMIT_S)
        self.addCleanup(sink.server_close)
        self.addCleanup(sink.shutdown)
        config = self.scratch / "prometheus.yml"
        config.write_text(f"global: {{scrape_interval: 1s}}\nremote_write:\n  - url: http://127.0.0.1:{sink.server_port}/\n"
                          f"    queue_config: {{batch_send_deadline: 100ms}}\nscrape_configs:\n{scrape}")
        address = f"127.0.0.1:{free_port()}"
        assert PROMETHEUS is not None
        self.closed_later(Program(PROMETHEUS, f"--config.file={config}", f"--storage.tsdb.path={self.scratch}/tsdb",
                                  f"--web.listen-address={address}", folder=self.scratch)).wait_for("Server is ready to receive web requests")
        return address, arrived

    def query(self, address: str, expression: str) -> dict[str, float]:
        """Values by instance."""
        status, text = get(address, "/api/v1/query?" + urllib.parse.urlencode({"query": expression}))
        self.assertEqual(status, 200, text)
        return {each["metric"].get("instance", ""): float(each["value"][1]) for each in json.loads(text)["data"]["result"]}

    def wait_for(self, address: str, arrived: threading.Condition, expression: str, wanted: dict[str, float]) -> None:
        with arrived:
            if not arrived.wait_for(lambda: self.query(address, expression) == wanted, LIMIT_S):
                self.fail(f"{expression} is {self.query(address, expression)}, not {wanted}")

    # As in blackbox_exporter's own README, but for the addresses.
    SCRAPE = """  - job_name: blackbox
    metrics_path: /probe
    params:
      module: [http_2xx]
    static_configs:
      - targets:
        - http://GOOD
        - http://BAD/missing
    relabel_configs:
      - source_labels: [__address__]
        target_label: __param_target
      - source_labels: [__param_target]
        target_label: instance
      - target_label: __address__
        replacement: EXPORTER
"""

    def test_an_unchanged_scrape_configuration(self) -> None:
        daemon = self.daemon(access="anonymous").start()
        scrape = self.SCRAPE.replace("GOOD", self.web.at).replace("BAD", self.web.at).replace("EXPORTER", daemon.address)
        address, arrived = self.prometheus(scrape)
        good, bad = f"http://{self.web.at}", f"http://{self.web.at}/missing"
        self.wait_for(address, arrived, "probe_success", {good: 1, bad: 0})
        self.wait_for(address, arrived, "probe_http_status_code", {good: 200, bad: 404})
        self.wait_for(address, arrived, 'up{job="blackbox"}', {good: 1, bad: 1})
        self.wait_for(address, arrived, "count by (instance) (probe_http_duration_seconds)", {good: 5, bad: 5})

    def test_a_scrape_with_a_token(self) -> None:
        daemon = self.daemon(access="viewer").start()
        with daemon.api() as api:
            token = api("POST", "/api/v1/tokens", {"name": "prometheus", "role": "viewer"}, expect=201).json["token"]
        self.assertEqual(get(daemon.address, f"/probe?target={self.web.at}")[0], 401)
        (self.scratch / "token").write_text(token)
        scrape = self.SCRAPE.replace("GOOD", self.web.at).replace("BAD", self.web.at).replace("EXPORTER", daemon.address)
        address, arrived = self.prometheus(scrape + f"    authorization: {{credentials_file: {self.scratch}/token}}\n")
        self.wait_for(address, arrived, "probe_success", {f"http://{self.web.at}": 1, f"http://{self.web.at}/missing": 0})


if __name__ == "__main__":
    main()
