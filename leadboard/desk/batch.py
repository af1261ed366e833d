"""One act on several appeals: those that can be moved are, and the skipped ones are named."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from leadboard.allocation import lifecycle
from leadboard.allocation.appeal_state import Seen
from leadboard.allocation.appeals import called, numbered
from leadboard.allocation.lifecycle import NoRoom, NothingToDo
from leadboard.common.errors import Refused
from leadboard.common.language import _, ngettext

T = TypeVar("T")

FEW = 3
"""Appeals that a sentence names one by one; more of them are counted."""


class AppealBatch:
    """The appeals of one act, in their order: those `moved`, and why the others were not.

    One that has changed hands, or was closed or reopened, since it was `seen` is not moved.
    """

    def __init__(self, appeal_ids: Sequence[int], seen: Mapping[int, Seen] | None = None) -> None:
        if not appeal_ids:
            raise Refused(_("No appeal is chosen."), "appeal")
        # Without repeats: the second time an appeal would be skipped, as done already.
        self._ids = list(dict.fromkeys(appeal_ids))
        self._seen = seen or {}
        self._reset()

    def _reset(self) -> None:
        self.moved: list[int] = []
        self._passed: dict[int, str] = {}
        self._without_place: list[int] = []

    def each(self, move: Callable[[int], T], *, fitting: bool = False) -> list[T]:
        """Move each appeal and return what the moves returned.

        Raises Refused where none can be moved, and then changes nothing. Raises NoRoom as well
        where not all find a place, unless `fitting` allows a part of them.
        """
        # A transaction may be run again.
        self._reset()
        outcomes: list[T] = []
        refusals: list[Refused] = []
        for appeal_id in self._ids:
            try:
                if appeal_id in self._seen:
                    lifecycle.refuse_if_moved(appeal_id, self._seen[appeal_id])
                outcomes.append(move(appeal_id))
            except NothingToDo as refusal:
                self._passed[appeal_id] = refusal.why
                refusals.append(refusal)
            except NoRoom as refusal:
                self._without_place.append(appeal_id)
                refusals.append(refusal)
            else:
                self.moved.append(appeal_id)
        # Left by an error, the transaction takes back what was moved.
        if not self.moved or (self._without_place and not fitting):
            raise self._refusal(refusals)
        return outcomes

    def _refusal(self, refusals: Sequence[Refused]) -> Refused:
        full = next((each for each in refusals if isinstance(each, NoRoom)), None)
        if full is not None:
            fit, count = len(self.moved), len(self.moved) + len(self._without_place)
            return NoRoom(_part_fits(fit, count, full) if fit else str(full), fit, count)
        if len(refusals) == 1:
            return refusals[0]
        return Refused(
            _("Nothing was changed: {named}.", named=self._named(self._passed)), "appeal"
        )

    @property
    def words(self) -> str:
        """Return what was moved: one appeal by its name, or how many."""
        if len(self.moved) == 1:
            return _("Appeal {numbered}", numbered=numbered(self.moved[0]))
        return ngettext("{n} appeals", "{n} appeals", len(self.moved))

    @property
    def rest(self) -> str:
        """Return the end of the sentence: which appeals were passed over, and why."""
        passed = self._passed | dict.fromkeys(self._without_place, _("no place"))
        return _("; skipped: {named}", named=self._named(passed)) if passed else ""

    def _named(self, passed: Mapping[int, str]) -> str:
        few = ", ".join(f"{called(each)} {why}" for each, why in list(passed.items())[:FEW])
        more = len(passed) - FEW
        return _("{few} and {n} more", few=few, n=more) if more > 0 else few


def _part_fits(fit: int, count: int, full: NoRoom) -> str:
    return _("{fit} of {count} appeals fit, then {full}", fit=fit, count=count, full=full)
