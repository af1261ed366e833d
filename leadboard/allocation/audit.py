"""Checking a database: does every rule hold? And repairing what can be repaired."""

from collections.abc import Iterator
from dataclasses import dataclass

from peewee import fn

from leadboard.allocation.appeal_state import AppealState
from leadboard.allocation.backlog import flowing
from leadboard.allocation.handouts import hand_out_batch, record_parts, record_shared
from leadboard.allocation.journal import REPAIR, Journal, subject_of
from leadboard.allocation.ledger import IMPORTED, AppealChange
from leadboard.allocation.ledger_reading import Difference, differences
from leadboard.allocation.locks import take_turn
from leadboard.allocation.names import LookAlikes, Named
from leadboard.allocation.rosters import digest_of
from leadboard.allocation.strategies.registry import strategy_of
from leadboard.allocation.strategies.strategy import read_credits
from leadboard.allocation.tally import cursor
from leadboard.common.language import _, ngettext
from leadboard.common.text import clean
from leadboard.database.connection import engine, rows
from leadboard.database.transactions import at_one_moment, plainly, transact
from models import Appeal, Lead, Operator, Roster, Source, is_waiting

FEW = 5
"""Appeals that a finding names one by one."""

PAGE = 10_000
"""Appeals that are compared with the ledger at a time."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong; `is_mendable` tells whether repair can put it right."""

    sentence: str
    is_mendable: bool = False


def check() -> list[Finding]:
    """Return everything that is wrong with the open database; raises Trouble if unreadable."""
    return at_one_moment(lambda: _damage() or list(_findings()))


def _findings() -> Iterator[Finding]:
    looks = (_wrong_loads, _stuck_appeals, _unrecorded, _cut_off, _odd_rosters, _odd_strategies)
    for look in (*looks, _odd_credits, _look_alikes):
        yield from look()


def repair(actor: str) -> list[Finding]:
    """Repair what can be repaired, as recorded acts, and return what is still wrong."""
    with plainly():
        if damage := _damage():
            return damage

    event_id, has_more = transact(lambda: _mend(actor))
    # Each batch in a transaction of its own, so that others get their turn.
    while has_more:
        has_more = transact(lambda: _hand_out_for(actor, event_id))
    return check()


def _mend(actor: str) -> tuple[int | None, bool]:
    """Recount the loads and hand out a first batch; return the event, and whether more is left."""
    take_turn()
    journal = Journal()
    # Before anything is handed out, which goes by the loads.
    for operator_id, _unused, load, count in _load_mismatches():
        Operator.update(load=count).where(Operator.id == operator_id).execute()
        journal.note(subject_of("load", operator_id), {"load": load}, {"load": count})
    for each in _differences():
        journal.note_appeal(_caught_up(each))
    batch = hand_out_batch()
    journal.appeals += batch.rest.appeals
    event_id = None
    if not journal.is_empty:
        event_id = journal.write(actor, REPAIR, _("Loads recounted, waiting appeals handed out"))
    record_parts(batch.parts)
    return event_id, batch.has_more


def _caught_up(difference: Difference) -> AppealChange:
    """Return the line by which the ledger says again what an appeal is."""
    actual = AppealState(difference.appeal_id, difference.source_id, **difference.actual)
    if difference.told is None:
        return AppealChange.between(actual, actual)._replace(kind=IMPORTED)
    return AppealChange.between(actual.changed(difference.told), actual)


def _hand_out_for(actor: str, event_id: int | None) -> bool:
    """Hand out another batch for a repair; return whether more is left."""
    take_turn()
    batch = hand_out_batch()
    record_shared(batch.parts, batch.rest, actor, part_of=event_id)
    return batch.has_more


def _damage() -> list[Finding]:
    return [Finding(clean(sentence)) for sentence in engine().integrity_errors()]


def _load_mismatches() -> list[tuple[int, str, int, int]]:
    """Return (operator id, name, load, count of open appeals) where the last two differ."""
    counted = Appeal.select(fn.COUNT(Appeal.id)).where(
        Appeal.operator == Operator.id, Appeal.closed_at.is_null(), Appeal.operator.is_null(False)
    )
    found = rows(Operator.select(Operator.id, Operator.name, Operator.load, counted))
    return [(key, name, load, count) for key, name, load, count in found if load != count]


