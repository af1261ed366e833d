"""Make a database of any size with bulk SQL: `python -m bench.generate PATH --appeals 1000000`."""

import argparse
import random
import sqlite3
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import accumulate
from pathlib import Path

from bench.words import Messages, operator_name, source_name
from leadboard.allocation.lottery import Candidate, Candidates
from leadboard.database.fields import now, stamp
from models import open_database

DAYS = 90
OPEN_SHARE = 0.6
"""How full the operators are on average; older appeals are closed."""
LONELY_SHARE = 0.02
"""The share of appeals to the source that nobody serves; they wait or were closed unanswered."""
WAITING_SHARE = 0.1
"""The share of those, the newest, that still wait; hardly more than MOST_WAITING."""
MOST_WAITING = 500
LEAD_SHARE = 0.3
ACT_EVERY = 20
"""One in so many appeals has its closing recorded as an act."""

AppealTuple = tuple[int, int, int | None, str, str, str | None, int, int | None]


@dataclass(frozen=True, slots=True)
class Sizes:
    """The numbers of rows; the same `seed` makes the same database, except for its moments."""

    appeals: int = 20_000
    operators: int = 12
    sources: int = 5
    seed: int = 7

    @property
    def leads(self) -> int:
        """Return how many leads wrote the appeals."""
        return max(1, int(self.appeals * LEAD_SHARE))


@dataclass(slots=True)
class Team:
    """The operators: their limits, their loads so far, and the loads to reach."""

    limits: list[int]
    is_active: list[bool]
    wanted: list[int]
    loads: list[int]

    def take(self, operator_id: int) -> bool:
        """Count one more open appeal of an operator; return False if they have enough."""
        has_room = self.loads[operator_id - 1] < self.wanted[operator_id - 1]
        self.loads[operator_id - 1] += has_room
        return has_room


@dataclass(slots=True)
class DrawWheel:
    """The roster of one source, ready for many draws."""

    roster_id: int
    candidates: Candidates
    edges: list[int] = field(init=False)
    ids: list[int] = field(init=False)

    def __post_init__(self) -> None:
        eligible = [each for each in self.candidates.entries if each.reason is None]
        self.ids = [each.operator_id for each in eligible]
        self.edges = list(accumulate(each.weight for each in eligible))

    def turn(self, rng: random.Random) -> tuple[int | None, int | None]:
        """Return an operator and the draw that picked them, as the lottery would."""
        if not self.edges:
            return None, None
        draw = rng.randrange(self.edges[-1])
        return self.ids[bisect_right(self.edges, draw)], draw


def generate(path: Path, sizes: Sizes) -> None:
    """Fill a new database at `path`; raises FileExistsError rather than add to an old one."""
    if path.exists():
        raise FileExistsError(f"{path} exists already.")
    open_database(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        # A journal of one transaction of ten million rows would be as large as the database.
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -200000"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("BEGIN")
        indexes = _take_indexes(connection)
        _fill(connection, sizes, random.Random(sizes.seed))
        for statement in indexes:
            connection.execute(statement)
        _write_acts(connection)
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = WAL")


def _take_indexes(connection: sqlite3.Connection) -> list[str]:
    """Drop the indexes of `appeal` and return their statements: built at the end they cost less."""
    found = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'appeal'"
        " AND sql IS NOT NULL"
    ).fetchall()
    for name, _ in found:
        connection.execute(f'DROP INDEX "{name}"')
    return [statement for _, statement in found]


def _fill(connection: sqlite3.Connection, sizes: Sizes, rng: random.Random) -> None:
    team = _team(sizes, rng)
    connection.executemany(
        "INSERT INTO operator (id, name, is_active, max_load, load) VALUES (?, ?, ?, ?, 0)",
        [
            (number + 1, operator_name(number), int(team.is_active[number]), limit)
            for number, limit in enumerate(team.limits)
        ],
    )
    connection.executemany(
        "INSERT INTO source (id, name) VALUES (?, ?)",
        [(number + 1, source_name(number)) for number in range(sizes.sources)],
    )
    connection.executemany(
        "INSERT INTO lead (id, external_id) VALUES (?, ?)",
        ((number + 1, f"tg_{100_000_000 + number * 7919}") for number in range(sizes.leads)),
    )
    wheels = _wheels(connection, sizes, team, rng)
    _write_appeals(connection, sizes, wheels, team, rng)


def _team(sizes: Sizes, rng: random.Random) -> Team:
    limits = [rng.choice((5, 8, 10, 12, 15, 20, 30)) for _ in range(sizes.operators)]
    is_active = [number == 0 or rng.random() > 0.1 for number in range(sizes.operators)]
    wanted = [
        min(limit, round(limit * rng.uniform(0.2, 2 * OPEN_SHARE))) if active else 0
        for limit, active in zip(limits, is_active, strict=True)
    ]
    return Team(limits, is_active, wanted, [0] * sizes.operators)


def _wheels(
    connection: sqlite3.Connection, sizes: Sizes, team: Team, rng: random.Random
) -> list[DrawWheel]:
    """Link operators with sources, except the last of several, whose appeals wait."""
    wheels = []
    for source_id in range(1, sizes.sources + 1):
        is_served = source_id < sizes.sources or sizes.sources == 1
        weights = _weights(sizes.operators, rng) if is_served else {}
        connection.executemany(
            "INSERT INTO operator_source (operator_id, source_id, weight) VALUES (?, ?, ?)",
            [(operator_id, source_id, weight) for operator_id, weight in weights.items()],
        )
        candidates = Candidates(
            tuple(
                Candidate(each, weight, _reason(team.is_active[each - 1], weight))
                for each, weight in weights.items()
            )
        )
        wheels.append(DrawWheel(_write_roster(connection, candidates), candidates))
    return wheels


