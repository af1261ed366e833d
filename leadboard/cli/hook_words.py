"""Hooks in words for people, and as objects for programs."""

from datetime import datetime

from leadboard.database.fields import now, stamp
from leadboard.hooks.hook_states import DeadEvent, HookState


def line_of(hook: HookState) -> str:
    """Return a hook as a line: where it goes, what it is told of, and how it stands."""
    chosen = f"{', '.join(hook.kinds) or 'every kind'} of {hook.source or 'every source'}"
    options = " with messages" * hook.has_messages + " (private)" * hook.may_be_private
    return (
        f"{hook.id}  {hook.address}  {_state(hook)}  {chosen}{options}  "
        f"at {hook.seq}, {hook.behind:,} behind  held {hook.held:,}  failed {hook.dead:,}"
    )


def _state(hook: HookState) -> str:
    if hook.off_because is not None:
        return f"off: {hook.off_because}"
    rest = _rest(hook)
    return f"resting until {rest:%Y-%m-%d %H:%M:%S}Z" if rest else "on"


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
    since = f"since {event.since:%Y-%m-%d %H:%M}Z"
    if event.appeal_id is None:
        return f"hook {event.hook_id}  {event.seq}  {event.failure}  {since}"
    tries = f"{event.tries} {'try' if event.tries == 1 else 'tries'} {since}"
    return f"hook {event.hook_id}  {event.seq}  appeal #{event.appeal_id}  {tries}  {event.failure}"


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
