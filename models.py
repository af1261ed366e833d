"""The tables, their constraints, and what is true of a row."""

from pathlib import Path

from peewee import (
    SQL,
    BigAutoField,
    BigIntegerField,
    BlobField,
    BooleanField,
    Check,
    CompositeKey,
    Database,
    Expression,
    ForeignKeyField,
    IntegerField,
    TextField,
)

from leadboard.common.validation import (
    MAX_CONTACT,
    MAX_IDENTIFIER,
    MAX_LIMIT,
    MAX_MESSAGE,
    MAX_NAME,
    MAX_NOTE,
    MAX_STRATEGY,
    MAX_WEIGHT,
)
from leadboard.database.connection import database, engine
from leadboard.database.fields import UtcField
from leadboard.database.program_tables import HeldEvent, Hook, Token
from leadboard.database.proof_tables import LedgerBounds, LostDraw, Seal, Tally
from leadboard.database.schema import Schema
from leadboard.database.table import Table

SCHEMA_VERSION = 6


class SchemaVersion(Table):
    """The one row that says which version of these tables the database holds."""

    version = IntegerField(primary_key=True)


class Operator(Table):
    """A person who answers appeals; `load` counts their open ones and changes only with them."""

    # An AutoField has 32 bits on PostgreSQL, and the ids of CockroachDB need 64.
    id = BigAutoField()
    # Not a CharField, whose type SQLite refuses in a STRICT table; the check limits the length.
    name = TextField(unique=True, constraints=[Check(f"length(name) BETWEEN 1 AND {MAX_NAME}")])
    # Two defaults, since other programs insert rows without Peewee; and a check, since a flag is
    # an integer on SQLite and could be 7.
    is_active = BooleanField(
        default=True, constraints=[SQL("DEFAULT TRUE"), Check("is_active IN (TRUE, FALSE)")]
    )
    max_load = BigIntegerField(constraints=[Check(f"max_load BETWEEN 0 AND {MAX_LIMIT}")])
    load = BigIntegerField(default=0, constraints=[SQL("DEFAULT 0"), Check("load >= 0")])
    note = TextField(
        default="", constraints=[SQL("DEFAULT ''"), Check(f"length(note) <= {MAX_NOTE}")]
    )
    contact = TextField(
        default="", constraints=[SQL("DEFAULT ''"), Check(f"length(contact) <= {MAX_CONTACT}")]
    )


class Source(Table):
    """Where appeals come from: a bot, a site, a telephone.

    `strategy` names the rule by which its operators are chosen; with `is_sealed` their draws are
    sealed. The chain of its decisions ends with `number` and `head`; `seed` is that of the seal in
    force, which ends at `seal_ends_at`. `credits` is a JSON object of what a quota owes, by
    operator id.
    """

    id = BigAutoField()
    name = TextField(unique=True, constraints=[Check(f"length(name) BETWEEN 1 AND {MAX_NAME}")])
    strategy = TextField(
        default="lottery",
        constraints=[
            SQL("DEFAULT 'lottery'"),
            Check(f"length(strategy) BETWEEN 1 AND {MAX_STRATEGY}"),
        ],
    )
    is_sealed = BooleanField(
        default=True, constraints=[SQL("DEFAULT TRUE"), Check("is_sealed IN (TRUE, FALSE)")]
    )
    # In this row, and not in one of their own: it is locked for each draw in any case.
    number = BigIntegerField(default=0, constraints=[SQL("DEFAULT 0")])
    head = BlobField(null=True)
    seed = BlobField(null=True)
    seal_ends_at = UtcField(null=True)
    credits = TextField(default="{}", constraints=[SQL("DEFAULT '{}'")])


class OperatorSource(Table):
    """The weight of one operator for one source; without a row the operator does not serve it."""

    # Without an index of its own: the primary key begins with it.
    operator = ForeignKeyField(Operator, backref="+", on_delete="RESTRICT", index=False)
    source = ForeignKeyField(Source, backref="+", on_delete="RESTRICT")
    weight = BigIntegerField(constraints=[Check(f"weight BETWEEN 0 AND {MAX_WEIGHT}")])

    class Meta:
        """One row per pair."""

        primary_key = CompositeKey("operator", "source")


