"""Which ticks of a check its results belong to."""

from datetime import datetime, timedelta


def ticks(due: list[datetime], interval: timedelta, near: timedelta | None = None) -> list[int]:
    """Number of the tick of a fixed phase at which each of these measurements was due; those that people asked for lie between and have none."""
    within = near or interval / 20

    def off(one: datetime, other: datetime) -> timedelta:
        return abs((one - other + interval / 2) % interval - interval / 2)

    first = max(due, key=lambda one: sum(off(one, other) < within for other in due))
    return [round((each - first) / interval) for each in due if off(each, first) < within]
