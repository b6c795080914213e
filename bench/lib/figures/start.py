"""How soon the daemon serves."""

from daemon import config_file, running
from figure import Figure, Goal
from workshop import Workshop

STARTS = 20


def ready_time(shop: Workshop) -> list[Figure]:
    folder = shop.folder("start")
    with running(shop, folder, {}):
        pass  # makes keys, token and database: a restart is what happens again and again
    command = (str(shop.ferrule), "run", "-c", str(folder / "ferrule.yaml"))
    ready = shop.program("start_time", "serving", STARTS, *command)
    bare = shop.program("start_time", "end", STARTS, "/bin/true")
    fresh = shop.folder("first")
    config = config_file(fresh, {})
    first = shop.program("start_time", "serving", 1, str(shop.ferrule), "run", "-c", str(config))
    return [Figure("ready_time", ready["p50_ms"], "ms", bare["p50_ms"], Goal("value", "<=", 50),
                   f"exec to the answer of /healthz, {STARTS} starts, worst {ready['max_ms']:.0f} ms; the very first, "
                   f"with an empty data folder, {first['p50_ms']:.0f} ms; baseline: /bin/true")]


FIGURES = [("ready_time", "from exec to the first answer of /healthz", ready_time)]
