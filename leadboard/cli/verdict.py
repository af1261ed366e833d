"""What `leadboard verify` says about the ledger."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from leadboard.common.language import _, ngettext

if TYPE_CHECKING:
    from leadboard.allocation.verification import Verification


def verdict(outcome: "Verification", level: float) -> Iterator[str]:
    """Yield what was looked at, what came of it, and how the shares stand to the weights."""
    yield _looked_at(outcome)
    yield _(
        "{draws}; {contradictions}.",
        draws=ngettext("{n:,} draw replayed", "{n:,} draws replayed", outcome.draws),
        contradictions=ngettext(
            "{n:,} contradiction", "{n:,} contradictions", len(outcome.findings)
        ),
    )
    yield from _seals(outcome)
    yield from _unproven(outcome)
    yield _shares(outcome, level)


def _looked_at(outcome: "Verification") -> str:
    lines = ngettext("{n:,} line", "{n:,} lines", outcome.lines)
    appeals = ngettext("{n:,} appeal", "{n:,} appeals", outcome.appeals)
    if not outcome.pruned:
        return _("Looked at {lines} of {appeals}.", lines=lines, appeals=appeals)
    return _(
        "Looked at {lines} of {appeals}; lines up to {last:,} were pruned, and the shares begin "
        "after them.",
        lines=lines,
        appeals=appeals,
        last=outcome.pruned,
    )


def _unproven(outcome: "Verification") -> Iterator[str]:
    """Yield what is not known of lines from before the ledger."""
    if outcome.rebuilt:
        yield ngettext(
            "{n:,} of them is from before the ledger, and nothing proves that there are no more: "
            "the shares leave it out.",
            "{n:,} of them are from before the ledger, and nothing proves that they are all: the "
            "shares leave them out.",
            outcome.rebuilt,
        )
    if outcome.unrecorded:
        yield ngettext(
            "{n:,} line from before the ledger tells of a change that nobody recorded: who made it "
            "is not known.",
            "{n:,} lines from before the ledger tell of changes that nobody recorded: who made "
            "them is not known.",
            outcome.unrecorded,
        )


def _seals(outcome: "Verification") -> Iterator[str]:
    """Yield how many draws are sealed, and where each chain has come to: what a manager keeps."""
    sealed, unsealed, lost = (
        sum(getattr(chain, count) for chain in outcome.chains)
        for count in ("sealed", "unsealed", "lost")
    )
    if unsealed:
        yield ngettext(
            "{n:,} draw is not sealed: from before the first seal, or from while it was off.",
            "{n:,} draws are not sealed: from before the first seal, or from while it was off.",
            unsealed,
        )
    if sealed:
        yield _sealed(sealed, lost)
    for chain in outcome.chains:
        if chain.number:
            yield ngettext(
                "Chain of {source}: {n:,} decision, head {head}.",
                "Chain of {source}: {n:,} decisions, head {head}.",
                chain.number,
                source=chain.name,
                head=chain.head.hex(),
            )


def _sealed(sealed: int, lost: int) -> str:
    again = ngettext(
        "{n:,} was lost to others and drawn again",
        "{n:,} were lost to others and drawn again",
        lost,
    )
    return ngettext(
        "{n:,} draw is sealed; {again}.", "{n:,} draws are sealed; {again}.", sealed, again=again
    )


def _shares(outcome: "Verification", level: float) -> str:
    even = outcome.evenness
    looked = ngettext(
        "{n:,} draw had more than one operator to choose from",
        "{n:,} draws had more than one operator to choose from",
        even.free,
    )
    if not even.free:
        return _("{looked}: there are no shares to test.", looked=looked)
    how_sure = _(
        "evidence {odds}, accused from {limit:,.0f}; an honest lottery, looked at once, looks "
        "worse in {chance:.1%} of cases",
        odds=outcome.evidence.odds,
        limit=1 / level,
        chance=even.p_value,
    )
    told = {"looked": looked, "how_sure": how_sure}
    if outcome.evidence.accuses(level):
        return _("{looked}; the shares do NOT follow the weights ({how_sure}).", **told)
    return _("{looked}; the shares follow the weights ({how_sure}).", **told)


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
