"""Import of appeals: known ones are only compared, new ones are stored as they were."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, BinaryIO

from peewee import IntegrityError

from leadboard.allocation.handouts import hand_out_all
from leadboard.allocation.intake import ids_of_keys, lead_id_of
from leadboard.allocation.journal import Journal
from leadboard.allocation.ledger import CLOSED, IMPORTED, WITHDRAWN, AppealChange
from leadboard.allocation.limits import claim, claim_over
from leadboard.allocation.names import ids_by_name
from leadboard.common.language import _
from leadboard.common.validation import plain
from leadboard.database.compiled_queries import Compiled, params
from leadboard.database.connection import database, rows
from leadboard.database.fields import now, stamp
from leadboard.database.transactions import ids_given, transact
from leadboard.queries.appeals import with_names
from leadboard.transfer.appeal_rows import AppealEntry, Names, entry_of
from leadboard.transfer.cells import bad_cell
from leadboard.transfer.plan import DIFFERS, HANDED_OUT, SAME, Plan, Tick, told
from leadboard.transfer.reading import parts, rows_of
from leadboard.transfer.tables import COLUMNS, OF_APPEALS, appeal_record
from models import Appeal, Operator, Source

Take = Callable[[int], object]
"""Takes a place of an operator; False where there is none."""


def plan_appeals(
    file: BinaryIO, form: str, *, force: bool = False, tick: Tick = lambda _done: None
) -> Plan:
    """Return which appeals a file would add; raises Refused for a bad cell.

    With `force`, open ones go to operators who are off or full as well.
    """

    def act(actor: str) -> str:
        done = Plan("appeals", act)
        take = claim_over if force else claim
        # Read again inside the transaction: since the plan was made anything may have changed.
        transact(lambda: _store(file, form, done, take, tick, actor))
        return _("Stored: {counts}", counts=told(done.counts))

    plan = Plan("appeals", act)
    take: Take = (lambda _operator: True) if force else _Room().take
    _Arrivals(plan, take, _Looking()).read(file, form, tick)
    return plan


def _store(file: BinaryIO, form: str, plan: Plan, take: Take, tick: Tick, actor: str) -> None:
    """Store the new appeals and hand out what waits, in the transaction under way."""
    plan.clear()
    _Arrivals(plan, take, _Storing()).read(file, form, tick)
    if given := hand_out_all(actor):
        plan.counts[HANDED_OUT] = given


class _Room:
    """The places that active operators have, counted down without taking any."""

    def __init__(self) -> None:
        found = rows(
            Operator.select(Operator.id, Operator.max_load - Operator.load, Operator.is_active)
        )
        self._free = {key: free if is_active else 0 for key, free, is_active in found}

    def take(self, operator_id: int) -> bool:
        """Take a place, if only here; False where there is none."""
        self._free[operator_id] -= 1
        return self._free[operator_id] >= 0


class _Arrivals:
    """One pass through a file: known appeals are compared, new ones take places, all count."""

    def __init__(self, plan: Plan, take: Take, rows: "_Looking | _Storing") -> None:
        self._plan = plan
        self._take = take
        self._rows = rows
        self._names = Names(ids_by_name(Source), ids_by_name(Operator))

    def read(self, file: BinaryIO, form: str, tick: Tick) -> None:
        """Go through every row; raises Refused for the first bad cell."""
        done = 0
        found = rows_of(file, form, COLUMNS["appeals"])
        for batch in parts(entry_of(row, self._names) for row in found):
            here = _Here(batch)
            for entry in batch:
                self._meet(entry, here)
            self._rows.flush()
            done += len(batch)
            tick(done)

    def _meet(self, entry: AppealEntry, here: "_Here") -> None:
        known = here.known_as(entry)
        if known is not None:
            self._plan.count(*known)
            return
        if entry.is_held and not self._take(entry.operator_id or 0):
            who = entry.cells["operator"]
            sentence = _("{operator} is off or full: see --force.", operator=who)
            raise bad_cell(entry.row, "operator", sentence)
        self._rows.store(entry)
        here.add(entry)
        self._plan.count(entry.status, entry.words)


class _Here:
    """The stored appeals that a batch of rows may mean, by its ids and keys."""

    def __init__(self, batch: Sequence[AppealEntry]) -> None:
        ids = [entry.id for entry in batch if entry.id is not None]
        keys = ids_of_keys([entry.sender for entry in batch if entry.sender is not None])
        query = with_names().where(Appeal.id.in_([*ids, *keys.values()]))
        self._by_id = {
            row[0]: dict(zip(OF_APPEALS, appeal_record(row), strict=True)) for row in rows(query)
        }
        self._by_key = {sender: self._by_id[appeal_id] for sender, appeal_id in keys.items()}

    def add(self, entry: AppealEntry) -> None:
        """Remember a row, so that one further down with its id or key is compared with it."""
        stored = dict.fromkeys(OF_APPEALS) | entry.cells | {"id": entry.id}
        if entry.id is not None:
            self._by_id[entry.id] = stored
        if entry.sender is not None:
            self._by_key[entry.sender] = stored

    def known_as(self, entry: AppealEntry) -> tuple[str, str | None] | None:
        """Return how to count an appeal that is stored, with words if its text differs.

        None for a new one. Raises Refused where a cell contradicts the appeal of its id.
        """
        stored = None if entry.id is None else self._by_id.get(entry.id)
        if stored is not None:
            _refuse_difference(entry, stored)
            return SAME, None
        known = None if entry.sender is None else self._by_key.get(entry.sender)
        if known is None:
            return None
        if entry.id is not None:
            sentence = _("Appeal {id} has this key already.", id=known["id"])
            raise bad_cell(entry.row, "key", sentence)
        if "message" in entry.given and _alike(entry.cells["message"]) != _alike(known["message"]):
            return DIFFERS, _differing(entry)
        return SAME, None


def _differing(entry: AppealEntry) -> str:
    return _(
        "row {row}: {appeal} is known by its key with another text",
        row=entry.row,
        appeal=entry.about,
    )


_NAMES = frozenset({"external_id", "source", "operator"})
"""Columns of names, which earlier versions may have stored in another spelling."""


def _refuse_difference(entry: AppealEntry, stored: dict[str, Any]) -> None:
    """Raise Refused for the first cell that is not as stored: appeals are changed on the desk."""
    for column, cell in entry.cells.items():
        # The status says whether it was closed; when, or when it came, the file need not say.
        is_open_question = cell is None and column in {"timestamp", "closed_at"}
        if column not in entry.given or is_open_question:
            continue
        compared = plain if column in _NAMES and cell and stored[column] else _alike
        if compared(cell) != compared(stored[column]):
            sentence = _(
                "Appeal {id} has {stored} here; files change no appeals.",
                id=entry.id,
                stored=_shown(stored[column]),
            )
            raise bad_cell(entry.row, column, sentence)


def _alike(value: object) -> object:
    """Return a value for comparing: spreadsheets write line breaks in their own way."""
    if isinstance(value, str):
        return value.replace("\r\n", "\n").replace("\r", "\n")
    return value


def _shown(value: object) -> str:
    if value is None or value == "":
        return _("nothing")
    text = stamp(value) if isinstance(value, datetime) else str(value)
    return text if len(text) <= 40 else f"{text[:40]}…"


# --- storing ----------------------------------------------------------------------------------


class _Looking:
    """New rows are only looked at."""

    def store(self, entry: AppealEntry) -> None:
        """Do nothing."""

    def flush(self) -> None:
        """Do nothing."""


_COLUMNS = (
    *(Appeal.lead, Appeal.source, Appeal.operator, Appeal.timestamp),
    *(Appeal.message, Appeal.closed_at, Appeal.key, Appeal.withdrawn),
)
_NEW = Compiled(lambda: Appeal.insert(params(*_COLUMNS)).returning(Appeal.id))
_NEW_WITH_ID = Compiled(lambda: Appeal.insert(params(Appeal.id, *_COLUMNS)))


class _Storing:
    """New rows become appeals, each with its lines in the ledger."""

    def __init__(self) -> None:
        self._journal = Journal()

    def store(self, entry: AppealEntry) -> None:
        """Store one row; raises Refused for an id that is taken."""
        columns = _columns_of(entry)
        appeal_id = int(_NEW.scalar(**columns)) if entry.id is None else _with_id(entry, columns)
        held = (entry.operator_id, entry.operator_id)
        self._journal.note_appeal(AppealChange(appeal_id, IMPORTED, entry.operator_id))
        if entry.closed_at is not None:
            kind = WITHDRAWN if columns["withdrawn"] else CLOSED
            self._journal.note_appeal(AppealChange(appeal_id, kind, *held, entry.closed_at))

    def flush(self) -> None:
        """Write to the ledger what was stored since the last time."""
        self._journal.write_without_act()
        self._journal.appeals.clear()


def _columns_of(entry: AppealEntry) -> dict[str, Any]:
    return {
        "lead_id": lead_id_of(entry.cells["external_id"]),
        "source_id": entry.source_id,
        "operator_id": entry.operator_id,
        "timestamp": entry.cells.get("timestamp") or now(),
        "message": entry.cells["message"],
        "closed_at": entry.closed_at,
        "key": entry.cells.get("key"),
        "withdrawn": entry.status == "withdrawn",
    }


def _with_id(entry: AppealEntry, columns: dict[str, Any]) -> int:
    """Store an appeal under the id of its row, and return it."""
    try:
        # In a savepoint: after an error PostgreSQL refuses the rest of the transaction.
        with database.atomic():
            _NEW_WITH_ID.changes(id=entry.id, **columns)
            # At once: a row further down without an id takes the next one.
            ids_given(Appeal)
    except IntegrityError:
        sentence = _("A row above without an id was given this one: put those without last.")
        raise bad_cell(entry.row, "id", sentence) from None
    return entry.id or 0
