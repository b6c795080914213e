"""What can be measured: each module offers a list `FIGURES` of (name, what it says, function that measures)."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass

from figure import Figure
from workshop import Workshop

MODULES = ("latency", "throughput", "memory", "start", "store", "plugins", "probes", "agent_jobs", "fleet")


@dataclass(frozen=True)
class Measurement:
    name: str
    about: str
    measure: Callable[[Workshop], list[Figure]]


def all_measurements() -> list[Measurement]:
    found: list[Measurement] = []
    for module in MODULES:
        found += [Measurement(*entry) for entry in importlib.import_module(f"figures.{module}").FIGURES]
    return found