class Lead(Table):
    """A client, known by one external id such as a Telegram id."""

    id = BigAutoField()
    external_id = TextField(
        unique=True, constraints=[Check(f"length(external_id) BETWEEN 1 AND {MAX_IDENTIFIER}")]
    )


class Roster(Table):
    """The operators considered for a draw, stored once per distinct content."""

    id = BigAutoField()
    digest = BlobField(unique=True)
    content = TextField()


class Appeal(Table):
    """One message from one lead through one source; it waits while open without an operator."""

    id = BigAutoField()
    # Without indexes of Peewee's: those that are needed are below, with the id as a second column.
    lead = ForeignKeyField(Lead, backref="+", on_delete="RESTRICT", index=False)
    source = ForeignKeyField(Source, backref="+", on_delete="RESTRICT", index=False)
    operator = ForeignKeyField(Operator, backref="+", on_delete="RESTRICT", null=True, index=False)
    timestamp = UtcField(index=True)
    message = TextField(constraints=[Check(f"length(message) <= {MAX_MESSAGE}")])
    closed_at = UtcField(null=True)
    key = TextField(null=True, constraints=[Check(f"length(key) BETWEEN 1 AND {MAX_IDENTIFIER}")])
    roster = ForeignKeyField(Roster, backref="+", on_delete="RESTRICT", null=True, index=False)
    draw = BigIntegerField(null=True, constraints=[Check("draw >= 0")])
    withdrawn = BooleanField(
        default=False, constraints=[SQL("DEFAULT FALSE"), Check("withdrawn IN (TRUE, FALSE)")]
    )

    class Meta:
        """Rules between columns."""

        constraints = [
            Check("draw IS NULL OR roster_id IS NOT NULL", "appeal_draw_has_roster"),
            Check("NOT withdrawn OR closed_at IS NOT NULL", "appeal_withdrawn_is_closed"),
        ]


Appeal.add_index(
    Appeal.index(
        # The key first, so that it is one search with and without its source and lead.
        Appeal.key,
        Appeal.source,
        Appeal.lead,
        name="appeal_by_key",
        unique=True,
        where=Appeal.key.is_null(False),
    )
)
# The id comes last in each, so that a page of one lead, source or operator needs no sorting.
Appeal.add_index(Appeal.index(Appeal.lead, Appeal.id, name="appeal_by_lead"))
Appeal.add_index(Appeal.index(Appeal.source, Appeal.id, name="appeal_by_source"))
Appeal.add_index(Appeal.index(Appeal.operator, Appeal.id, name="appeal_by_operator"))
# Partial, so that what is open is found as quickly however many appeals were closed.
Appeal.add_index(
    Appeal.index(
        Appeal.operator,
        Appeal.id,
        name="appeal_open",
        where=Appeal.closed_at.is_null() & Appeal.operator.is_null(False),
    )
)
Appeal.add_index(
    Appeal.index(
        Appeal.source,
        Appeal.id,
        name="appeal_waiting",
        where=Appeal.closed_at.is_null() & Appeal.operator.is_null(),
    )
)


class Event(Table):
    """One act of a dispatcher; an undo or a redo points at the act it takes back or repeats.

    A part of an act that was done in a later transaction is `part_of` that act.
    """

    id = BigAutoField()
    at = UtcField()
    actor = TextField()
    act = TextField()
    note = TextField()
    forced = BooleanField(default=False, constraints=[Check("forced IN (TRUE, FALSE)")])
    target = ForeignKeyField("self", backref="+", on_delete="RESTRICT", null=True)
    part_of = ForeignKeyField("self", backref="+", on_delete="RESTRICT", null=True, index=False)


Event.add_index(Event.index(Event.actor, Event.id, name="event_by_actor"))
Event.add_index(
    Event.index(Event.part_of, Event.id, name="event_by_part", where=Event.part_of.is_null(False))
)


class EventChange(Table):
    """What one act did to one row: its columns before and after as JSON, null for no row."""

    event = ForeignKeyField(Event, backref="+", on_delete="RESTRICT", index=False)
    subject = TextField()
    before = TextField(null=True)
    after = TextField(null=True)

    class Meta:
        """One row for each event and subject."""

        primary_key = CompositeKey("event", "subject")


EventChange.add_index(
    EventChange.index(EventChange.subject, EventChange.event, name="event_change_by_subject")
)


