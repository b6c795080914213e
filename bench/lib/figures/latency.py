"""How long one command takes through everything, against libssh alone on the same device."""

from statistics import median

from daemon import job_bodies, running
from devices import lab
from figure import Figure, Goal
from workshop import Workshop

ROUNDS = 7
COMMANDS = 300
GOALS = {"show interface brief": Goal("ratio", "<=", 2), "show version": None}


def pinned_latency(shop: Workshop) -> list[Figure]:
    folder = shop.folder("latency")
    figures = []
    with lab(shop) as router, running(shop, folder, {"inventory": [str(router.inventory)]}) as daemon:
        for command, goal in GOALS.items():
            jobs = job_bodies(folder, [{"device": "frr1", "commands": [command], "strategy": "pinned"}])
            daemon.jobs(jobs, requests=50)  # opens the session
            whole, bare = [], []
            for _ in range(ROUNDS):
                bare.append(shop.program("ssh_loop", router.host, router.port, "netops", router.password_file, COMMANDS,
                                         command)["p50_ms"])
                whole.append(daemon.jobs(jobs, requests=COMMANDS)["p50_ms"])
            name = "pinned_latency" if goal else "pinned_latency_" + command.replace(" ", "_")
            figures.append(Figure(name, median(whole), "ms", median(bare), goal,
                                  f"'{command}' on frr1: HTTP to job to durable store and back; baseline: libssh alone"))
    return figures


FIGURES = [("pinned_latency", "a command on a pinned session through HTTP, job, store and back", pinned_latency)]
