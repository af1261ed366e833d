"""The chains of sources: who is drawn, by which strategy, and under which seal.

The row of a source is locked, on a server, from its first draw to the end of the transaction: the
numbers of a chain have no gap, and credits move with the places.
"""

import json
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from peewee import fn

from leadboard.allocation.lottery import BY_LOTTERY, LOTTERY, Wheel
from leadboard.allocation.sealing import (
    NO_HEAD,
    Link,
    Words,
    answer,
    commitment_of,
    committed,
    decided,
    new_seed,
    outside_of,
    question,
)
from leadboard.allocation.strategies.registry import strategy_of
from leadboard.allocation.strategies.strategy import Strategy, credits_in
from leadboard.common.errors import Missing
from leadboard.common.language import _
from leadboard.database.compiled_queries import Compiled, Param
from leadboard.database.connection import engine, rows
from leadboard.database.fields import now
from leadboard.database.proof_tables import Seal
from models import Source

PERIOD = timedelta(days=7)
"""How long a seal is in force at most; then its seed is revealed, and the next one begins."""


class Turned(NamedTuple):
    """Who was drawn, by which draw, and the place in the chain of a sealed one."""

    operator_id: int
    draw: int
    link: Link | None = None


@dataclass(slots=True)
class Chain:
    """The chain of one source inside a transaction; `seed` is None while its draws are unsealed."""

    source_id: int
    strategy_name: str
    strategy: Strategy
    number: int
    head: bytes
    seed: bytes | None
    credits: dict[int, int]
    is_moved: bool = False

    def turn(self, wheel: Wheel, words: Words, rng: random.Random | None) -> Turned | None:
        """Draw from a wheel, None where nobody is on it; with `rng` by that, and unsealed."""
        if self.seed is None or rng is not None:
            turned = wheel.turn(rng or LOTTERY)
            return turned and Turned(*turned)
        if not wheel.edges:
            return None
        asked = question(
            self.source_id, self.number + 1, wheel.candidates.between, outside_of(words)
        )
        draw = answer(self.seed, asked, wheel.edges[-1])
        operator_id = wheel.at(draw)
        self.number += 1
        self.head = decided(self.head, asked, draw, operator_id)
        self.is_moved = True
        return Turned(operator_id, draw, Link(self.number, self.head))

    def give(self, wheel: Wheel, operator_id: int) -> None:
        """Note who got the appeal, by which the credits of some strategies change."""
        if self.strategy_name == BY_LOTTERY:
            return
        if changed := self.strategy.credits(wheel.candidates, operator_id):
            self.credits |= changed
            self.is_moved = True

    def save(self) -> None:
        """Store how far the chain has come, before the transaction ends."""
        if not self.is_moved:
            return
        end = {"source_id": self.source_id, "number": self.number, "head": self.head}
        if self.strategy_name == BY_LOTTERY:
            _SAVE.changes(**end)
        else:
            credits = json.dumps(self.credits, separators=(",", ":"))
            _SAVE_WITH_CREDITS.changes(**end, credits=credits)
        self.is_moved = False


def _source() -> Any:
    chosen = Source.select(
        *(Source.strategy, Source.is_sealed, Source.number, Source.head),
        *(Source.seed, Source.seal_ends_at, Source.credits),
    ).where(Source.id == Param(Source.id, "source_id"))
    # Its stubs forget the kinds of locks.
    kind: Any = "FOR NO KEY UPDATE"
    return chosen.for_update(kind) if engine().is_server else chosen


_SOURCE = Compiled(_source)
_END = {"number": Param(Source.number), "head": Param(Source.head)}
_THIS = Source.id == Param(Source.id, "source_id")
_SAVE = Compiled(lambda: Source.update(**_END).where(_THIS))
_SAVE_WITH_CREDITS = Compiled(
    lambda: Source.update(**_END, credits=Param(Source.credits)).where(_THIS)
)


