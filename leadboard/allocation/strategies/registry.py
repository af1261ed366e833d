"""The strategies by their names, each loaded when it is first asked for."""

from dataclasses import replace
from functools import cache
from importlib import import_module

from leadboard.allocation import strategies
from leadboard.allocation.lottery import BY_LOTTERY, FULL, INACTIVE, ZERO_WEIGHT, Candidates
from leadboard.allocation.strategies.strategy import Footing, Strategy

_OTHERS = ("registry", "strategy")


@cache
def names() -> tuple[str, ...]:
    """Return the names of all strategies, the lottery first."""
    # Here, since it takes longer to load than the rest of the first frame's rules together.
    from pkgutil import iter_modules

    found = (each.name for each in iter_modules(strategies.__path__))
    return tuple(sorted((each for each in found if each not in _OTHERS), key=_order))


def _order(name: str) -> tuple[bool, str]:
    return name != BY_LOTTERY, name


@cache
def strategy_of(name: str) -> Strategy | None:
    """Return a strategy, None for a name that no file here has."""
    if name not in names():
        return None
    found: Strategy = import_module(f"{strategies.__name__}.{name}").STRATEGY
    return found


def title_of(name: str) -> str:
    """Return what people call a strategy, its name if no file here has it."""
    found = strategy_of(name)
    return found.title if found else name


_OF_EVERY_STRATEGY = (INACTIVE, FULL, ZERO_WEIGHT)
"""Why somebody is left out by whatever strategy."""


def is_legible(candidates: Candidates) -> bool:
    """Tell whether a recorded roster has the numbers that its strategy goes by, or needs none."""
    strategy = strategy_of(candidates.strategy)
    if candidates.strategy == BY_LOTTERY or strategy is None:
        return True
    count = len(strategy.numbers(Footing(load=0, max_load=1, credit=0)))
    return all(
        len(each.standing) == count and (each.weight > 0 or each.reason in _OF_EVERY_STRATEGY)
        for each in candidates.entries
    )


def narrowed_again(candidates: Candidates, strategy: Strategy) -> Candidates:
    """Return a recorded roster as its strategy would leave it, from the numbers that it keeps."""
    entries = (
        each if each.reason in _OF_EVERY_STRATEGY else replace(each, reason=None)
        for each in candidates.entries
    )
    return narrowed(Candidates(tuple(entries), candidates.strategy), strategy)


def narrowed(candidates: Candidates, strategy: Strategy) -> Candidates:
    """Return a roster with all whom its strategy leaves out."""
    left_out = strategy.leave_out([each for each in candidates.entries if each.reason is None])
    if not left_out:
        return candidates
    entries = (
        replace(each, reason=left_out.get(each.operator_id, each.reason))
        for each in candidates.entries
    )
    return Candidates(tuple(entries), candidates.strategy)
