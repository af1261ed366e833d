"""What a benchmark reports, and the table of it."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """A figure of ours beside the baseline measured in the same run, both in `unit`.

    `target` is the highest ratio that is good enough, None where no promise was made.
    """

    name: str
    figure: float
    baseline: float
    unit: str
    target: float | None = None

    @property
    def ratio(self) -> float:
        """Return how many times the baseline's cost ours is; of rates, the lower costs more."""
        is_rate = self.unit.endswith("/s")
        return self.baseline / self.figure if is_rate else self.figure / self.baseline

    @property
    def verdict(self) -> str:
        """Return the target and whether it was met."""
        if self.target is None:
            return ""
        return f"<= {self.target:g} {'met' if self.ratio <= self.target else 'MISSED'}"

    def cells(self) -> tuple[str, ...]:
        """Return the line of the table."""
        return (
            self.name,
            _number(self.figure),
            _number(self.baseline),
            self.unit,
            f"{self.ratio:.2f}",
            self.verdict,
        )


HEAD = ("benchmark", "figure", "baseline", "unit", "ratio", "target")


def table(results: Sequence[Result]) -> str:
    """Return the results as aligned lines under a head, numbers to the right."""
    lines = [HEAD, *(result.cells() for result in results)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column in {1, 2, 4} else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def percentile(values: Sequence[float], percent: int) -> float:
    """Return the value that `percent` of a hundred do not exceed."""
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:,.1f}" if value >= 10 else f"{value:.2f}"
