"""Why an appeal went where it went, what happened since, and what would get it handed out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from peewee import JOIN, ModelSelect

from leadboard.allocation.lottery import (
    BY_LOTTERY,
    FULL,
    INACTIVE,
    Candidate,
    Candidates,
    left_out,
    pick,
)
from leadboard.allocation.rosters import recorded_roster
from leadboard.allocation.strategies.registry import strategy_of
from leadboard.common.errors import Missing
from leadboard.common.language import _, pgettext
from leadboard.common.text import clean
from leadboard.database.connection import rows
from leadboard.database.transactions import plainly
from leadboard.queries.appeal_history import Moment, history_of
from leadboard.queries.appeals import AppealRow, cleaned, times_of_rows, with_names
from leadboard.queries.operator_names import names_of
from models import Appeal, AppealStep, Operator, OperatorSource, Roster


@dataclass(frozen=True, slots=True)
class Chance:
    """One operator on the roster of a draw: their weight and chance, or why they were left out.

    `note` says how they stood by another strategy than the lottery, as in `load 3/10`.
    """

    operator_id: int
    name: str
    weight: int
    share: float
    reason: str | None
    was_drawn: bool
    note: str = ""


class Way(Enum):
    """The kinds of acts that get a waiting appeal handed out."""

    RAISE_LIMIT = auto()
    """Arguments: the operator, and by how much."""
    SWITCH_ON = auto()
    """Arguments: the operator."""
    LINK = auto()
    """Arguments: the operator, the source and the weight."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """An act that gets a waiting appeal handed out: its words, kind and arguments."""

    words: str
    way: Way
    arguments: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything about where an appeal is, and why; its message has all its lines.

    `since` is everything that the ledger has of it, from its arrival on. `strategy` is the sentence
    about another strategy than the lottery, by which it was decided between whom to draw; `number`
    the place of a sealed draw in the chain of its source.
    """

    appeal: AppealRow
    draw: int | None
    roster: Sequence[Chance]
    since: Sequence[Moment]
    remedies: Sequence[Remedy]
    strategy: str = ""
    number: int | None = None


def explain(appeal_id: int) -> Explanation:
    """Return the explanation of an appeal; raises Refused when there is none with this id."""
    with plainly():
        return _explain(appeal_id)


def _explain(appeal_id: int) -> Explanation:
    found = rows(with_names(Appeal.draw, Appeal.roster).where(Appeal.id == appeal_id))
    if not found:
        raise Missing(_("There is no appeal #{id}.", id=appeal_id), "appeal")
    *columns, draw, roster_id = found[0]
    row = cleaned(columns, times_of_rows([columns])[appeal_id])
    candidates = _roster(roster_id)
    return Explanation(
        # With all its lines: the details clean each of them.
        replace(row, message=AppealRow(*columns).message),
        draw,
        _chances(candidates, draw),
        history_of(appeal_id),
        tuple(_remedies(row.source_id)) if row.is_waiting else (),
        _strategy_words(candidates),
        None if draw is None else _number(appeal_id),
    )


def _roster(roster_id: int | None) -> Candidates:
    """Return a roster, empty where an appeal has none."""
    if roster_id is None:
        return Candidates(())
    return recorded_roster(rows(Roster.select(Roster.content).where(Roster.id == roster_id))[0][0])


_STRATEGIES = {
    "headroom": pgettext("strategy", "Headroom"),
    "quota": pgettext("strategy", "Quota"),
}


def _strategy_words(candidates: Candidates) -> str:
    strategy = strategy_of(candidates.strategy)
    if candidates.strategy == BY_LOTTERY or strategy is None:
        return ""
    named = _STRATEGIES.get(candidates.strategy, candidates.strategy.capitalize())
    return f"{named}: {strategy.sentence}"


def _number(appeal_id: int) -> int | None:
    """Return the number of the appeal's last draw, None if that is not sealed."""
    drawn = AppealStep.select(AppealStep.number).where(
        AppealStep.appeal == appeal_id, AppealStep.drawn
    )
    number: int | None = drawn.order_by(AppealStep.place.desc()).limit(1).scalar()
    return number


def _chances(candidates: Candidates, draw: int | None) -> tuple[Chance, ...]:
    strategy = strategy_of(candidates.strategy)
    names = names_of([each.operator_id for each in candidates.entries])
    total = candidates.total
    # Beyond it lies only the draw of a record that was altered, which `verify` names.
    drawn = pick(candidates, draw) if draw is not None and draw < total else None
    return tuple(
        Chance(
            each.operator_id,
            names[each.operator_id],
            each.weight,
            _share(each, total),
            each.reason,
            each.operator_id == drawn,
            strategy.words(each) if strategy and each.standing else "",
        )
        for each in candidates.entries
    )


def _share(candidate: Candidate, total: int) -> float:
    return candidate.weight / total if candidate.reason is None and total else 0.0


def _remedies(source_id: int) -> Iterator[Remedy]:
    """Yield each single act after which somebody is eligible for this source."""
    for operator_id, name, is_active, load, max_load, weight in rows(_everybody(source_id)):
        shown = clean(name)
        reason = left_out(is_active, load, max_load, weight or 0)
        if reason == FULL and weight:
            # Acts by force may have gone beyond the limit.
            step = load - max_load + 1
            limits = {"was": max_load, "wanted": max_load + step}
            words = _("Raise {name}'s limit {was} → {wanted}", name=shown, **limits)
            yield Remedy(words, Way.RAISE_LIMIT, (operator_id, step))
        elif reason == INACTIVE and weight and load < max_load:
            yield Remedy(_("Switch {name} on", name=shown), Way.SWITCH_ON, (operator_id,))
        elif is_active and load < max_load and not weight:
            words = _("Give {name} weight 1", name=shown)
            yield Remedy(words, Way.LINK, (operator_id, source_id, 1))


def _everybody(source_id: int) -> "ModelSelect[Operator]":
    link = (OperatorSource.operator == Operator.id) & (OperatorSource.source == source_id)
    return (
        Operator.select(
            Operator.id,
            Operator.name,
            Operator.is_active,
            Operator.load,
            Operator.max_load,
            OperatorSource.weight,
        )
        .join(OperatorSource, JOIN.LEFT_OUTER, on=link)
        .order_by(Operator.id)
    )
