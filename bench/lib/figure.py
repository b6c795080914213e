"""One measured figure, and how figures are shown."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Goal:
    """A bound for the value or for its ratio to the baseline."""

    of: str  # "value" or "ratio"
    relation: str  # "<=" or ">="
    bound: float

    def met(self, value: float, ratio: float | None) -> bool:
        number = value if self.of == "value" else ratio
        if number is None:
            return False
        return number <= self.bound if self.relation == "<=" else number >= self.bound

    def __str__(self) -> str:
        return f"{self.of} {self.relation} {self.bound:g}"


@dataclass(frozen=True)
class Figure:
    """What was measured. `ok` is None when there is no goal; `note` says what a reader must know beside the numbers."""

    name: str
    value: float
    unit: str
    baseline: float | None = None
    goal: Goal | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        return self.value / self.baseline if self.baseline else None

    @property
    def ok(self) -> bool | None:
        return self.goal.met(self.value, self.ratio) if self.goal else None

    def as_json(self) -> dict[str, object]:
        fields = asdict(self)
        fields |= {"ratio": self.ratio, "goal": str(self.goal) if self.goal else None, "ok": self.ok}
        return fields


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value < 10 else f"{value:.1f}"


def table(figures: list[Figure]) -> str:
    rows = [("figure", "value", "unit", "baseline", "ratio", "goal", "ok", "")]
    for each in figures:
        ok = {True: "yes", False: "NO", None: "-"}[each.ok]
        rows.append((each.name, _number(each.value), each.unit, _number(each.baseline), _number(each.ratio),
                     str(each.goal) if each.goal else "-", ok, each.note))
    widths = [max(len(row[i]) for row in rows) for i in range(7)]
    right = {1, 3, 4}
    lines = []
    for row in rows:
        cells = [cell.rjust(widths[i]) if i in right else cell.ljust(widths[i]) for i, cell in enumerate(row[:7])]
        lines.append(("  ".join(cells) + ("  " + row[7] if row[7] else "")).rstrip())
    return "\n".join(lines)


def write_json(figures: list[Figure], path: Path) -> None:
    path.write_text(json.dumps([each.as_json() for each in figures], indent=2) + "\n")
