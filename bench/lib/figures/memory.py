"""Memory of the idle daemon, and of each session that it keeps."""

from daemon import job_bodies, running
from devices import simulated
from figure import Figure, Goal
from workshop import Workshop

SESSIONS = 1000
REMEMBERED = 10_000  # jobs.keep_finished_in_memory


def idle_memory(shop: Workshop) -> list[Figure]:
    folder = shop.folder("idle")
    with running(shop, folder, {}) as daemon:
        daemon.load(path="/healthz", requests=1, expect="HTTP/1.1 200")
        value = daemon.resident_kb() / 1024
    bare = shop.program("bare_process")["resident_kb"] / 1024
    return [Figure("idle_memory", value, "MiB", bare, Goal("value", "<=", 20),
                   "resident; baseline: a process that only initialises the same libraries")]


def session_memory(shop: Workshop) -> list[Figure]:
    folder = shop.folder("sessions")
    with simulated(shop, folder, SESSIONS) as ports:
        (folder / "ports").write_text("\n".join(map(str, ports)))
        bare = shop.program("ssh_sessions", "admin", "admin", folder / "ports", "show version")
        settings = {
            "credentials": [{"name": "admin", "username": "admin", "password": "admin"}],
            "devices": [{"name": f"r{port}", "host": "127.0.0.1", "port": port, "platform": "cisco_ios",
                         "credential": "admin"} for port in ports],
            "plugins": {"settings": {"ssh": {"known_hosts": str(folder / "known_hosts"),
                                             "host_key_policy": "accept_new"}}},
            "jobs": {"session_ttl": "1h"},
        }
        jobs = job_bodies(folder, [{"device": each["name"], "commands": ["show version"]}
                                   for each in settings["devices"]])
        first = folder / "first.jsonl"
        first.write_text(jobs.read_text().splitlines()[0] + "\n")
        with running(shop, folder, settings) as daemon:
            # The driver is loaded, and more jobs have ended than are remembered: what grows now are the sessions.
            daemon.jobs(first, connections=64, requests=REMEMBERED + 2 * SESSIONS)
            before = daemon.resident_kb()
            for _ in range(2):
                daemon.jobs(jobs, connections=64, requests=SESSIONS)
            after = daemon.resident_kb()
    return [Figure("session_memory", (after - before) / (SESSIONS - 1), "KiB",
                   (bare["after_kb"] - bare["before_kb"]) / SESSIONS, Goal("value", "<=", 40),
                   f"growth of resident memory from one to {SESSIONS} pinned sessions, for each; baseline: libssh alone")]


FIGURES = [
    ("idle_memory", "the daemon before its first job", idle_memory),
    ("session_memory", "a pinned session, with 1,000 of them", session_memory),
]
