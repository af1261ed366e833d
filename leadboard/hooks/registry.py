"""Hooks as people set them up: each change is a recorded act, which cannot be undone."""

import base64
import secrets
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import NamedTuple

from leadboard.allocation.journal import HOOK, Journal
from leadboard.common.errors import Missing, Refused
from leadboard.common.language import _, ngettext
from leadboard.common.validation import storable
from leadboard.database.fields import now
from leadboard.database.program_tables import HeldEvent, Hook
from leadboard.database.transactions import reading, transact
from leadboard.hooks.addresses import Place, place_of, refuse_at_once
from leadboard.hooks.outbox import GAP, HookRow, hook_of
from leadboard.queries.chosen_lines import ChosenLines
from leadboard.queries.hook_alarms import BY_HAND
from leadboard.queries.ledger_lines import present, start

SECRET_BYTES = 32
OVERLAP = timedelta(hours=24)
"""For how long the secret before the newest one is signed with as well."""


class NewHook(NamedTuple):
    """The id of a hook that was added, and its secret, which is shown this once."""

    id: int
    secret: str


def add(
    address: str,
    chosen: ChosenLines,
    *,
    has_messages: bool,
    may_be_private: bool,
    since: int | None,
    actor: str,
) -> NewHook:
    """Add a hook that is told of the lines behind a place, or from now on.

    Raises Refused for an address that may not be told, and for a place that is not in the ledger.
    """
    place = refuse_at_once(address, may_be_private=may_be_private)
    newest = present()
    seq = newest if since is None else _checked(since, newest)
    secret = new_secret()

    def work() -> int:
        hook_id = int(
            Hook.insert(
                address=address,
                kinds=",".join(sorted(chosen.kinds)),
                source_id=chosen.source_id,
                has_messages=has_messages,
                may_be_private=may_be_private,
                secret=secret,
                seq=seq,
                added_at=now(),
            ).execute()
        )
        note = _("Hook {id} added: {host} is told of what happens", id=hook_id, host=_shown(place))
        _record(actor, note)
        return hook_id

    return NewHook(transact(work), secret)


def _checked(since: int, newest: int) -> int:
    if not start() <= since <= newest:
        places = _("The ledger has the places from {first} to {last}.", first=start(), last=newest)
        raise Refused(places, "since")
    return since


def new_secret() -> str:
    """Return a new secret in the form of Standard Webhooks."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def known(hook_id: int) -> HookRow:
    """Return a hook; raises Missing where there is none."""
    hook = hook_of(hook_id)
    if hook is None:
        raise Missing(_("There is no hook {id}.", id=hook_id), "hook")
    return hook


def remove(hook_id: int, *, actor: str) -> None:
    """Forget a hook with all that it has yet to send; raises Missing."""
    removed = Hook.delete().where(Hook.id == hook_id)
    _change(hook_id, actor, _("Hook {id} removed: {host}"), removed.execute)


def switch_off(hook_id: int, *, actor: str) -> None:
    """Send nothing to a hook until it is switched on again; raises Missing, and Refused if off."""
    if known(hook_id).off_because is not None:
        raise Refused(_("Hook {id} is off already.", id=hook_id))
    _update(hook_id, actor, _("Hook {id} switched off: {host}"), off_because=BY_HAND)


def switch_on(hook_id: int, *, actor: str) -> None:
    """Go on where a hook was; raises Missing, and Refused if it is on."""
    if known(hook_id).off_because is None:
        raise Refused(_("Hook {id} is on already.", id=hook_id))
    note = _("Hook {id} switched on: {host}")
    _update(hook_id, actor, note, off_because=None, rests_until=None)


def change_secret(hook_id: int, *, actor: str) -> str:
    """Return a new secret for a hook; what it had is signed with for OVERLAP; raises Missing."""
    old, secret = known(hook_id).secret, new_secret()
    note, until = _("Hook {id} got a new secret: {host}"), now() + OVERLAP
    _update(hook_id, actor, note, secret=secret, old_secret=old, old_until=until)
    return secret


def forget_secret(hook_id: int, secret: str, *, actor: str) -> None:
    """Take a new secret back that nobody has seen: the one before signs alone; raises Missing."""
    hook = known(hook_id)
    if hook.secret == secret and hook.old_secret is not None:
        before = {"secret": hook.old_secret, "old_secret": None, "old_until": None}
        note = _("Hook {id} keeps its secret, as the new one could not be shown: {host}")
        _update(hook_id, actor, note, **before)


def replay_failed(hook_id: int, seqs: Sequence[int], *, actor: str) -> int:
    """Make events that were given up due again, all or those of some places; return how many.

    Raises Missing for a hook or a place that is not among them. What only tells of lines that are
    gone is taken off the list.
    """
    known(hook_id)
    dead = (HeldEvent.hook == hook_id) & HeldEvent.dead_at.is_null(False)
    wanted = dead & HeldEvent.seq.in_(seqs) if seqs else dead
    _refuse_unknown(hook_id, seqs)

    def work() -> int:
        HeldEvent.delete().where(wanted, HeldEvent.appeal_id == GAP).execute()
        again = HeldEvent.update(dead_at=None, attempts=0, due_at=now(), first_at=now())
        count = int(again.where(wanted).execute())
        note = ngettext(
            "Hook {id}: {n} failed event is sent again",
            "Hook {id}: {n} failed events are sent again",
            count,
            id=hook_id,
        )
        _record(actor, note)
        return count

    return transact(work)


def _refuse_unknown(hook_id: int, seqs: Sequence[int]) -> None:
    for seq in seqs:
        one = (HeldEvent.hook == hook_id) & (HeldEvent.seq == seq)
        found = HeldEvent.select().where(one, HeldEvent.dead_at.is_null(False))
        if not reading(found.count):
            sentence = _(
                "Event {seq} is not among those that hook {id} gave up.", seq=seq, id=hook_id
            )
            raise Missing(sentence, "seq")


def replay_since(hook_id: int, since: int, *, actor: str) -> None:
    """Set a hook back to a place, from which all is sent again; raises Missing and Refused."""
    known(hook_id)
    seq = _checked(since, present())

    def again() -> None:
        # They come from the ledger once more.
        HeldEvent.delete().where(HeldEvent.hook == hook_id, HeldEvent.seq > seq).execute()
        Hook.update(seq=seq).where(Hook.id == hook_id).execute()

    _change(hook_id, actor, _("Hook {id} goes on from {seq}: {host}"), again, seq=seq)


def _update(hook_id: int, actor: str, note: str, **columns: object) -> None:
    changed = Hook.update(**columns).where(Hook.id == hook_id)
    _change(hook_id, actor, note, changed.execute)


def _change(
    hook_id: int, actor: str, note: str, act: Callable[[], object], **values: object
) -> None:
    """Do something to a hook and record it, in one transaction; raises Missing.

    The note has places for the `{id}` of the hook and its `{host}`, besides those of `values`.
    """

    def work() -> None:
        place = place_of(known(hook_id).address)
        act()
        _record(actor, note.format(id=hook_id, host=_shown(place), **values))

    transact(work)


def _record(actor: str, note: str) -> None:
    Journal().write(storable(actor), HOOK, note)


def _shown(place: Place) -> str:
    """Return what the record of acts, which everybody reads, says of an address: its host."""
    # The rest of it may be as good as a password, as with chat programs.
    return f"{place.scheme}://{place.authority}"
