"""Error bars for shares: what an operator was due of the draws with a choice, and its 95 %."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt

from leadboard.queries.shares import OperatorShare, Shares

_TWO_SIDED = 1.96


@dataclass(frozen=True, slots=True)
class ShareBar:
    """An operator's share of the draws with a choice: due, its bounds, and got; from 0 to 1."""

    operator_id: int
    name: str
    due: float
    low: float
    high: float
    got: float


def bars_of(shares: Shares) -> Iterator[ShareBar]:
    """Yield the bar of each operator who had a choice made about them."""
    for each in shares.operators:
        if each.free and each.z is not None:
            reach = _TWO_SIDED * _deviation(each)
            low, high = max(0.0, each.due - reach), min(float(each.free), each.due + reach)
            found = (each.due, low, high, each.got)
            yield ShareBar(each.operator_id, each.name, *(part / each.free for part in found))


def _deviation(each: OperatorShare) -> float:
    """Return √S_kk, which z = (got - due) / √S_kk tells but where nothing is off."""
    if each.z:
        return (each.got - each.due) / each.z
    # As if one roster had made all draws, whose weights were like the shares.
    return sqrt(each.due * (1 - each.due / each.free))
