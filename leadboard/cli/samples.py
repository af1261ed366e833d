"""Invented people and messages for the demo, in the language of the screen."""

import math
import random
from collections.abc import Mapping

from leadboard.cli.samples_english import ENGLISH
from leadboard.cli.samples_russian import RUSSIAN
from leadboard.common.language import language

_WORDS = {"en": ENGLISH, "ru": RUSSIAN}[language()]

_PLACES = (
    *((9, True), (6, True), (8, True), (5, False), (10, True), (4, True)),
    *((7, True), (6, True), (8, True), (5, True), (3, True), (12, False)),
)
OPERATORS: tuple[tuple[str, int, bool], ...] = tuple(
    (name, limit, is_active)
    for name, (limit, is_active) in zip(_WORDS.people, _PLACES, strict=True)
)
"""Name, limit, and whether they are on."""

SOURCES = tuple(_WORDS.external_ids)

_WEIGHTS: tuple[tuple[int | None, ...], ...] = (
    (70, 50, 80, 10, 40, None, 30, None, 60, None, 20, 50),
    (30, 70, None, None, 60, 20, None, 40, None, 50, None, 30),
    (None, None, 50, 20, None, 40, 60, None, 30, None, 10, None),
    (10, None, None, 5, 20, None, 40, 30, None, None, 30, 0),
    (None, 20, None, None, 10, None, None, 60, None, 40, None, None),
)
WEIGHTS: Mapping[str, tuple[int | None, ...]] = dict(zip(SOURCES, _WEIGHTS, strict=True))
"""The weight of each operator, in that order, for a source; None where they do not serve it."""

_LEADS = 5000


def message(rng: random.Random) -> str:
    """Return a message as a client might write it."""
    fillings = {blank: rng.choice(words) for blank, words in _WORDS.fillings.items()}
    order = _WORDS.order.format(number=rng.randrange(1000, 99_999))
    return rng.choice(_WORDS.messages).format(**fillings, order=order, hour=rng.randrange(9, 21))


def external_id(source: str, rng: random.Random) -> str:
    """Return the id of a client; a few come back often, most only once."""
    rank = int(math.exp(rng.uniform(0, math.log(_LEADS))))
    # Modulo a prime: ranks are scattered, and no two clients get the same number.
    number = 100_000_000 + rank * 7_654_321 % 899_999_963
    return _WORDS.external_ids.get(source, "lead_{number}").format(number=number)
