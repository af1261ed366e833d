"""The tokens that programs show to the HTTP door, and what each of them may do."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from peewee import JOIN

from leadboard.database.connection import rows
from leadboard.database.program_tables import Token
from leadboard.database.transactions import reading
from models import Operator


class Scope(StrEnum):
    """What a token opens."""

    INTAKE = "intake"
    """Sending appeals, and nothing else."""
    OPERATOR = "operator"
    """What concerns the appeals of one operator."""
    DESK = "desk"
    """Everything."""


NOBODY = 0
"""An id that no operator has."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends a request: the name that their acts are recorded under, and what they may do."""

    name: str
    scope: Scope
    operator_id: int | None = None

    def theirs(self, operator_id: int | None) -> int | None:
        """Return whose appeals are asked for: an operator sees their own, of others nothing."""
        if self.operator_id is None:
            return operator_id
        return self.operator_id if operator_id in (None, self.operator_id) else NOBODY


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token as it is listed; nobody can read the token itself."""

    name: str
    scope: Scope
    operator_id: int | None
    operator: str | None
    added_at: datetime
    withdrawn_at: datetime | None


def digest_of(token: str) -> bytes:
    """Return what is kept of a token.

    A plain hash is enough: a token has 256 random bits, which nobody can try one by one.
    """
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def tokens() -> list[TokenRow]:
    """Return all tokens by name, also those withdrawn; raises Trouble."""
    columns = (Token.name, Token.scope, Token.operator_id, Operator.name)
    query = (
        Token.select(*columns, Token.added_at, Token.withdrawn_at)
        .join(Operator, JOIN.LEFT_OUTER, on=Operator.id == Token.operator_id)
        .order_by(Token.name)
    )
    return [
        TokenRow(name, Scope(scope), *rest) for name, scope, *rest in reading(lambda: rows(query))
    ]


def callers() -> Mapping[bytes, Caller | None]:
    """Return who may call, by the digests of all tokens; None for one withdrawn; raises Trouble."""
    query = Token.select(
        Token.digest, Token.name, Token.scope, Token.operator_id, Token.withdrawn_at
    )
    return {
        bytes(digest): Caller(name, Scope(scope), operator_id) if withdrawn_at is None else None
        for digest, name, scope, operator_id, withdrawn_at in reading(lambda: rows(query))
    }
