"""How each figure grows with the appeals: the exponent of the power law fitted to its costs."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import log

from bench.plan import short
from bench.result import Result, aligned


def growth(results: Sequence[Result]) -> str:
    """Return one line per figure measured at several sizes, with the exponent of its cost.

    An exponent of 0 means a cost that does not grow, 1 one that grows like the appeals.
    """
    figures: dict[tuple[str, str], dict[int, Result]] = defaultdict(dict)
    for result in results:
        if result.size:
            figures[_base(result), result.unit][result.size] = result
    grown = {key: by_size for key, by_size in figures.items() if len(by_size) > 1}
    sizes = sorted({size for by_size in grown.values() for size in by_size})
    if not grown:
        return ""
    head = ("growth", *map(short, sizes), "unit", "exponent")
    lines = [
        (name, *(_cell(by_size, size) for size in sizes), unit, f"{exponent(by_size):+.2f}")
        for (name, unit), by_size in grown.items()
    ]
    return aligned([head, *lines], right={*range(1, len(sizes) + 1), len(sizes) + 2})


def exponent(by_size: Mapping[int, Result]) -> float:
    """Return the slope of log cost over log size by least squares."""
    # A cost may be measured as 0, such as that of no lost key, and has no logarithm then.
    points = [(log(size), log(max(result.cost, 1e-9))) for size, result in by_size.items()]
    middle_x = sum(x for x, _ in points) / len(points)
    middle_y = sum(y for _, y in points) / len(points)
    above = sum((x - middle_x) * (y - middle_y) for x, y in points)
    return above / sum((x - middle_x) ** 2 for x, _ in points)


def _base(result: Result) -> str:
    """Return the name without its size."""
    return result.name.removesuffix(f", {short(result.size or 0)}")


def _cell(by_size: Mapping[int, Result], size: int) -> str:
    if size not in by_size:
        return ""
    return by_size[size].cells()[1]