def _wrong_loads() -> Iterator[Finding]:
    for _unused, name, load, count in _load_mismatches():
        sentence = ngettext(
            "{name} has load {load}, but {n} open appeals.",
            "{name} has load {load}, but {n} open appeals.",
            count,
            name=clean(name),
            load=load,
        )
        yield Finding(sentence, is_mendable=True)


def _stuck_appeals() -> Iterator[Finding]:
    for source_id in flowing():
        waiting = Appeal.select().where(Appeal.source == source_id, is_waiting()).count()
        name = Source.select(Source.name).where(Source.id == source_id).scalar()
        sentence = ngettext(
            "{n} appeals of {name} wait, though somebody could take them.",
            "{n} appeals of {name} wait, though somebody could take them.",
            waiting,
            name=clean(str(name)),
        )
        yield Finding(sentence, is_mendable=True)


def _unrecorded() -> Iterator[Finding]:
    """Yield that appeals were changed past the ledger, as another program may have done."""
    found = list(_differences())
    if not found:
        return
    first = ", ".join(f"#{each.appeal_id}" for each in found[:FEW])
    if len(found) > FEW:
        first = _("{first} and {n:,} more", first=first, n=len(found) - FEW)
    sentence = ngettext(
        "Appeal {named} was changed past the ledger.",
        "Appeals {named} were changed past the ledger.",
        len(found),
        named=first,
    )
    yield Finding(sentence, is_mendable=True)


def _differences() -> Iterator[Difference]:
    newest = Appeal.select(fn.MAX(Appeal.id)).scalar() or 0
    for after in range(0, newest, PAGE):
        yield from differences(after, after + PAGE)


def _cut_off() -> Iterator[Finding]:
    """Yield that lines are gone that were counted, as no pruning takes the newest."""
    known = cursor()
    if known.left < 0:
        yield Finding(
            _(
                "The tally has counted {counted:,} lines of the ledger, which ends with "
                "line {last:,}: its end was cut off.",
                counted=known.counted,
                last=known.last,
            )
        )


def _odd_rosters() -> Iterator[Finding]:
    for roster_id, digest, content in rows(Roster.select(Roster.id, Roster.digest, Roster.content)):
        if digest_of(content) != bytes(digest):
            yield Finding(
                _(
                    "Roster #{roster_id} was altered: its content and digest differ.",
                    roster_id=roster_id,
                )
            )


def _odd_strategies() -> Iterator[Finding]:
    for name, strategy in rows(Source.select(Source.name, Source.strategy).order_by(Source.id)):
        if strategy_of(strategy) is None:
            yield Finding(
                _(
                    "{name} asks for the strategy {strategy}, which is unknown: it is drawn by "
                    "lottery.",
                    name=clean(name),
                    strategy=clean(strategy),
                )
            )


def _odd_credits() -> Iterator[Finding]:
    for name, credits in rows(Source.select(Source.name, Source.credits).order_by(Source.id)):
        if read_credits(credits) is None:
            yield Finding(
                _(
                    "What {name} owes its operators cannot be read: nothing is owed to anybody.",
                    name=clean(name),
                )
            )


_KINDS: tuple[tuple[Named, str, str], ...] = (
    (Operator, _("Operators"), _(": rename one")),
    (Source, _("Sources"), _(": rename one")),
    (Lead, _("Leads"), ""),
)


def _look_alikes() -> Iterator[Finding]:
    """Yield names that nobody can tell apart, stored before names were made plain."""
    for table, kind, advice in _KINDS:
        total, first = LookAlikes(table).found()
        for each in first:
            ids = [f"#{row_id}" for row_id in each.ids]
            if each.count > len(ids):
                ids.append(_("{n:,} more", n=each.count - len(ids)))
            sentence = _(
                "{kind} {ids} and {last} look the same, as {name}{advice}.",
                kind=kind,
                ids=", ".join(ids[:-1]),
                last=ids[-1],
                name=clean(each.name) or _("nothing at all"),
                advice=advice,
            )
            yield Finding(sentence)
        if total > len(first):
            more = _("{kind}: {n:,} more names have look-alikes.", kind=kind, n=total - len(first))
            yield Finding(more)
