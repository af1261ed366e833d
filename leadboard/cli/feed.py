"""The bulk feed: JSON lines in, appeals stored in shared transactions, JSON lines out."""

import gc
import json
import os
import random
import stat
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from typing import Any, BinaryIO, NamedTuple

from allocator import place_all
from leadboard.allocation.intake import Draft, Placed
from leadboard.allocation.names import ids_by_name
from leadboard.cli.line_reader import MAX_LINE, Line, LineReader
from leadboard.cli.output import takes_all_letters
from leadboard.cli.progress import UNITS, progress_bar
from leadboard.cli.signals import Stop, Stopped
from leadboard.common.console import say
from leadboard.common.errors import Refused, ServerLost, TooBusy, Trouble, Uncertain
from leadboard.common.json_lines import json_line
from leadboard.common.language import _
from leadboard.common.progress import Advance
from leadboard.common.validation import (
    checked_external_id,
    checked_key,
    checked_message,
    checked_name,
    whole,
)
from leadboard.database.fields import stamp
from leadboard.database.transactions import transact, tune_for_bulk
from models import Source

SMALLEST_BATCH, LARGEST_BATCH = 100, 1000
"""Lines stored in one transaction."""

HOLD = 0.03
"""Seconds that a batch should keep other writers waiting; its size follows from that."""

TURN = 0.0025
"""Seconds between two transactions; longer than the naps of others between their tries."""

MAX_ID = 2**63 - 1
REQUIRED = ("external_id", "source", "message")


class FeedEntry(NamedTuple):
    """A line that passed the checks; its source is looked up in the transaction."""

    number: int
    source: str | int
    external_id: str
    message: str
    key: str | None


@dataclass(frozen=True, slots=True)
class Bad:
    """A line that failed the checks, and why."""

    number: int
    sentence: str


def parsed(line: Line) -> FeedEntry | Bad:
    """Return the entry of a line, or what is wrong with it; never raises."""
    try:
        fields = _object(line.content)
        for name in REQUIRED:
            if name not in fields:
                raise Refused(_("The field {name} is missing.", name=name), name)
        return FeedEntry(
            line.number,
            _source(fields["source"]),
            checked_external_id(fields["external_id"]),
            checked_message(fields["message"]),
            checked_key(fields.get("key")),
        )
    except Refused as refusal:
        return Bad(line.number, str(refusal))


def _object(content: bytes | None) -> dict[str, Any]:
    if content is None:
        raise Refused(_("The line is longer than {most:,} bytes.", most=MAX_LINE))
    try:
        found = json.loads(content.decode().removeprefix("\ufeff"))
    except UnicodeDecodeError:
        raise Refused(_("The line is not valid UTF-8.")) from None
    except json.JSONDecodeError as error:
        where = {"fault": error.msg, "column": error.colno}
        sentence = _("The line is not valid JSON: {fault}, column {column}.", **where)
        raise Refused(sentence) from None
    except (ValueError, RecursionError):  # a number of thousands of digits, or endless nesting
        sentence = _("The line holds a number too long or is nested too deeply.")
        raise Refused(sentence) from None
    if not isinstance(found, dict):
        raise Refused(_("The line is not a JSON object."))
    return found


def _source(source: object) -> str | int:
    source = whole(source)
    # A flag is an int in Python: `true` would be source 1.
    if isinstance(source, bool) or not isinstance(source, (str, int)):
        raise Refused(_("The source must be a name or a whole number."), "source")
    if isinstance(source, str):
        try:
            return checked_name(source, "source")
        except Refused:
            raise Refused(_("No source has such a name."), "source") from None
    if not 1 <= source <= MAX_ID:
        raise Refused(_("No source has such a number."), "source")
    return source


def store_batch(batch: Sequence[FeedEntry | Bad], rng: random.Random | None) -> list[Placed | Bad]:
    """Store the entries in one transaction, each on its own: a refused one harms no other."""
    # No transaction: even an empty one would wait for the write lock.
    if all(isinstance(each, Bad) for each in batch):
        return [each for each in batch if isinstance(each, Bad)]
    return transact(lambda: _store_all(batch, rng))


def _store_all(batch: Sequence[FeedEntry | Bad], rng: random.Random | None) -> list[Placed | Bad]:
    # Looked up again in each transaction: only inside can nobody rename a source.
    named = ids_by_name(Source)
    drafts = [_draft(each, named) for each in batch]
    placed = iter(place_all([each for each in drafts if isinstance(each, Draft)], rng))
    return [
        _outcome(line, next(placed)) if isinstance(draft, Draft) else draft
        for line, draft in zip(batch, drafts, strict=True)
    ]


def _draft(each: FeedEntry | Bad, named: dict[str, int]) -> Draft | Bad:
    if isinstance(each, Bad):
        return each
    source = each.source
    source_id = named.get(source) if isinstance(source, str) else source
    if source_id is None:
        return Bad(each.number, _("There is no source {name}.", name=source))
    return Draft(each.external_id, source_id, each.message, each.key)


def _outcome(line: FeedEntry | Bad, stored: Placed | Refused) -> Placed | Bad:
    return stored if isinstance(stored, Placed) else Bad(line.number, str(stored))


def answer(outcome: Placed | Bad, *, is_plain: bool = False) -> bytes:
    """Return the line that answers one line of the input; if `is_plain`, in ASCII alone."""
    return json_line(_fields(outcome), is_plain=is_plain)


def _fields(outcome: Placed | Bad) -> dict[str, object]:
    if isinstance(outcome, Bad):
        return {"error": outcome.sentence, "line": outcome.number}
    fields: dict[str, object] = {
        "id": outcome.id,
        "lead_id": outcome.lead_id,
        "source_id": outcome.source_id,
        "operator_id": outcome.operator_id,
        "operator": outcome.operator,
        "timestamp": _written(outcome.timestamp),
    }
    # Only if true: most keys come once, and every byte of an answer has to be written.
    return fields | {"differs": True} if outcome.differs else fields


