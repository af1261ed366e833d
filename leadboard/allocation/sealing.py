"""Sealed draws: draws that nobody can pick, and a chain that shows any change of them.

Before its first draw a source commits itself to a secret seed, by SHA-256. Decision n of its chain
is drawn by HMAC-SHA-256 over the chain, n, between whom is drawn, and what the client wrote, so
that nobody can try seeds beforehand. Each decision goes into the head of the chain, so that whoever
holds a head can tell that nothing before it was changed. Once the seed is revealed, anybody can
repeat the draws. (Commit and reveal as in provably fair lotteries; a chain as in the logs of
certificates, RFC 9162.)
"""

import hmac
from functools import lru_cache
from hashlib import sha256
from json.encoder import encode_basestring as _quoted
from secrets import token_bytes
from typing import NamedTuple

SEED_BYTES = 32

NO_HEAD = b""
"""The head of a chain without decisions."""

Words = tuple[str, str | None, str]
"""What a client wrote: the external id of the lead, the key and the message."""


class Link(NamedTuple):
    """A place in a chain: the number of a sealed decision, and the head after it."""

    number: int
    head: bytes


def new_seed() -> bytes:
    """Return a secret seed that nobody can guess."""
    return token_bytes(SEED_BYTES)


def commitment_of(seed: bytes) -> str:
    """Return what is published of a seed before its first draw: its SHA-256 in hex."""
    return sha256(seed).hexdigest()


def outside_of(words: Words) -> str:
    """Return the SHA-256 in hex of what a client wrote, as JSON without spaces: [id, key, text]."""
    external_id, key, message = words
    quoted_key = "null" if key is None else _quoted(key)
    return sha256(f"[{_quoted(external_id)},{quoted_key},{_quoted(message)}]".encode()).hexdigest()


def question(chain: int, number: int, between: str, outside: str) -> bytes:
    """Return what a decision is about: `chain/n/1:70,2:50/outside`."""
    return f"{chain}/{number}/{between}/{outside}".encode()


def answer(seed: bytes, asked: bytes, total: int) -> int:
    """Return the draw in [0, total) that a seed gives to a question.

    2^256 is so much larger than any total that the remainder favours nobody measurably.
    """
    drawn = _keyed(seed).copy()
    drawn.update(asked)
    return int.from_bytes(drawn.digest(), "big") % total


# Between other work, preparing a key takes twice as long as the draw.
@lru_cache(64)
def _keyed(seed: bytes) -> hmac.HMAC:
    return hmac.new(seed, digestmod="sha256")


def committed(head: bytes, chain: int, number: int, commitment: str) -> bytes:
    """Return the head after the commitment for the decisions from a number on."""
    return sha256(head + f"{chain}/{number}/commit/{commitment}".encode()).digest()


def decided(head: bytes, asked: bytes, draw: int, operator_id: int) -> bytes:
    """Return the head after a decision."""
    return sha256(b"%b%b/%d/%d" % (head, asked, draw, operator_id)).digest()
