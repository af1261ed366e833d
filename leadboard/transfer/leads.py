"""Import of leads: which are new, and whether those with an id are the stored ones."""

from collections.abc import Sequence
from typing import BinaryIO

from leadboard.allocation.names import by_look
from leadboard.common.language import _
from leadboard.common.validation import checked_external_id, plain
from leadboard.database.connection import rows
from leadboard.database.transactions import ids_given, transact
from leadboard.transfer.cells import bad_cell, checked_cell, id_in, is_blank
from leadboard.transfer.plan import SAME, Plan, Tick, told
from leadboard.transfer.reading import Row, parts, rows_of
from leadboard.transfer.tables import COLUMNS
from models import Lead

LeadEntry = tuple[int, int | None, str]
"""The number of a row, the id that it gives, and the external id."""


def plan_leads(file: BinaryIO, form: str, tick: Tick = lambda _done: None) -> Plan:
    """Return which leads a file would add; raises Refused for a bad cell."""

    def act(_actor: str) -> str:
        done = Plan("leads", act)
        transact(lambda: _read(file, form, done, tick, is_stored=True))
        return _("Stored: {counts}", counts=told(done.counts))

    plan = Plan("leads", act)
    _read(file, form, plan, tick, is_stored=False)
    return plan


def _read(file: BinaryIO, form: str, plan: Plan, tick: Tick, *, is_stored: bool) -> None:
    """Count every lead of a file; if `is_stored`, add the new ones in the transaction under way."""
    plan.clear()
    for batch in parts(map(_entry, rows_of(file, form, COLUMNS["leads"]))):
        new = _new(batch, plan)
        if is_stored:
            _add(new)
        tick(sum(plan.counts.values()))


def _entry(row: Row) -> LeadEntry:
    cell = row.cells.get("id")
    lead_id = None if is_blank(cell) else checked_cell(row.number, "id", id_in, cell)
    named = row.cells.get("external_id")
    external_id = checked_cell(
        row.number, "external_id", checked_external_id, "" if named is None else named
    )
    return row.number, lead_id, external_id


def _new(batch: Sequence[LeadEntry], plan: Plan) -> dict[str, int | None]:
    """Return the leads that are new, with the ids that they get; raises Refused."""
    either = Lead.external_id.in_([external_id for *_row, external_id in batch]) | Lead.id.in_(
        [lead_id for _row, lead_id, _name in batch if lead_id is not None]
    )
    found = rows(Lead.select(Lead.id, Lead.external_id).where(either))
    # As they read: earlier versions may have stored them in another spelling.
    names = {lead_id: plain(external_id) for lead_id, external_id in found}
    ids: dict[str, int | None] = dict(by_look(found))
    new: dict[str, int | None] = {}
    for row, lead_id, external_id in batch:
        _refuse_other(row, lead_id, external_id, names, ids)
        if external_id in ids:
            plan.count(SAME)
            continue
        plan.count("added", _("+ lead {lead}", lead=external_id))
        ids[external_id] = new[external_id] = lead_id
        if lead_id is not None:
            names[lead_id] = external_id
    return new


def _refuse_other(
    row: int,
    lead_id: int | None,
    external_id: str,
    names: dict[int, str],
    ids: dict[str, int | None],
) -> None:
    if lead_id is None or names.get(lead_id) == external_id:
        return
    if names.get(lead_id, external_id) != external_id:
        sentence = _(
            "Lead {id} is {lead} here: leave the column id out.", id=lead_id, lead=names[lead_id]
        )
        raise bad_cell(row, "external_id", sentence)
    if ids.get(external_id, lead_id) != lead_id:
        sentence = _(
            "{lead} is not lead {id} here: leave the column id out.", lead=external_id, id=lead_id
        )
        raise bad_cell(row, "id", sentence)


def _add(new: dict[str, int | None]) -> None:
    with_id = [{"id": key, "external_id": name} for name, key in new.items() if key is not None]
    without = [{"external_id": name} for name, key in new.items() if key is None]
    # These first, so that the ids of the others go on after them.
    if with_id:
        Lead.insert_many(with_id).execute()
        ids_given(Lead)
    if without:
        Lead.insert_many(without).execute()