def chain_of(source_id: int) -> Chain:
    """Return the chain of a source, whose row is locked from now on; raises Missing.

    A seal that is due begins, and one that is over ends.
    """
    found = _SOURCE.first(source_id=source_id)
    if found is None:
        raise Missing(_("There is no source #{source_id}.", source_id=source_id), "source")
    name, is_sealed, number, head, seed, ends_at, credits = found
    known = strategy_of(name)
    # A name that another program has written must not keep anybody waiting; `check` tells of it.
    strategy = known or strategy_of(BY_LOTTERY)
    assert strategy is not None
    chain = Chain(
        source_id,
        name if known else BY_LOTTERY,
        strategy,
        number,
        _bytes(head),
        seed and _bytes(seed),
        credits_in(credits),
    )
    if is_sealed != (seed is not None) or (ends_at is not None and _is_over(ends_at)):
        _change_seal(chain, is_sealed=is_sealed, moment=now())
    return chain


def _bytes(value: Any) -> bytes:
    # A driver returns a memoryview.
    return NO_HEAD if value is None else bytes(value)


def _is_over(ends_at: datetime) -> bool:
    """Tell whether a seal is over, also one that began while a clock was far ahead."""
    moment = now()
    # Twice, since the clocks of two writers are never quite alike.
    return not moment < ends_at <= moment + 2 * PERIOD


# --- seals --------------------------------------------------------------------------------------


def _change_seal(chain: Chain, *, is_sealed: bool, moment: datetime) -> None:
    """End the seal in force, if there is one, and put the next one into force if wanted."""
    # Also without its seed, which another program may have emptied: else it is never revealed.
    in_force = (Seal.source_id == chain.source_id, Seal.first.is_null(False))
    Seal.update(last=chain.number, ended_at=moment).where(*in_force, Seal.last.is_null()).execute()
    chain.seed = None
    if is_sealed:
        _begin(chain, moment)
    Source.update(
        seed=chain.seed,
        seal_ends_at=None if chain.seed is None else moment + PERIOD,
        head=chain.head,
    ).where(Source.id == chain.source_id).execute()


def _begin(chain: Chain, moment: datetime) -> None:
    """Put the seal that was made for it into force, and make the one after it."""
    prepare(chain.source_id, moment)
    waiting = Seal.select().where(Seal.source_id == chain.source_id, Seal.first.is_null())
    seal = waiting.order_by(Seal.id).get()
    chain.seed = bytes(seal.seed)
    chain.head = committed(chain.head, chain.source_id, chain.number + 1, seal.commitment)
    Seal.update(first=chain.number + 1, began_at=moment).where(Seal.id == seal.id).execute()
    prepare(chain.source_id, moment)


def without_next() -> list[int]:
    """Return the sources that want a seal, and for which no next one is made."""
    waiting = Seal.select().where(Seal.source_id == Source.id, Seal.first.is_null())
    query = Source.select(Source.id).where(Source.is_sealed, ~fn.EXISTS(waiting))
    return [source_id for (source_id,) in rows(query.order_by(Source.id))]


def prepare(source_id: int, moment: datetime) -> None:
    """Make the seal that comes next, unless there is one: its commitment is known ahead."""
    if not Seal.select().where(Seal.source_id == source_id, Seal.first.is_null()).exists():
        seed = new_seed()
        Seal.insert(
            source_id=source_id, commitment=commitment_of(seed), seed=seed, made_at=moment
        ).execute()


def end_seal(source_id: int) -> bool:
    """End the seal of a source in the current transaction, and put the next one into force.

    Return whether draws were made under it: one without any stays. Raises Missing.
    """
    chain = chain_of(source_id)
    first = Seal.select(Seal.first).where(
        Seal.source_id == source_id, Seal.first <= chain.number, Seal.last.is_null()
    )
    has_draws = chain.seed is not None and first.exists()
    if has_draws:
        _change_seal(chain, is_sealed=True, moment=now())
    return has_draws