class Step(Table):
    """One change of one appeal, with the appeal as it is after it: what a row of the ledger holds.

    `drawn` says that the operator was drawn in this change, by `draw` from the roster. `event` is
    the act that did it, null for an arrival. A sealed draw has its `number` in the chain of the
    source, and the `head` of the chain after it. Rows are only ever added.
    """

    at = UtcField()
    appeal = ForeignKeyField(Appeal, backref="+", on_delete="RESTRICT", index=False)
    kind = TextField(constraints=[Check("length(kind) BETWEEN 1 AND 20")])
    # Operators without foreign keys, which would need an index of their own: a row outlives them.
    operator_id = BigIntegerField(null=True)
    was_operator_id = BigIntegerField(null=True)
    closed_at = UtcField(null=True)
    roster = ForeignKeyField(Roster, backref="+", on_delete="RESTRICT", null=True, index=False)
    draw = BigIntegerField(null=True)
    drawn = BooleanField(constraints=[Check("drawn IN (TRUE, FALSE)")])
    event = ForeignKeyField(Event, backref="+", on_delete="RESTRICT", null=True, index=False)
    number = BigIntegerField(null=True)
    head = BlobField(null=True)


class Change(Step):
    """The ledger: `seq` grows in the order of commits, so that a reader past it misses nothing."""

    seq = BigAutoField()


class PendingChange(Step):
    """Rows of the ledger on a server whose place is not settled yet; see `ledger.settle`."""

    id = BigAutoField()


for _ledger in (Change, PendingChange):
    _name, _order = _ledger._meta.table_name, _ledger._meta.primary_key
    _ledger.add_index(_ledger.index(_ledger.appeal, _order, name=f"{_name}_by_appeal"))
    _ledger.add_index(
        _ledger.index(
            _ledger.event, _order, name=f"{_name}_by_event", where=_ledger.event.is_null(False)
        )
    )


_STEP_COLUMNS = ", ".join(f'"{field.column_name}"' for field in Step._meta.sorted_fields[1:])
_SETTLED = f'SELECT "seq" AS "place", {_STEP_COLUMNS} FROM "change"'
# What is pending comes after all that is settled; on SQLite nothing ever is.
_PENDING = f'SELECT {2**62} + "id", {_STEP_COLUMNS} FROM "pending_change"'


class AppealStep(Step):
    """The view of all rows of the ledger, settled or not; those of one appeal go by `place`."""

    place = BigIntegerField()

    class Meta:
        """A view has no key."""

        primary_key = False


class OpenDrain(Table):
    """An act with an unfinished drain: its sentence, and how many appeals it has handed out.

    `operators` is a JSON list of the operators to whom the act may still hand out appeals.
    """

    event = ForeignKeyField(Event, backref="+", on_delete="RESTRICT", primary_key=True)
    note = TextField()
    given = BigIntegerField()
    operators = TextField()


TABLES: list[type[Table]] = [
    SchemaVersion,
    Operator,
    Source,
    OperatorSource,
    Lead,
    Roster,
    Appeal,
    Event,
    EventChange,
    OpenDrain,
    Change,
    PendingChange,
    LedgerBounds,
    LostDraw,
    Seal,
    Tally,
    Token,
    Hook,
    HeldEvent,
]


def open_database(
    target: str | Path | None = None, *, may_create: bool = True, may_only_read: bool = False
) -> Database:
    """Open the database by path or URL, and bind the tables to it.

    With `may_create` the file and the tables are created on first use; with `may_only_read` a file
    that can only be read will do. Raises Trouble when the database does not exist, cannot be
    opened, is not a Leadboard database, or is from a newer version.
    """
    # Rosters and events keep the ids of deleted operators and sources, so none is given out again.
    schema = Schema(TABLES, SCHEMA_VERSION, (Operator.id, Source.id), _complete)
    return schema.open(target, may_create=may_create, may_only_read=may_only_read)


def _complete() -> None:
    """Add to new tables what Peewee does not create: the view, and the row to lock."""
    parts = [_SETTLED, _PENDING] if engine().is_server else [_SETTLED]
    database.execute_sql(f'CREATE VIEW "appeal_step" AS {" UNION ALL ".join(parts)}')
    LedgerBounds.insert(id=1, pruned=0, rebuilt=0).execute()


def is_waiting() -> Expression:
    """Return the condition for a waiting appeal: open and without an operator."""
    return Appeal.closed_at.is_null() & Appeal.operator.is_null()
