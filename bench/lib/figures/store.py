"""What keeping a record costs, against a hand-written loop over sqlite3."""

from statistics import median

from figure import Figure, Goal
from workshop import Workshop

ROUNDS = 3
RECORDS = 200_000


def store_writes(shop: Workshop) -> list[Figure]:
    seen = [shop.program("store_bench", RECORDS, shop.folder("store")) for _ in range(ROUNDS)]

    def of(part: str, what: str) -> float:
        return median(each[part][what] for each in seen)

    baseline = "baseline: sqlite3 alone, the same rows in transactions of 500"
    batch = median(each["writer"]["records_per_batch"] for each in seen)
    return [
        Figure("store_plugin_records", of("plugin", "records_per_second"), "1/s", of("raw", "records_per_second"),
               Goal("ratio", ">=", 0.9), f"put_batch through the boundary; {baseline}"),
        Figure("store_plugin_cpu", of("plugin", "cpu_us_per_record"), "us", of("raw", "cpu_us_per_record"),
               Goal("ratio", "<=", 1.1), "processor time a record"),
        Figure("store_writer_records", of("writer", "records_per_second"), "1/s", of("raw", "records_per_second"),
               None, f"1,000 coroutines that await each record; {batch:.0f} records a transaction; {baseline}"),
        Figure("store_writer_cpu", of("writer", "cpu_us_per_record"), "us", of("raw", "cpu_us_per_record"),
               Goal("ratio", "<=", 1.5), "processor time a record, of the writer and of the coroutines"),
    ]


FIGURES = [("store_writes", "records made durable by the store, against sqlite3 alone", store_writes)]
