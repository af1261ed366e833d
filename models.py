"""The ground floor: the tables, their constraints, and opening a database of this version."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote, urlsplit

import platformdirs
from peewee import (
    SQL,
    BigAutoField,
    BigIntegerField,
    BlobField,
    BooleanField,
    Check,
    CompositeKey,
    Database,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)

from backup import backup
from store import (
    PATIENCE,
    Trouble,
    UtcField,
    bind,
    connect_sqlite,
    database,
    now,
    plainly,
    transact,
)

SCHEMA_VERSION = 1
MAX_WEIGHT = 1_000_000
MAX_LIMIT = 1_000_000
MAX_NAME = 80
MAX_IDENTIFIER = 200
MAX_MESSAGE = 10_000

# Rosters and events name operators and sources by id, also deleted ones.
NEVER_REUSED = SQL("AUTOINCREMENT")


class Table(Model):
    """What all tables share: one database, snake_case names, strict types."""

    class Meta:
        """Settings that every table inherits."""

        database = database
        legacy_table_names = False
        strict_tables = True


class SchemaVersion(Table):
    """The one row that says which version of these tables the database holds."""

    version = IntegerField(primary_key=True)


class Operator(Table):
    """A person who answers appeals; `load` counts his open ones and is changed only with them."""

    id = BigAutoField(constraints=[NEVER_REUSED])
    name = TextField(unique=True, constraints=[Check(f"length(name) BETWEEN 1 AND {MAX_NAME}")])
    is_active = BooleanField(
        default=True, constraints=[SQL("DEFAULT TRUE"), Check("is_active IN (TRUE, FALSE)")]
    )
    max_load = BigIntegerField(constraints=[Check(f"max_load BETWEEN 0 AND {MAX_LIMIT}")])
    load = BigIntegerField(default=0, constraints=[SQL("DEFAULT 0"), Check("load >= 0")])


class Source(Table):
    """Where appeals come from: a bot, a site, a telephone."""

    id = BigAutoField(constraints=[NEVER_REUSED])
    name = TextField(unique=True, constraints=[Check(f"length(name) BETWEEN 1 AND {MAX_NAME}")])


class OperatorSource(Table):
    """The weight of one operator for one source; no row: he does not serve it."""

    operator = ForeignKeyField(Operator, backref="+", on_delete="RESTRICT", index=False)
    source = ForeignKeyField(Source, backref="+", on_delete="RESTRICT")
    weight = BigIntegerField(constraints=[Check(f"weight BETWEEN 0 AND {MAX_WEIGHT}")])

    class Meta:
        """One row a pair."""

        primary_key = CompositeKey("operator", "source")


class Lead(Table):
    """A client, known by one external id such as a Telegram id."""

    id = BigAutoField()
    external_id = TextField(
        unique=True, constraints=[Check(f"length(external_id) BETWEEN 1 AND {MAX_IDENTIFIER}")]
    )


class Roster(Table):
    """Who was considered for a draw, stored once per distinct content."""

    id = BigAutoField()
    digest = BlobField(unique=True)
    content = TextField()


class Appeal(Table):
    """One message from one lead by one source; without an operator and open, it waits."""

    id = BigAutoField()
    lead = ForeignKeyField(Lead, backref="+", on_delete="RESTRICT", index=False)
    source = ForeignKeyField(Source, backref="+", on_delete="RESTRICT", index=False)
    operator = ForeignKeyField(Operator, backref="+", on_delete="RESTRICT", null=True, index=False)
    timestamp = UtcField(index=True)
    message = TextField(constraints=[Check(f"length(message) <= {MAX_MESSAGE}")])
    closed_at = UtcField(null=True)
    key = TextField(
        null=True, unique=True, constraints=[Check(f"length(key) BETWEEN 1 AND {MAX_IDENTIFIER}")]
    )
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


Appeal.add_index(Appeal.index(Appeal.lead, Appeal.id, name="appeal_by_lead"))
Appeal.add_index(Appeal.index(Appeal.source, Appeal.id, name="appeal_by_source"))
Appeal.add_index(Appeal.index(Appeal.operator, Appeal.id, name="appeal_by_operator"))
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
    """One act of a dispatcher; an undo or a redo points at the act it takes back or repeats."""

    id = BigAutoField()
    at = UtcField()
    actor = TextField()
    act = TextField()
    note = TextField()
    forced = BooleanField(default=False, constraints=[Check("forced IN (TRUE, FALSE)")])
    target = ForeignKeyField("self", backref="+", on_delete="RESTRICT", null=True)


Event.add_index(Event.index(Event.actor, Event.id, name="event_by_actor"))


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
]


UPGRADES: dict[int, Callable[[], None]] = {}
"""The step from each version of the tables to the next, run in one transaction."""


def default_path() -> Path:
    """Return where the database is when none is named."""
    return platformdirs.user_data_path("leadboard") / "leadboard.db"


def path_of(target: str) -> Path:
    """Return the file that a path or `sqlite:///` URL names; raises Trouble for another scheme."""
    if "\0" in unquote(target):
        raise Trouble("The path of the database holds a NUL: check --db.")
    if "://" not in target:
        return Path(target).expanduser().absolute()
    try:
        url = urlsplit(target)
    except ValueError as error:
        raise Trouble("The address of the database cannot be read: check --db.") from error
    if url.scheme != "sqlite":
        raise Trouble(f"Leadboard cannot open {url.scheme} databases: name a SQLite file.")
    return Path(unquote(url.path.removeprefix("/"))).absolute()


def open_database(target: str | Path | None = None) -> Database:
    """Open the database by path or URL, creating it on first use, and bind the tables to it.

    Raises Trouble when it cannot be opened, is no Leadboard database, or is of a newer version.
    """
    try:
        path = default_path() if target is None else path_of(str(target))
        _refuse_foreign(path)
    except (OSError, RuntimeError, ValueError) as error:
        if isinstance(error, Trouble):
            raise
        raise Trouble("The database cannot be opened: check its path and rights.") from error
    opened = connect_sqlite(path)
    bind(opened)
    try:
        with plainly():
            opened.connect(reuse_if_open=True)
            if not database.table_exists("schema_version"):
                transact(_create)
            _bring_up_to_date(path)
    except BaseException:
        opened.close()
        raise
    return opened


def _refuse_foreign(path: Path) -> None:
    """Raise Trouble for a database of another program before anything in it is touched."""
    if not path.is_file() or not path.stat().st_size:
        return
    with plainly(), closing(sqlite3.connect(path, timeout=PATIENCE)) as probe:
        names = {name for (name,) in probe.execute("SELECT name FROM sqlite_master")}
    if names and not names >= {"schema_version", "operator", "appeal"}:
        raise Trouble("The file is a database of another program: choose another with --db.")


def _create() -> None:
    if database.table_exists("schema_version"):
        return
    database.create_tables(TABLES)
    SchemaVersion.insert(version=SCHEMA_VERSION).execute()


def _bring_up_to_date(path: Path) -> None:
    version = _version()
    if version > SCHEMA_VERSION:
        raise Trouble(
            f"{path} was made by a newer Leadboard (tables of version {version}, this one knows "
            f"{SCHEMA_VERSION}): upgrade Leadboard."
        )
    if version < SCHEMA_VERSION:
        transact(lambda: _upgrade(path))


def _upgrade(path: Path) -> None:
    """Copy the file as it is and take every step, unless another process has just done it."""
    old = _version()
    if old >= SCHEMA_VERSION:
        return
    copy = path.with_name(f"{path.name}.v{old}.bak")
    if copy.exists():
        copy = path.with_name(f"{path.name}.v{old}.{now():%Y%m%dT%H%M%S%f}.bak")
    # Under the write lock, so that nothing is stored between the copy and the first step.
    backup(path, copy, force=True)
    for version in range(old, SCHEMA_VERSION):
        UPGRADES[version]()
    SchemaVersion.update(version=SCHEMA_VERSION).execute()


def _version() -> int:
    version = SchemaVersion.select(SchemaVersion.version).scalar()
    if version is None:
        raise Trouble("The file is not a Leadboard database: choose another with --db.")
    return int(version)
