"""What probes cost, against the tools that people use for the same."""

import json
import os
import re
import resource
import subprocess
import time
from statistics import median

from figure import Figure, Goal
from servers import Web, blackbox, page, web_server
from workshop import BenchError, Workshop

ROUNDS = 3
STREAMS = 5_000  # the baseline leaves a port waiting for each
STREAMS_AT_ONCE = 16
PROBES = 150_000
AT_ONCE = 4000
BURSTS = 15_000
BURST = 10
SILENT = 15_000  # so many more go where nobody answers
# A network where loopback answers and 198.18.0.0/15 swallows what is sent there: the far end of the cable is not who it is for.
SWALLOWING = ["unshare", *([] if os.geteuid() == 0 else ["--map-root-user"]), "--net", "sh", "-e", "-c",
              "ip link set lo up; ip link add near type veth peer name far; ip link set far up; ip link set near arp off; ip link set near up; "
              'ip address add 198.18.0.1/15 dev near; exec "$@"', "sh"]
CHECKS = 10_000
CHECK_SECONDS = 10


def icmp_exchanges(shop: Workshop) -> list[Figure]:
    targets = shop.folder("icmp") / "targets"
    # As many as fping can number in one sweep.
    targets.write_text("".join(f"127.0.{i // 250}.{i % 250 + 1}\n" for i in range(60_000)))
    single, bursts, lossy, fping = [], [], [], []
    for _ in range(ROUNDS):
        fping.append(_fping(targets))
        single.append(shop.program("icmp_probes", PROBES, 1, AT_ONCE))
        bursts.append(shop.program("icmp_probes", BURSTS, BURST, AT_ONCE))
        lossy.append(shop.program("icmp_probes", PROBES, 1, AT_ONCE, SILENT, within=SWALLOWING))
    for each in single + bursts + lossy:
        if each["lost"] or each["lost_local"] or each["failed"] or each["received"] != each["sent"]:
            raise BenchError(f"packets over loopback were lost: {each}")
    for each in lossy:
        told = {name: each[f"silent_{name}"] for name in ("sent", "lost", "received", "lost_local", "failed")}
        if told != {"sent": SILENT, "lost": SILENT, "received": 0, "lost_local": 0, "failed": 0}:
            raise BenchError(f"of {SILENT} packets that nobody answers, other losses were told: {each}")

    def of(rows: list[dict], what: str) -> float:
        return median(each[what] for each in rows)

    return [
        Figure("icmp_exchanges", of(single, "per_second"), "1/s", of(fping, "per_second"), Goal("value", ">=", 50_000),
               "echo exchanges of single-packet probes through host and plugin, none lost; baseline: one sweep of fping -i0"),
        Figure("icmp_exchanges_bursts", of(bursts, "per_second"), "1/s", of(fping, "per_second"),
               Goal("value", ">=", 50_000), f"the same with bursts of {BURST} packets, 1 ms apart"),
        Figure("icmp_exchanges_beside_losses", of(lossy, "per_second"), "1/s", None, Goal("value", ">=", 50_000),
               f"single packets while {SILENT:,} more go where nobody answers: exactly those are told as lost, in none of the runs any other"),
        Figure("icmp_cpu", of(single, "cpu_us"), "us", of(fping, "cpu_us"), None, "processor time an exchange, host included"),
        Figure("icmp_rtt_under_load", of(single, "load_p99_us"), "us", of(single, "idle_p99_us"), None,
               "p99 of the reported round trips; baseline: the same without load"),
        Figure("icmp_rtt_error", max(of(rows, "load_p99_us") - of(rows, "idle_p99_us") for rows in (single, bursts)), "us",
               None, Goal("value", "<=", 50), "p99 under load less p99 idle, the worse of both kinds"),
    ]


def _fping(targets) -> dict[str, float]:
    command = ["fping", "-q", "-i", "0", "-r", "0", "-t", "1000", "-s", "-f", str(targets)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.monotonic()
    ran = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    seconds = time.monotonic() - begin
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    alive = re.search(r"(\d+) alive", ran.stderr)
    if alive is None:
        raise BenchError(f"fping failed: {ran.stderr.strip()[:200]}")
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"per_second": int(alive[1]) / seconds, "cpu_us": used / int(alive[1]) * 1e6}


