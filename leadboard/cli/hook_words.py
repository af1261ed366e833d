"""Hooks in words for people, and as objects for programs."""

from datetime import datetime

from leadboard.common.language import _, ngettext, pgettext
from leadboard.database.fields import now, stamp
from leadboard.hooks.hook_states import DeadEvent, HookState

_ON = pgettext("hook", "on")


def line_of(hook: HookState) -> str:
    """Return a hook as a line: where it goes, what it is told of, and how it stands."""
    standing = _(
        "at {seq}, {behind:,} behind  held {held:,}  failed {failed:,}",
        seq=hook.seq,
        behind=hook.behind,
        held=hook.held,
        failed=hook.dead,
    )
    return f"{hook.id}  {hook.address}  {_state(hook)}  {_chosen(hook)}  {standing}"


def _chosen(hook: HookState) -> str:
    """Return what a hook is told of, and how."""
    kinds = ", ".join(hook.kinds) or _("every kind")
    if hook.source:
        told_of = _("{kinds} of {source}", kinds=kinds, source=hook.source)
    else:
        told_of = _("{kinds} of every source", kinds=kinds)
    options = ((hook.has_messages, _("with messages")), (hook.may_be_private, _("(private)")))
    return " ".join([told_of, *(words for is_set, words in options if is_set)])


def _state(hook: HookState) -> str:
    if hook.off_because is not None:
        return _("off: {reason}", reason=hook.off_because)
    rest = _rest(hook)
    return _("resting until {until:%Y-%m-%d %H:%M:%S}Z", until=rest) if rest else _ON


def _rest(hook: HookState) -> datetime | None:
    return hook.rests_until if hook.rests_until and hook.rests_until > now() else None


def fields_of_hook(hook: HookState) -> dict[str, object]:
    """Return a hook as programs get it; it never has a secret."""
    rest = _rest(hook)
    state = "off" if hook.off_because is not None else "resting" if rest else "on"
    return {
        "id": hook.id,
        "address": hook.address,
        "kinds": list(hook.kinds),
        "source": hook.source,
        "messages": hook.has_messages,
        "private": hook.may_be_private,
        "state": state,
        "why": hook.off_because,
        "rests_until": rest and stamp(rest),
        "seq": hook.seq,
        "behind": hook.behind,
        "held": hook.held,
        "failed": hook.dead,
    }


def line_of_dead(event: DeadEvent) -> str:
    """Return an event that was given up as a line."""
    since = _("since {at:%Y-%m-%d %H:%M}Z", at=event.since)
    hook = _("hook {id}", id=event.hook_id)
    if event.appeal_id is None:
        return f"{hook}  {event.seq}  {event.failure}  {since}"
    appeal = _("appeal #{id}", id=event.appeal_id)
    tries = ngettext("{n} try {since}", "{n} tries {since}", event.tries, since=since)
    return f"{hook}  {event.seq}  {appeal}  {tries}  {event.failure}"


def fields_of_dead(event: DeadEvent) -> dict[str, object]:
    """Return an event that was given up as programs get it."""
    return {
        "hook": event.hook_id,
        "seq": event.seq,
        "appeal": event.appeal_id,
        "tries": event.tries,
        "failure": event.failure,
        "since": stamp(event.since),
        "given_up": stamp(event.dead_at),
    }
