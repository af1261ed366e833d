"""The step to tables of version 4: the ledger, filled from what appeals and acts still know."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from leadboard.common.language import _, ngettext
from leadboard.common.progress import Advance
from leadboard.database.connection import engine
from leadboard.database.ledger_filling import LISTED, fill, last_seq
from leadboard.database.upgrade_words import run

_PARENTS = {"appeal_id": "appeal", "roster_id": "roster", "event_id": "event"}
_REFERENCES = [
    f'FOREIGN KEY ("{column}") REFERENCES "{parent}" ("id") ON DELETE RESTRICT'
    for column, parent in _PARENTS.items()
]
_STEP = (
    '"at" {text} NOT NULL, "appeal_id" {whole} NOT NULL, '
    '"kind" {text} NOT NULL CHECK (length(kind) BETWEEN 1 AND 20), '
    '"operator_id" {whole}, "was_operator_id" {whole}, "closed_at" {text}, "roster_id" {whole}, '
    '"draw" {whole}, "drawn" {flag} NOT NULL CHECK (drawn IN (TRUE, FALSE)), "event_id" {whole}'
)
_LEDGER = {"change": "seq", "pending_change": "id"}
_BOUNDS = (
    'CREATE TABLE "ledger_bounds" ("id" {key}, "pruned" {whole} NOT NULL, '
    '"rebuilt" {whole} NOT NULL){strict}'
)
_VIEW = f'CREATE VIEW "appeal_step" AS SELECT "seq" AS "place", {LISTED} FROM "change"'
_PENDING = f' UNION ALL SELECT {2**62} + "id", {LISTED} FROM "pending_change"'


def work() -> int:
    """Return how many rows the step reads and writes, at least roughly."""
    ((appeals, changes),) = run(
        'SELECT (SELECT count(*) FROM "appeal"), (SELECT count(*) FROM "event_change")'
    )
    return int(changes + 2 * appeals)


def to_version_4(advance: Advance) -> str | None:
    """Make the ledger and fill it; leave only the team in the record of acts.

    Return a sentence about what could not be known.
    """
    done = 0

    def tick(count: int) -> None:
        nonlocal done
        done += count
        advance(done, done)

    if engine().is_server:
        # At once, and before anything is read: whoever writes in the meantime would be missed.
        run('LOCK TABLE "appeal", "event", "event_change", "roster" IN ACCESS EXCLUSIVE MODE')
    _make_tables()
    with _by_index():
        unreadable = fill(tick)
    _finish_tables()
    run('INSERT INTO "ledger_bounds" ("id", "pruned", "rebuilt") VALUES (1, 0, ?)', last_seq())
    _forget_appeals()
    return _told(unreadable)


@contextmanager
def _by_index() -> Iterator[None]:
    """Let a server look up by index inside the block, in which small parts of tables are read.

    Where it knows too little of them, it would rather read whole tables for each part.
    """
    others = ("hashjoin", "mergejoin") if engine().is_server else ()
    for kind in others:
        run(f"SET LOCAL enable_{kind} = off")
    yield
    for kind in others:
        run(f"SET LOCAL enable_{kind} TO DEFAULT")


def _make_tables() -> None:
    # A server is quicker to look through a full table than at each row that comes in.
    references = "" if engine().is_server else "".join(f", {each}" for each in _REFERENCES)
    for table, key in _LEDGER.items():
        run(f'CREATE TABLE "{table}" ("{key}" {{key}}, {_STEP}{references}){{strict}}')
    run(_BOUNDS)
    run(_VIEW + _PENDING * engine().is_server)


def _finish_tables() -> None:
    """Add what is made faster of a full table: indexes, and the references of a server."""
    for table, key in _LEDGER.items():
        run(f'CREATE INDEX "{table}_by_appeal" ON "{table}" ("appeal_id", "{key}")')
        run(
            f'CREATE INDEX "{table}_by_event" ON "{table}" ("event_id", "{key}") '
            'WHERE ("event_id" IS NOT NULL)'
        )
        if engine().is_server:
            run(f'ALTER TABLE "{table}" {", ".join(f"ADD {each}" for each in _REFERENCES)}')


def _forget_appeals() -> None:
    """Take the appeals out of the record of acts, of which they may be nearly all."""
    of_team = """"subject" < 'appeal:' OR "subject" >= 'appeal;'"""
    run(
        'CREATE TEMPORARY TABLE "of_team"{for_now} AS '
        f'SELECT * FROM "event_change" WHERE {of_team}'
    )
    # Emptied as a whole, which is done at once, however many rows there are.
    run('TRUNCATE "event_change"' if engine().is_server else 'DELETE FROM "event_change"')
    run('INSERT INTO "event_change" SELECT * FROM "of_team"')
    run('DROP TABLE "of_team"')


# --- what could not be known --------------------------------------------------------------------

_IS_CLOSING = "c.kind IN ('closed', 'withdrawn')"
# A file says that an appeal was closed, and nothing else of what was before.
_IS_IMPORTED = """EXISTS (
    SELECT 1 FROM "change" f WHERE f.appeal_id = c.appeal_id AND f.kind = 'imported'
)"""
_COUNTED = f"""
SELECT
    count(CASE WHEN {_IS_CLOSING} AND c.event_id IS NULL
        AND (c.roster_id IS NOT NULL OR NOT {_IS_IMPORTED}) THEN 1 END),
    count(CASE WHEN NOT {_IS_CLOSING} AND c.event_id IS NULL
        AND c.kind NOT IN ('received', 'imported') THEN 1 END),
    count(CASE WHEN c.kind = 'imported' THEN 1 END)
FROM "change" c"""


def _told(unreadable: int) -> str | None:
    """Return a sentence about the ledger and what is missing in it, None for an empty one."""
    lines = last_seq()
    if not lines:
        return None
    closed, moved, imported = run(_COUNTED)[0]
    unknown = [
        words
        for count, words in (
            (closed, ngettext("who closed {n:,} appeals", "who closed {n:,} appeals", closed)),
            (moved, _("how appeals changed hands {n:,} times", n=moved)),
            (imported, _imported(imported)),
            (unreadable, _damaged(unreadable)),
        )
        if count
    ]
    missing = _(" Not on record: {listed}.", listed=_listed(unknown)) if unknown else ""
    return _(
        "Its ledger has {lines:,} lines, from what appeals and acts still knew.{missing}",
        lines=lines,
        missing=missing,
    )


def _imported(count: int) -> str:
    return ngettext(
        "what became of {n:,} appeals before they were imported",
        "what became of {n:,} appeals before they were imported",
        count,
    )


def _damaged(count: int) -> str:
    return ngettext("what {n:,} damaged entries said", "what {n:,} damaged entries said", count)


def _listed(words: Sequence[str]) -> str:
    *others, last = words
    return _("{few} and {last}", few=", ".join(others), last=last) if others else last