def check_lag(shop: Workshop) -> list[Figure]:
    rounds = [shop.program("check_lag", CHECKS, CHECK_SECONDS) for _ in range(ROUNDS)]
    for each in rounds:
        if each["icmp_missed"] or each["runner_missed"]:
            raise BenchError(f"ticks were missed: {each}")

    def of(what: str) -> float:
        return median(each[what] for each in rounds)

    return [
        Figure("check_lag", of("icmp_lag_p99_us") / 1000, "ms", of("timers_lag_p99_us") / 1000, Goal("value", "<=", 5),
               f"p99, {CHECKS:,} checks a second over icmp; baseline: a timer each, which measures nothing"),
        Figure("check_lag_schedule", of("runner_lag_p99_us") / 1000, "ms", of("timers_lag_p99_us") / 1000, Goal("value", "<=", 5),
               "p99, the same with a probe that answers at once"),
        Figure("check_cpu_schedule", of("runner_cpu") * 100, "%", of("timers_cpu") * 100, None, "of a core, for the same"),
    ]


def _modules(web: Web) -> dict[str, object]:
    family = {"preferred_ip_protocol": "ip4"}
    return {"tcp": {"prober": "tcp", "timeout": "5s"}, "http": {"prober": "http", "timeout": "5s", "http": family},
            "https": {"prober": "http", "timeout": "5s", "http": family | {"tls_config": {"ca_file": str(web.ca_file)}}}}


def probe_cpu(shop: Workshop) -> list[Figure]:
    figures = []
    with web_server(shop) as web:
        with blackbox(shop, _modules(web)) as other:
            trust = {"ca_file": str(web.ca_file)}
            for name, plugin, target, theirs, goal, what in (
                    ("tcp", "tcp", {"host": "127.0.0.1", "port": web.http}, f"127.0.0.1:{web.http}", 0.2,
                     "connect and close"),
                    ("http", "http", {"url": f"http://127.0.0.1:{web.http}/"}, f"http://127.0.0.1:{web.http}/", 0.25,
                     "a page"),
                    ("https", "http", {"url": f"https://127.0.0.1:{web.https}/", "tls_config": trust},
                     f"https://127.0.0.1:{web.https}/", 0.6, "a page over TLS 1.3, P-256, full handshake")):
                ours, base = [], []
                for _ in range(ROUNDS):
                    base.append(other.probe(name, theirs, STREAMS, STREAMS_AT_ONCE))
                    ours.append(shop.program("probe_load", plugin, json.dumps(target), STREAMS, STREAMS_AT_ONCE))
                if any(each["failed"] for each in ours):
                    raise BenchError(f"probes of {name} failed: {ours}")
                figures.append(Figure(f"probe_cpu_{name}", median(each["cpu_us"] for each in ours), "us",
                                      median(each["cpu_us"] for each in base), Goal("ratio", "<=", goal),
                                      f"processor time a probe, host included: {what}; baseline: blackbox_exporter"))
    return figures


def probe_page(shop: Workshop) -> list[Figure]:
    figures = []
    with web_server(shop) as web, blackbox(shop, _modules(web)) as other, page(shop, _modules(web)) as mine:
        for name, target, goal, what in (
                ("http", f"http://127.0.0.1:{web.http}/", Goal("ratio", "<=", 0.5), "a page"),
                ("https", f"https://127.0.0.1:{web.https}/", None, "a page over TLS 1.3, P-256, full handshake"),
                ("tcp", f"127.0.0.1:{web.http}", None, "connect and close")):
            ours, base = [], []
            for _ in range(ROUNDS):
                base.append(other.probe(name, target, STREAMS, STREAMS_AT_ONCE)["cpu_us"])
                ours.append(mine.probe(name, target, STREAMS, STREAMS_AT_ONCE)["cpu_us"])
            figures.append(Figure(f"probe_page_{name}", median(ours), "us", median(base), goal,
                                  f"processor time of the daemon a request for /probe over kept connections: {what}; baseline: blackbox_exporter"))
    return figures


FIGURES = [("icmp_exchanges", "echo exchanges of the probe icmp over loopback, against fping", icmp_exchanges),
           ("probe_cpu", "what probes of tcp, http and https cost, against blackbox_exporter", probe_cpu),
           ("probe_page", "what a request for /probe costs, against blackbox_exporter", probe_page),
           ("check_lag", "how late checks begin, against a timer each", check_lag)]
