"""What `leadboard verify` says about the ledger."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leadboard.allocation.verification import Verification


def verdict(outcome: "Verification", level: float) -> Iterator[str]:
    """Yield what was looked at, what came of it, and how the shares stand to the weights."""
    pruned = ""
    if outcome.pruned:
        pruned = f"; lines up to {outcome.pruned:,} were pruned, and the shares begin after them"
    yield f"Looked at {outcome.lines:,} lines of {outcome.appeals:,} appeals{pruned}."
    yield f"{outcome.draws:,} draws replayed; {len(outcome.findings):,} contradictions."
    yield from _seals(outcome)
    if outcome.rebuilt:
        yield (
            f"{outcome.rebuilt:,} of them are from before the ledger, and nothing proves that they "
            "are all: the shares leave them out."
        )
    if outcome.unrecorded:
        yield (
            f"{outcome.unrecorded:,} lines from before the ledger tell of changes that nobody "
            "recorded: who made them is not known."
        )
    yield _shares(outcome, level)


def _seals(outcome: "Verification") -> Iterator[str]:
    """Yield how many draws are sealed, and where each chain has come to: what a manager keeps."""
    sealed, unsealed, lost = (
        sum(getattr(chain, count) for chain in outcome.chains)
        for count in ("sealed", "unsealed", "lost")
    )
    if unsealed:
        yield (
            f"{unsealed:,} draws are not sealed: from before the first seal, or from while "
            "it was off."
        )
    if sealed:
        yield f"{sealed:,} draws are sealed; {lost:,} were lost to others and drawn again."
    for chain in outcome.chains:
        if chain.number:
            yield f"Chain of {chain.name}: {chain.number:,} decisions, head {chain.head.hex()}."


def _shares(outcome: "Verification", level: float) -> str:
    even = outcome.evenness
    looked = f"{even.free:,} draws had more than one operator to choose from"
    if not even.free:
        return f"{looked}: there are no shares to test."
    follow = "do NOT follow" if outcome.evidence.accuses(level) else "follow"
    accused = f"evidence {outcome.evidence.odds}, accused from {1 / level:,.0f}"
    once = f"an honest lottery, looked at once, looks worse in {even.p_value:.1%} of cases"
    return f"{looked}; the shares {follow} the weights ({accused}; {once})."


def fields_of(outcome: "Verification", level: float) -> dict[str, object]:
    """Return the same as an object for programs."""
    even = outcome.evenness
    return {
        "lines": outcome.lines,
        "appeals": outcome.appeals,
        "pruned": outcome.pruned,
        "draws": outcome.draws,
        "rebuilt": outcome.rebuilt,
        "unrecorded": outcome.unrecorded,
        "chains": [
            {
                "source": chain.name,
                "number": chain.number,
                "head": chain.head.hex(),
                "sealed": chain.sealed,
                "unsealed": chain.unsealed,
                "lost": chain.lost,
            }
            for chain in outcome.chains
        ],
        "free": even.free,
        "p_value": even.p_value,
        "evidence": outcome.evidence.value,
        "even": not outcome.evidence.accuses(level),
    }
