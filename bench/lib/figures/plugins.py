"""What the plugin boundary costs, against the system's loader and a direct call."""

from statistics import median

from figure import Figure, Goal
from workshop import Workshop

ROUNDS = 5


def plugin_boundary(shop: Workshop) -> list[Figure]:
    seen = [shop.program("plugin_bench") for _ in range(ROUNDS)]

    def of(what: str) -> float:
        return median(each[what] for each in seen)

    return [
        Figure("plugin_first_use", of("first_use_us"), "us", of("dlopen_us"), None,
               f"first open: note ({of('note_read_us'):.0f} us), copy, hash, load, init, create; baseline: dlopen and entry"),
        Figure("plugin_call", of("exec_us"), "us", of("direct_us"), Goal("value", "<=", 2),
               "one command after the other through the host, output and completion included; baseline: the function called directly"),
        Figure("plugin_call_parallel", of("exec_parallel_us"), "us", of("direct_us"), Goal("value", "<=", 2),
               "the same from 64 coroutines at once"),
        Figure("plugin_session", of("reopen_us"), "us", None, None, "open and close of a session, with the look whether the file has changed"),
    ]


FIGURES = [("plugin_boundary", "first use of a plugin and a call through its boundary", plugin_boundary)]
