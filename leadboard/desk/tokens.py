"""Tokens for programs, given and withdrawn: recorded, but not undone, since they are secrets."""

import secrets
from functools import partial

from leadboard.allocation.journal import TOKEN, Journal
from leadboard.allocation.limits import name_of
from leadboard.common.errors import Missing, Refused, Taken
from leadboard.common.language import _
from leadboard.common.validation import checked_name, storable
from leadboard.database.fields import now
from leadboard.database.program_tables import Token
from leadboard.database.transactions import transact
from leadboard.queries.tokens import Scope, digest_of

BYTES = 32
"""Random bytes of a token."""
START = "lb_"
"""How each token begins, so that it is known for one where it has leaked to."""


def add_token(name: object, scope: Scope, operator_id: int | None = None, *, actor: str) -> str:
    """Add a token and return it; nobody can ask for it again.

    Raises Taken for a name that a token has or had, and Missing for an unknown operator.
    """
    plain_name = checked_name(name)
    token = START + secrets.token_urlsafe(BYTES)
    work = partial(_add, plain_name, scope, operator_id, digest_of(token), storable(actor))
    transact(work)
    return token


def _add(name: str, scope: Scope, operator_id: int | None, digest: bytes, actor: str) -> None:
    person = _named(operator_id)
    # Asked, though the name is unique: `transact` would try again and again.
    if Token.select().where(Token.name == name).exists():
        raise Taken(_("There is, or was, a token {name}: choose another name.", name=name), "name")
    Token.insert(
        name=name, digest=digest, scope=scope.value, operator_id=operator_id, added_at=now()
    ).execute()
    whose = _(" for {person}", person=person) if person else ""
    Journal().write(
        actor,
        TOKEN,
        _("Token {name} added: {scope}{whose}", name=name, scope=scope.value, whose=whose),
    )


def _named(operator_id: int | None) -> str | None:
    if operator_id is None:
        return None
    name = name_of(operator_id)
    if name is None:
        raise Missing(
            _("There is no operator #{operator_id}.", operator_id=operator_id), "operator"
        )
    return name


def forget_token(token: str, *, actor: str) -> None:
    """Take a token back that nobody has seen; its name is free again."""
    transact(partial(_forget, digest_of(token), storable(actor)))


def _forget(digest: bytes, actor: str) -> None:
    found = Token.select(Token.name).where(Token.digest == digest)
    Journal().write(
        actor, TOKEN, _("Token {name} taken back: it could not be shown", name=found.scalar())
    )
    Token.delete().where(Token.digest == digest).execute()


def withdraw_token(name: str, *, actor: str) -> None:
    """Withdraw a token for good; raises Missing for no such one, Refused for one withdrawn."""
    transact(partial(_withdraw, name, storable(actor)))


def _withdraw(name: str, actor: str) -> None:
    is_it = Token.name == name
    if Token.update(withdrawn_at=now()).where(is_it, Token.withdrawn_at.is_null()).execute():
        Journal().write(actor, TOKEN, _("Token {name} withdrawn", name=name))
        return
    if Token.select().where(is_it).exists():
        raise Refused(_("Token {name} is withdrawn already.", name=name), "name")
    raise Missing(_("There is no token {name}.", name=name), "name")