def _weights(operators: int, rng: random.Random) -> dict[int, int]:
    weights = {
        each: rng.choice((0, 5, 10, 10, 20, 30, 50, 70, 100))
        for each in range(1, operators + 1)
        if rng.random() < 0.7
    }
    # The first operator is always active, so that each of these sources has somebody to draw.
    return {1: 10} | weights


def _reason(is_active: bool, weight: int) -> str | None:
    if not is_active:
        return "inactive"
    return None if weight else "zero weight"


def _write_roster(connection: sqlite3.Connection, candidates: Candidates) -> int:
    content = candidates.content()
    digest = blake2b(content.encode(), digest_size=16).digest()
    connection.execute(
        "INSERT INTO roster (digest, content) VALUES (?, ?) ON CONFLICT (digest) DO NOTHING",
        (digest, content),
    )
    query = "SELECT id FROM roster WHERE digest = ?"
    roster_id: int = connection.execute(query, (digest,)).fetchone()[0]
    return roster_id


def _write_appeals(
    connection: sqlite3.Connection,
    sizes: Sizes,
    wheels: list[DrawWheel],
    team: Team,
    rng: random.Random,
) -> None:
    connection.executemany(
        "INSERT INTO appeal (lead_id, source_id, operator_id, timestamp, message, closed_at,"
        " roster_id, draw) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        _appeals(sizes, wheels, team, rng),
    )
    connection.executemany(
        "UPDATE operator SET load = ? WHERE id = ?",
        [(load, number + 1) for number, load in enumerate(team.loads)],
    )


def _appeals(
    sizes: Sizes, wheels: list[DrawWheel], team: Team, rng: random.Random
) -> Iterator[AppealTuple]:
    end, step = now(), timedelta(days=DAYS) / max(1, sizes.appeals)
    # Twice as many as are wanted, because draws also hit operators who have enough already.
    first_open = sizes.appeals - 2 * sum(team.wanted)
    messages = Messages(rng, sizes.appeals // 3)
    first_waiting = sizes.appeals - min(MOST_WAITING / LONELY_SHARE, sizes.appeals * WAITING_SHARE)
    for number in range(sizes.appeals):
        source = _source(len(wheels), rng)
        wheel = wheels[source]
        operator_id, draw = wheel.turn(rng)
        at = end - step * (sizes.appeals - number)
        if operator_id is None:
            is_open = number >= first_waiting
        else:
            is_open = number >= first_open and team.take(operator_id)
        closed_at = None if is_open else min(end, at + timedelta(minutes=rng.randrange(1, 3000)))
        # A few leads write often, most of them once.
        lead_id = 1 + int(sizes.leads * rng.random() ** 3)
        yield (
            *(lead_id, source + 1, operator_id, _text(at), messages.of(number)),
            *(_text(closed_at) if closed_at else None, wheel.roster_id, draw),
        )


def _write_acts(connection: sqlite3.Connection) -> None:
    """Record the closing of some appeals as acts, as `desk.close` does."""
    acted = f"operator_id IS NOT NULL AND closed_at IS NOT NULL AND id % {ACT_EVERY} = 0"
    connection.execute(
        "INSERT INTO event (id, at, actor, act, note, forced)"
        f" SELECT id / {ACT_EVERY}, closed_at, 'bench', 'close', 'Appeal #' || id || ' closed', 0"
        f" FROM appeal WHERE {acted}"
    )
    _write_ledger(connection, acted)


def _write_ledger(connection: sqlite3.Connection, acted: str) -> None:
    """Record that each appeal was received, and that it was closed, by an act where it was one."""
    columns = "at, appeal_id, kind, operator_id, closed_at, roster_id, draw, drawn"
    connection.execute(
        f"INSERT INTO change ({columns})"
        " SELECT timestamp, id, 'received', operator_id, NULL, roster_id, draw, draw IS NOT NULL"
        " FROM appeal ORDER BY id"
    )
    connection.execute(
        f"INSERT INTO change ({columns}, was_operator_id, event_id)"
        " SELECT closed_at, id, 'closed', operator_id, closed_at, roster_id, draw, 0, operator_id,"
        f" iif({acted}, id / {ACT_EVERY}, NULL)"
        " FROM appeal WHERE closed_at IS NOT NULL ORDER BY closed_at"
    )


def _source(sources: int, rng: random.Random) -> int:
    """Return a source at random, rarely the last one."""
    if sources == 1 or rng.random() < LONELY_SHARE:
        return sources - 1
    return rng.randrange(sources - 1)


def _text(moment: datetime) -> str:
    return stamp(moment)


def main() -> None:
    """Make a database as the command line says."""
    parser = argparse.ArgumentParser(description="Make a database of any size.")
    parser.add_argument("path", type=Path)
    for name in ("appeals", "operators", "sources", "seed"):
        parser.add_argument(f"--{name}", type=int, default=getattr(Sizes(), name))
    chosen = vars(parser.parse_args())
    path: Path = chosen.pop("path")
    if min(chosen["appeals"], chosen["operators"] - 1, chosen["sources"] - 1) < 0:
        parser.error("there must be at least one operator and one source")
    try:
        generate(path, Sizes(**chosen))
    except FileExistsError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
