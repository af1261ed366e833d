"""The steps that bring older tables up to date, each in the SQL of its own time.

A step never uses the tables as they are today: it must make them what they were in the version
that follows it.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from leadboard.common.errors import ServerLost, TooBusy, Trouble, Uncertain
from leadboard.common.language import _
from leadboard.common.progress import Advance
from leadboard.database.connection import database, engine
from leadboard.database.fields import now
from leadboard.database.ledger_upgrade import to_version_4, work
from leadboard.database.transactions import patiently, transact
from leadboard.database.upgrade_words import run

UPGRADING = 600.0
"""Seconds to wait for another program that upgrades the tables or is still writing."""

LONG = 200_000
"""Rows to read and write from which on an upgrade is shown as it goes on."""

Step = Callable[[Advance], str | None]
"""Makes tables of one version those of the next; returns a sentence for people, if there is one."""


@dataclass(slots=True)
class Onlooker:
    """Who is shown a long upgrade as it goes on, and told in the end what came of it."""

    bar: Callable[[int], AbstractContextManager[Advance]]
    tell: Callable[[str], None]


onlooker = Onlooker(lambda _unused: nullcontext(lambda *_unused: None), lambda _unused: None)
"""Nobody, unless a program says otherwise."""

# Message ids are counted per chat: the same key of another sender is another message.
KEYS_BY_SENDER = (
    'DROP INDEX "appeal_key"',
    'CREATE UNIQUE INDEX "appeal_by_key" ON "appeal" ("key", "source_id", "lead_id") '
    'WHERE ("key" IS NOT NULL)',
)
PARTS_OF_ACTS = (
    'ALTER TABLE "event" ADD COLUMN "part_of_id" {whole} '
    'REFERENCES "event" ("id") ON DELETE RESTRICT',
    'CREATE INDEX "event_by_part" ON "event" ("part_of_id", "id") WHERE ("part_of_id" IS NOT NULL)',
)
OPEN_DRAINS = (
    'CREATE TABLE "open_drain" ("event_id" {whole} NOT NULL PRIMARY KEY, "note" {text} NOT NULL, '
    '"given" {whole} NOT NULL, "operators" {text} NOT NULL, '
    'FOREIGN KEY ("event_id") REFERENCES "event" ("id") ON DELETE RESTRICT){strict}',
)


def to_version_2(_unused: Advance) -> None:
    """Make keys unique for each source and lead, and let acts have parts and open drains."""
    for statement in (*KEYS_BY_SENDER, *PARTS_OF_ACTS, *OPEN_DRAINS):
        run(statement)


OPERATORS_NOTES = (
    """ALTER TABLE "operator" ADD COLUMN "note" {text} NOT NULL DEFAULT '' """
    "CHECK (length(note) <= 1000)"
)


def to_version_3(_unused: Advance) -> None:
    """Give each operator a note."""
    run(OPERATORS_NOTES)


OPERATORS_CONTACTS = (
    """ALTER TABLE "operator" ADD COLUMN "contact" {text} NOT NULL DEFAULT '' """
    "CHECK (length(contact) <= 200)"
)
TOKENS = (
    'CREATE TABLE "token" ("id" {key}, '
    '"name" {text} NOT NULL CHECK (length(name) BETWEEN 1 AND 80), "digest" {bytes} NOT NULL, '
    """"scope" {text} NOT NULL CHECK (scope IN ('intake', 'operator', 'desk')), """
    '"operator_id" {whole}, "added_at" {text} NOT NULL, "withdrawn_at" {text}, '
    'CONSTRAINT "token_names_its_operator" '
    "CHECK ((scope = 'operator') = (operator_id IS NOT NULL))){strict}",
    'CREATE UNIQUE INDEX "token_name" ON "token" ("name")',
    'CREATE UNIQUE INDEX "token_digest" ON "token" ("digest")',
)
HOOKS = (
    'CREATE TABLE "hook" ("id" {key}, '
    '"address" {text} NOT NULL CHECK (length(address) BETWEEN 1 AND 2000), '
    '"kinds" {text} NOT NULL, "source_id" {whole}, '
    '"has_messages" {flag} NOT NULL CHECK (has_messages IN (TRUE, FALSE)), '
    '"may_be_private" {flag} NOT NULL CHECK (may_be_private IN (TRUE, FALSE)), '
    '"secret" {text} NOT NULL, "old_secret" {text}, "old_until" {text}, '
    '"seq" {whole} NOT NULL, "added_at" {text} NOT NULL, "rests_until" {text}, '
    '"off_because" {text}, "sender" {text}, "leased_until" {text}){strict}',
    'CREATE TABLE "held_event" ("id" {key}, "hook_id" {whole} NOT NULL, "seq" {whole} NOT NULL, '
    '"appeal_id" {whole} NOT NULL, "body" {text} NOT NULL, '
    '"attempts" {whole} NOT NULL CHECK (attempts >= 0), "first_at" {text} NOT NULL, '
    '"due_at" {text} NOT NULL, "failure" {text} NOT NULL, '
    '"is_unreachable" {flag} NOT NULL CHECK (is_unreachable IN (TRUE, FALSE)), '
    '"dead_at" {text}, '
    'FOREIGN KEY ("hook_id") REFERENCES "hook" ("id") ON DELETE CASCADE){strict}',
    'CREATE UNIQUE INDEX "held_event_by_seq" ON "held_event" ("hook_id", "seq")',
    'CREATE INDEX "held_event_by_appeal" ON "held_event" ("hook_id", "appeal_id", "seq") '
    'WHERE ("dead_at" IS NULL)',
)


def to_version_5(_unused: Advance) -> None:
    """Give each operator a contact, and let other programs have tokens and hooks."""
    for statement in (OPERATORS_CONTACTS, *TOKENS, *HOOKS):
        run(statement)


SOURCES = (
    """ALTER TABLE "source" ADD COLUMN "strategy" {text} NOT NULL DEFAULT 'lottery' """
    "CHECK (length(strategy) BETWEEN 1 AND 20)",
    'ALTER TABLE "source" ADD COLUMN "is_sealed" {flag} NOT NULL DEFAULT TRUE '
    "CHECK (is_sealed IN (TRUE, FALSE))",
    'ALTER TABLE "source" ADD COLUMN "number" {whole} NOT NULL DEFAULT 0',
    'ALTER TABLE "source" ADD COLUMN "head" {bytes}',
    'ALTER TABLE "source" ADD COLUMN "seed" {bytes}',
    'ALTER TABLE "source" ADD COLUMN "seal_ends_at" {text}',
    """ALTER TABLE "source" ADD COLUMN "credits" {text} NOT NULL DEFAULT '{{}}'""",
)
SEALED_LINES = tuple(
    f'ALTER TABLE "{table}" ADD COLUMN "{column}" {{{kind}}}'
    for table in ("change", "pending_change")
    for column, kind in (("number", "whole"), ("head", "bytes"))
)
SEALS = (
    'CREATE TABLE "lost_draw" ("id" {key}, "at" {text} NOT NULL, "source_id" {whole} NOT NULL, '
    '"number" {whole}, "roster_id" {whole} NOT NULL, '
    '"draw" {whole} NOT NULL CHECK (draw >= 0), "operator_id" {whole} NOT NULL, '
    '"outside" {bytes} NOT NULL, "head" {bytes}){strict}',
    'CREATE TABLE "seal" ("id" {key}, "source_id" {whole} NOT NULL, "commitment" {text} NOT NULL, '
    '"seed" {bytes} NOT NULL, "made_at" {text} NOT NULL, "first" {whole}, "began_at" {text}, '
    '"last" {whole}, "ended_at" {text}){strict}',
    'CREATE INDEX "seal_by_source" ON "seal" ("source_id", "id")',
)
COUNTS = (
    'ALTER TABLE "ledger_bounds" ADD COLUMN "counted" {whole} NOT NULL DEFAULT 0',
    'CREATE TABLE "tally" ("day" {text} NOT NULL, "source_id" {whole} NOT NULL, '
    '"roster_id" {whole} NOT NULL, "operator_id" {whole} NOT NULL, '
    """"way" {text} NOT NULL CHECK (way IN ('drawn', 'hand', 'forced')), """
    '"count" {whole} NOT NULL, '
    'PRIMARY KEY ("day", "source_id", "roster_id", "operator_id", "way")){strict}',
)
_STEP_COLUMNS = (
    '"at", "appeal_id", "kind", "operator_id", "was_operator_id", "closed_at", "roster_id", '
    '"draw", "drawn", "event_id", "number", "head"'
)
STEPS_VIEW = f'CREATE VIEW "appeal_step" AS SELECT "seq" AS "place", {_STEP_COLUMNS} FROM "change"'
PENDING_STEPS = f' UNION ALL SELECT {2**62} + "id", {_STEP_COLUMNS} FROM "pending_change"'


def to_version_6(_unused: Advance) -> None:
    """Let sources choose how operators are drawn, let draws be sealed, and count them."""
    for statement in (*SOURCES, *SEALED_LINES, *SEALS, *COUNTS):
        run(statement)
    run('DROP VIEW "appeal_step"')
    run(STEPS_VIEW + PENDING_STEPS * engine().is_server)


UPGRADES: dict[int, Step] = {
    1: to_version_2,
    2: to_version_3,
    3: to_version_4,
    4: to_version_5,
    5: to_version_6,
}
"""The step from each version of the tables to the next, run in one transaction."""


def bring_up_to_date(path: Path | None, wanted: int) -> None:
    """Upgrade the open database to a version; one of several programs does it, the others wait.

    A file is first copied beside itself. Raises Trouble for a newer version, and when the upgrade
    cannot be made; then nothing has changed.
    """
    version = _version()
    if version > wanted:
        raise Trouble(
            _(
                "{database} was made by a newer Leadboard (tables of version {version}, this "
                "one knows {wanted}): upgrade Leadboard.",
                database=path or engine().title,
                version=version,
                wanted=wanted,
            )
        )
    if version < wanted and engine().is_read_only:
        raise Trouble(
            _(
                "{path} was made by an older Leadboard and is read-only, so that it cannot "
                "be upgraded: open a copy of it.",
                path=path,
            )
        )
    if version < wanted:
        for sentence in patiently(lambda: _attempt(path, version, wanted), UPGRADING):
            onlooker.tell(
                _(
                    "{database} was upgraded. {sentence}",
                    database=path or engine().title,
                    sentence=sentence,
                )
            )


def _attempt(path: Path | None, version: int, wanted: int) -> Sequence[str]:
    copies: list[Path] = []
    try:
        return transact(lambda: _upgrade(path, wanted, copies))
    except Uncertain:
        raise
    except BaseException as error:
        # Or each failed start would leave one more copy, on a full disk as well.
        _delete(copies)
        # As they are, for `patiently` to try again while another program is at work.
        if not isinstance(error, Trouble) or isinstance(error, TooBusy | ServerLost):
            raise
        raise Trouble(
            _(
                "{database} has tables of version {version}, which could not be upgraded to "
                "{wanted}. {error}",
                database=path or engine().title,
                version=version,
                wanted=wanted,
                error=error,
            )
        ) from error


def _upgrade(path: Path | None, wanted: int, copies: list[Path]) -> Sequence[str]:
    """Copy a file as it is and take every step, unless another program has just done it.

    Add the copy to `copies`, and return what the steps said.
    """
    _delete(copies)  # of a run that was taken back
    # A file is locked as a whole already, and SQLite has no FOR UPDATE.
    old = _version(is_held=engine().is_server)
    if old >= wanted:
        return ()
    with _shown(old) as advance:
        if path is not None:
            copies.append(_copy_beside(path, old))
        said = [UPGRADES[version](advance) for version in range(old, wanted)]
    database.execute_sql(f"UPDATE schema_version SET version = {int(wanted)}")
    return [sentence for sentence in said if sentence]


def _delete(copies: list[Path]) -> None:
    while copies:
        copies.pop().unlink(missing_ok=True)


def _shown(old: int) -> AbstractContextManager[Advance]:
    """Return what shows an upgrade as it goes on, if it is a long one."""
    total = work() if old < 4 else 0
    return onlooker.bar(total) if total >= LONG else nullcontext(lambda *_unused: None)


def _copy_beside(path: Path, version: int) -> Path:
    from leadboard.database.backup import backup

    copy = path.with_name(f"{path.name}.v{version}.bak")
    if copy.exists():
        copy = path.with_name(f"{path.name}.v{version}.{now():%Y%m%dT%H%M%S%f}.bak")
    # Under the write lock, so that nothing is stored between the copy and the first step.
    backup(path, copy, force=True)
    return copy


def _version(*, is_held: bool = False) -> int:
    """Return the version of the tables, and keep others from upgrading them where `is_held`."""
    query = "SELECT version FROM schema_version" + " FOR UPDATE" * is_held
    found = database.execute_sql(query).fetchall()
    if not found:
        raise Trouble(_("The file is not a Leadboard database: choose another with --db."))
    return int(found[0][0])