@lru_cache(1)
def _written(moment: datetime) -> str:
    """Return a moment as the tables hold it; a batch has one for all its lines."""
    return stamp(moment)


class Feed:
    """One run of the feed: takes the lines that are there, stores them, answers, and takes more."""

    def __init__(
        self,
        reader: LineReader,
        output: BinaryIO,
        *,
        stop: Stop,
        advance: Advance,
        rng: random.Random | None = None,
        is_plain: bool = False,
    ) -> None:
        self.bad = 0
        self._answered = 0
        self._size = SMALLEST_BATCH
        self._reader = reader
        self._output = output
        self._stop = stop
        self._advance = advance
        self._rng = rng
        self._answer = partial(answer, is_plain=is_plain)

    def run(self) -> None:
        """Answer every line; raises Stopped when asked to stop, Trouble when it cannot store."""
        while lines := self._reader.take(self._size, self._stop.waiting):
            batch = [parsed(line) for line in lines if line.content is None or line.content.strip()]
            begun = time.perf_counter()
            outcomes = self._patiently(batch)
            self._size = next_size(len(lines), time.perf_counter() - begun)
            self._write(outcomes)
            # After the answers: the sender must learn that the lines are stored.
            self._stop.check()
            if self._reader.has_more:
                time.sleep(TURN)

    def _write(self, outcomes: Sequence[Placed | Bad]) -> None:
        self._output.write(b"".join(map(self._answer, outcomes)))
        # At once: a bot on the other end of a pipe may wait for these before it sends more.
        self._output.flush()
        self.bad += sum(isinstance(outcome, Bad) for outcome in outcomes)
        self._answered += len(outcomes)
        self._advance(self._reader.bytes_read, self._answered)

    def _patiently(self, batch: Sequence[FeedEntry | Bad]) -> list[Placed | Bad]:
        """Store a batch however long the database is locked or its server lost."""
        said: set[str] = set()
        is_certain = True
        while True:
            try:
                return store_batch(batch, self._rng)
            except Trouble as trouble:
                is_certain = is_certain and not isinstance(trouble, Uncertain)
                why = _why_again(batch, trouble)
                if why is None:
                    raise Trouble(_given_up(batch, trouble, is_certain=is_certain)) from trouble
            self._stop.check()
            if why not in said:
                say(why)
            said.add(why)


def _why_again(batch: Sequence[FeedEntry | Bad], trouble: Trouble) -> str | None:
    """Return what to say while a batch is tried again; None where that cannot help or may harm."""
    if isinstance(trouble, TooBusy):
        return _("The database is locked by another program; still trying.")
    if isinstance(trouble, ServerLost):
        return _("{trouble} Still trying.", trouble=trouble)
    # A line without a key could be stored twice.
    if isinstance(trouble, Uncertain) and all(not isinstance(e, FeedEntry) or e.key for e in batch):
        numbers = _numbers(batch)
        return _(
            "Lines {first} to {last} may be stored or not; each has a key, so they are sent again.",
            first=numbers[0],
            last=numbers[-1],
        )
    return None


def _numbers(batch: Sequence[FeedEntry | Bad]) -> list[int]:
    return [each.number for each in batch if isinstance(each, FeedEntry)]


def _given_up(batch: Sequence[FeedEntry | Bad], trouble: Trouble, *, is_certain: bool) -> str:
    """Say whether the lines of an unanswered batch, and those after it, are stored."""
    numbers, why = _numbers(batch), str(trouble).rstrip(".")
    if is_certain:
        return _("{why}; nothing from line {first} on was stored.", why=why, first=numbers[0])
    return _(
        "{why}; lines {first} to {last} may be stored or not, and none after them is. Lines with a "
        "key may safely be sent again.",
        why=why,
        first=numbers[0],
        last=numbers[-1],
    )


def next_size(lines: int, seconds: float) -> int:
    """Return how many lines to store next, from how long the last ones took."""
    return max(
        SMALLEST_BATCH, min(LARGEST_BATCH, 2 * lines, int(lines * HOLD / max(seconds, 1e-4)))
    )


def feed_from(file: str) -> int:
    """Feed the database from a file, or from standard input for `-`; return the exit code."""
    stop = Stop()
    tune_for_bulk()
    # What is loaded by now stays: the collector need only go through what a batch makes.
    gc.freeze()
    try:
        with (
            _opened(file) as descriptor,
            stop.listening(),
            progress_bar(_size(descriptor), UNITS["appeals"]) as advance,
        ):
            feed = Feed(
                LineReader(descriptor),
                _output(),
                stop=stop,
                advance=advance,
                is_plain=not takes_all_letters(),
            )
            feed.run()
    except Stopped as stopped:
        return stopped.code
    return 1 if feed.bad else 0


@contextmanager
def _opened(file: str) -> Iterator[int]:
    if file != "-":
        # Unbuffered: `select` does not see what a file object has read ahead.
        descriptor = os.open(file, os.O_RDONLY)
        try:
            yield descriptor
        finally:
            os.close(descriptor)
    elif sys.stdin is None:
        raise Refused(_("There is no standard input: name a file."))
    else:
        yield sys.stdin.fileno()


def _output() -> BinaryIO:
    if sys.stdout is None:
        raise Refused(_("There is no standard output to write the answers to."))
    return sys.stdout.buffer


def _size(descriptor: int) -> int | None:
    status = os.fstat(descriptor)
    return status.st_size if stat.S_ISREG(status.st_mode) else None
