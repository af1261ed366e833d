"""Rosters: the operators considered for a source, stored once per distinct content."""

from collections.abc import Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from peewee import Case, Query

from leadboard.allocation.chains import Chain
from leadboard.allocation.lottery import (
    FULL,
    INACTIVE,
    ZERO_WEIGHT,
    Candidate,
    Candidates,
    left_out,
)
from leadboard.allocation.strategies.registry import is_legible, narrowed
from leadboard.allocation.strategies.strategy import Footing
from leadboard.database.compiled_queries import Compiled, Param, params
from models import Operator, OperatorSource, Roster

Entries = tuple[tuple[int, int, str | None], ...]
"""A roster as it is read: operator ids, weights, and reasons for being left out."""


def _serving(*columns: Any) -> Query:
    """Return the query for who serves a source, with their weights and further columns."""
    return (
        OperatorSource.select(OperatorSource.operator, OperatorSource.weight, *columns)
        .join(Operator)
        .where(OperatorSource.source == Param(OperatorSource.source))
        .order_by(OperatorSource.operator)
    )


STANDING = Compiled(lambda: _serving(Operator.is_active, Operator.load, Operator.max_load))


# As `left_out` decides: rows that are alike from draw to draw find their roster in the cache.
_REASON = Case(
    None,
    (
        (~Operator.is_active, INACTIVE),
        (Operator.load >= Operator.max_load, FULL),
        (OperatorSource.weight == 0, ZERO_WEIGHT),
    ),
)
_ENTRIES = Compiled(lambda: _serving(_REASON))


def candidates_of(source_id: int) -> Candidates:
    """Return the current roster of a source."""
    return roster_of(tuple(_ENTRIES.rows(source_id=source_id)))


def standing_candidates(source_id: int, chain: Chain, taken: Mapping[int, int]) -> Candidates:
    """Return the current roster of a source by its strategy, with `taken` places on top."""
    candidates = []
    for key, weight, is_active, load, most in STANDING.rows(source_id=source_id):
        held = load + taken.get(key, 0)
        numbers = chain.strategy.numbers(Footing(held, most, chain.credits.get(key, 0)))
        reason = left_out(is_active, held, most, weight)
        candidates.append(Candidate(key, weight, reason, numbers))
    return narrowed(Candidates(tuple(candidates), chain.strategy_name), chain.strategy)


@lru_cache(128)
def roster_of(entries: Entries) -> Candidates:
    """Return a roster; cached, since most appeals find one of a few, whose JSON is made already."""
    return Candidates(tuple(Candidate(*entry) for entry in entries))


@lru_cache(128)
def digest_of(content: str) -> bytes:
    """Return the digest by which the content of a roster is found."""
    return blake2b(content.encode(), digest_size=16).digest()


def id_by_digest() -> Query:
    """Return the query for the id of a roster, with its digest as a parameter."""
    return Roster.select(Roster.id).where(Roster.digest == Param(Roster.digest))


_ROSTER = Compiled(id_by_digest)

_NEW_ROSTER = Compiled(
    lambda: Roster.insert(params(Roster.digest, Roster.content)).on_conflict(
        action="nothing", conflict_target=[Roster.digest]
    )
)


def stored_roster(content: str, digest: bytes) -> int:
    """Return the id under which a content is stored, storing it if it is new."""
    known: int | None = _ROSTER.scalar(digest=digest)
    return add_roster(content, digest) if known is None else known


def add_roster(content: str, digest: bytes) -> int:
    """Store a new content and return its id; another writer may have been first."""
    _NEW_ROSTER.changes(digest=digest, content=content)
    return int(_ROSTER.scalar(digest=digest))


def recorded_roster(content: str) -> Candidates:
    """Return a roster that is on record, without anybody if its strategy cannot read it."""
    found = Candidates.parse(content)
    return found if is_legible(found) else Candidates(())


MOST_KNOWN = 20_000
"""Rosters kept in memory: by some strategies nearly every draw has one of its own."""


class KnownRosters(dict[int, Candidates]):
    """The rosters by their ids, read when they are needed; one that is missing is empty."""

    def __missing__(self, roster_id: int) -> Candidates:
        if len(self) >= MOST_KNOWN:
            self.clear()
        content = Roster.select(Roster.content).where(Roster.id == roster_id).scalar()
        self[roster_id] = recorded_roster(str(content or "[]"))
        return self[roster_id]
