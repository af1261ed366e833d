"""The results of benchmarks, and their table."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """A figure of ours beside the baseline from the same run, both in `unit`.

    `target` is the highest acceptable ratio and `limit` the highest acceptable figure, None
    without a promise. `size` is the number of appeals if the figure is measured at several.
    """

    name: str
    figure: float
    baseline: float
    unit: str
    target: float | None = None
    limit: float | None = None
    size: int | None = None

    @property
    def ratio(self) -> float:
        """Return our cost as a multiple of the baseline's; a lower rate is a higher cost."""
        dividend, divisor = self.figure, self.baseline
        if self.is_rate:
            dividend, divisor = divisor, dividend
        return dividend / divisor if divisor else float("inf")

    @property
    def is_rate(self) -> bool:
        """Tell whether a higher figure is a better one."""
        return self.unit.endswith("/s")

    @property
    def cost(self) -> float:
        """Return the figure as a cost: for a rate, the seconds for one."""
        return 1 / self.figure if self.is_rate else self.figure

    @property
    def is_met(self) -> bool:
        """Tell whether every promise was kept."""
        return (self.target is None or self.ratio <= self.target) and (
            self.limit is None or self.figure <= self.limit
        )

    @property
    def verdict(self) -> str:
        """Return what was promised and whether it was kept."""
        promised = []
        if self.target is not None:
            promised.append(f"<= {_times(self.target)}")
        if self.limit is not None:
            promised.append(f"<= {self.limit:g} {self.unit}")
        if not promised:
            return ""
        return f"{', '.join(promised)} {'met' if self.is_met else 'MISSED'}"

    def cells(self) -> tuple[str, ...]:
        """Return the line of the table."""
        return (
            self.name,
            _number(self.figure),
            _number(self.baseline),
            self.unit,
            _times(self.ratio),
            self.verdict,
        )


HEAD = ("benchmark", "figure", "baseline", "unit", "ratio", "target")


def table(results: Sequence[Result]) -> str:
    """Return the results as aligned lines under a head, numbers flush right."""
    return aligned([HEAD, *(result.cells() for result in results)], right={1, 2, 4})


def aligned(lines: Sequence[Sequence[str]], right: set[int]) -> str:
    """Return lines of cells as aligned columns, those in `right` flush right."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def percentile(values: Sequence[float], percent: int) -> float:
    """Return the value that `percent` of a hundred do not exceed."""
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:,.1f}" if value >= 10 else f"{value:.2f}"


def _times(ratio: float) -> str:
    """Return a ratio; a small one as a fraction, such as 1/300."""
    return f"1/{1 / ratio:.0f}" if 0 < ratio < 0.1 else f"{ratio:.2f}"
