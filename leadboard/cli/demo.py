"""The demo: a sample team on a temporary database, and clients who keep writing."""

import random
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from allocator import submit
from leadboard import desk
from leadboard.cli import samples
from leadboard.common.errors import Refused, Trouble
from leadboard.common.language import _
from leadboard.common.settings import Settings
from leadboard.database.connection import database, rows
from leadboard.database.fields import as_if_at, now
from leadboard.database.transactions import plainly, transact
from models import Appeal, Operator, Source, is_waiting, open_database

if TYPE_CHECKING:
    from leadboard.cli.screen import Left

ACTOR = "simulation"

PAST_APPEALS = 300
PAST_GAP = 90.0
"""Seconds between two appeals of the past, on average."""

CALM, RUSH = 0.55, 1.08
"""How full the team tends to be, as a part of its places; above 1 a few appeals wait."""

MOST_WAITING = 25
"""Waiting appeals at which no more arrive, so that an idle demo does not grow without end."""


def seed(rng: random.Random) -> None:
    """Fill the open, empty database with a team and a believable past."""
    transact(lambda: _seed(rng))


def _seed(rng: random.Random) -> None:
    gaps = [timedelta(seconds=rng.expovariate(1 / PAST_GAP)) for _ in range(PAST_APPEALS)]
    moment = now() - sum(gaps, timedelta())
    with as_if_at(moment):
        _add_team()
    for gap in gaps:
        with as_if_at(moment):
            _live_through(rng)
        moment += gap


def _add_team() -> None:
    for name, limit, is_active in samples.OPERATORS:
        desk.add_operator(name, limit, is_active=is_active, actor=ACTOR)
    operators = dict(rows(Operator.select(Operator.name, Operator.id)))
    for source in samples.SOURCES:
        desk.add_source(source, actor=ACTOR)
        source_id = Source.select(Source.id).where(Source.name == source).scalar()
        for (name, *_rest), weight in zip(samples.OPERATORS, samples.WEIGHTS[source], strict=True):
            if weight is not None:
                desk.set_weight(operators[name], source_id, weight, actor=ACTOR)


def _live_through(rng: random.Random) -> None:
    """Add one appeal of the past, and close others once the team is busy enough."""
    source_id, source = pick_source(rng) or (0, "")
    submit(samples.external_id(source, rng), source_id, samples.message(rng), rng=rng)
    while fullness() > CALM and (appeal_id := pick_open(rng)):
        desk.close([appeal_id], actor=ACTOR)


def pick_source(rng: random.Random) -> tuple[int, str] | None:
    """Return the id and name of a source, the first ones more often; None when there is none."""
    found = rows(Source.select(Source.id, Source.name).order_by(Source.id))
    if not found:
        return None
    source_id, name = rng.choices(found, [1 / rank for rank in range(1, len(found) + 1)])[0]
    return source_id, name


def pick_open(rng: random.Random) -> int | None:
    """Return an appeal that an operator has, the older ones more often; None when there is none."""
    had = Appeal.closed_at.is_null() & Appeal.operator.is_null(False)
    found = rows(Appeal.select(Appeal.id).where(had).order_by(Appeal.id))
    return found[int(len(found) * rng.random() ** 2)][0] if found else None


def fullness() -> float:
    """Return the open appeals as a part of the places of the active team; 0 without any place."""
    active = rows(Operator.select(Operator.load, Operator.max_load).where(Operator.is_active))
    room = sum(max_load for _, max_load in active)
    return (sum(load for load, _ in active) + count_waiting()) / room if room else 0.0


def count_waiting() -> int:
    """Return how many appeals wait."""
    return int(Appeal.select().where(is_waiting()).count())


class Traffic:
    """Clients who write and operators who finish, one act per beat, calm and busy by turns."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._aim = RUSH

    def beat(self) -> None:
        """Do one act that fits the present state; skip the beat when the database is busy."""
        # The dispatcher may delete a source or close an appeal that was just picked.
        with suppress(Trouble, Refused), plainly():
            if self._should_arrive():
                self._arrive()
            else:
                self._close_one()

    def pause(self) -> float:
        """Return the seconds until the next beat: mostly some tenths, shorter in a burst."""
        return min(self._rng.expovariate(4.0 if self._aim == RUSH else 3.0), 2.0)

    def run(self, stop: threading.Event) -> None:
        """Beat until `stop` is set."""
        while not stop.wait(self.pause()):
            self.beat()
        # Connections belong to threads: nobody else can close this one.
        database.close()

    def _should_arrive(self) -> bool:
        full = fullness()
        if abs(full - self._aim) < 0.05 or self._rng.random() < 0.003:
            self._aim = CALM if self._aim == RUSH else RUSH
        lean = max(-0.3, min(0.3, self._aim - full))
        return count_waiting() < MOST_WAITING and self._rng.random() < 0.5 + lean

    def _arrive(self) -> None:
        if (source := pick_source(self._rng)) is None:
            return
        source_id, name = source
        submit(
            samples.external_id(name, self._rng),
            source_id,
            samples.message(self._rng),
            rng=self._rng,
        )

    def _close_one(self) -> None:
        if (appeal_id := pick_open(self._rng)) is not None:
            desk.close([appeal_id], actor=ACTOR)


@contextmanager
def flowing(traffic: Traffic) -> Iterator[threading.Thread]:
    """Run the traffic in a thread of its own, which is yielded, while the block runs."""
    stop = threading.Event()
    # A daemon: a beat that is stuck behind somebody's lock must not keep the program open.
    thread = threading.Thread(target=traffic.run, args=(stop,), name="traffic", daemon=True)
    thread.start()
    try:
        yield thread
    finally:
        stop.set()
        thread.join(timeout=2.0)


def run(actor: str, settings: Settings) -> "Left":
    """Show the demo until the screen is left, and delete its database; return how it was left."""
    from leadboard.cli.screen import STILL_BUSY, show

    rng = random.Random()
    with tempfile.TemporaryDirectory(prefix="leadboard-", ignore_cleanup_errors=True) as folder:
        opened = open_database(Path(folder) / "demo.db")
        try:
            seed(rng)
            with flowing(Traffic(rng)) as clients:
                title = _("DEMO: nothing of it is kept")
                left = show(actor, title, settings=settings, is_demo=True)
            # It would go on writing into whatever database is opened next.
            if left.goes_to is not None and clients.is_alive():
                raise Trouble(STILL_BUSY)
            return left
        finally:
            opened.close()
