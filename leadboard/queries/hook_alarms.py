"""Hooks in need: events that could not be delivered, a receiver not reached, one switched off."""

from dataclasses import dataclass
from datetime import timedelta

from peewee import Query, fn
from rich.cells import cell_len

from leadboard.common.durations import worded
from leadboard.common.language import _, ngettext
from leadboard.common.text import clean
from leadboard.database.compiled_queries import Compiled
from leadboard.database.fields import moment_of, now
from leadboard.database.program_tables import HeldEvent, Hook

BY_HAND = "switched off"
"""Why a hook is off that a person switched off, which is no alarm."""
LATE = timedelta(hours=1)
"""How long after an event failed first, without having arrived, it is an alarm."""


@dataclass(frozen=True, slots=True)
class HookAlarm:
    """What is wrong with a hook, and the command that tells more."""

    hook_id: int
    what: str
    is_grave: bool = True

    @property
    def key(self) -> tuple[str, int]:
        """Return what tells it from all other alarms."""
        return "hook", self.hook_id

    @property
    def name(self) -> str:
        """Return what is in need."""
        return _("hook {id}", id=self.hook_id)

    @property
    def order(self) -> tuple[int, bool]:
        """Return what sorts alarms: behind the grave ones of sources, before the others."""
        return 0, not self.is_grave

    @property
    def way_out(self) -> str:
        """Return the command that tells more."""
        return f"leadboard hook failed {self.hook_id}"

    def within(self, width: int) -> str:
        """Return the sentence in `width` cells, if it can be cut that far."""
        sentence = f"{self.name}: {self.what}"
        return sentence if cell_len(sentence) <= width else _("{name} fails", name=self.name)


def _asking() -> Query:
    of_hook = HeldEvent.hook == Hook.id
    # Counted by indexes alone, although the rows are long: those that are dead are all but these.
    every = HeldEvent.select(fn.COUNT(HeldEvent.id)).where(of_hook)
    alive = every.where(HeldEvent.dead_at.is_null())
    oldest = HeldEvent.select(HeldEvent.first_at).where(of_hook, HeldEvent.dead_at.is_null())
    first = oldest.order_by(HeldEvent.seq).limit(1)
    return Hook.select(Hook.id, Hook.off_because, every, alive, first).order_by(Hook.id)


_HOOKS = Compiled(_asking)


def hook_alarms() -> tuple[HookAlarm, ...]:
    """Return the hooks in need; most databases have no hook at all."""
    found = (_alarm(*row) for row in _HOOKS.rows())
    return tuple(alarm for alarm in found if alarm is not None)


def _alarm(
    hook_id: int, off: str | None, every: int, alive: int, first: str | None
) -> HookAlarm | None:
    if off is not None and off != BY_HAND:
        return HookAlarm(hook_id, _("off: {why}", why=clean(off)))
    if dead := every - alive:
        return HookAlarm(hook_id, undelivered(dead))
    if off is None and first is not None:
        waited = now() - moment_of(first)
        if waited > LATE:
            what = _("nothing delivered for {time}", time=worded(waited))
            return HookAlarm(hook_id, what, is_grave=False)
    return None


def undelivered(count: int) -> str:
    """Return that so many events were given up."""
    return ngettext(
        "{n:,} event could not be delivered", "{n:,} events could not be delivered", count
    )
