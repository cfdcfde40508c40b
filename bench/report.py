"""What a benchmark found, as a table for people and one JSON line for machines."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Target:
    """A bound that a figure must keep; `at_most` or, if False, at least."""

    figure: str
    bound: float
    at_most: bool = True

    def met(self, value: float | None) -> bool:
        """Tell whether the figure was measured and keeps the bound."""
        if value is None:
            return False
        return value <= self.bound if self.at_most else value >= self.bound

    def __str__(self) -> str:
        return f"{'<=' if self.at_most else '>='} {self.bound:g}"


@dataclass(slots=True)
class Report:
    """Figures by name, with the targets they are held to."""

    bench: str
    targets: Sequence[Target]
    figures: dict[str, float | None] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)  # of the peers beside us

    def add(self, name: str, value: float | None) -> None:
        """Note one figure, rounded to what a measurement like this can tell."""
        self.figures[name] = None if value is None else float(f"{value:.4g}")

    def missed(self) -> list[str]:
        """Return the names of the figures that miss their target."""
        return [
            target.figure
            for target in self.targets
            if not target.met(self.figures.get(target.figure))
        ]

    def to_json(self) -> str:
        """Return the last line of output."""
        targets = {target.figure: str(target) for target in self.targets}
        return json.dumps(
            {
                "bench": self.bench,
                "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M}Z",
                "machine": _machine(),
                **({"versions": self.versions} if self.versions else {}),
                "figures": self.figures,
                "targets": targets,
                "missed": self.missed(),
            }
        )

    def show(self) -> None:
        """Print the table."""
        table = Table(title=self.bench)
        for column in ("figure", "value", "target", ""):
            table.add_column(column, justify="left" if column == "figure" else "right")
        bounds = {target.figure: target for target in self.targets}
        for name, value in self.figures.items():
            target = bounds.get(name)
            verdict = "" if target is None else "met" if target.met(value) else "MISSED"
            shown = "-" if value is None else f"{value:g}"
            table.add_row(name, shown, str(target or ""), verdict)
        Console().print(table)


def _machine() -> dict[str, object]:
    """Return what figures depend on; `load` is the mean of the last five minutes."""
    described = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(": ")[2] for line in described if line.startswith("model name")]
    return {
        "cpu": models[0] if models else platform.machine(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[1], 1),
    }
