"""One appeal in full: its message, why it went where it went, and how to get it assigned."""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from leadboard import desk
from leadboard.allocation.appeals import worded
from leadboard.common.text import clean
from leadboard.queries import appeals
from leadboard.queries.appeals import AppealRow
from leadboard.queries.explanation import Chance, Explanation, Way, explain
from leadboard.queries.terms import AppealFilter
from tui.dialogs.base import ActDialog, Body, Bottom
from tui.keys import bind
from tui.widgets.cells import fit
from tui.widgets.marks import Chosen
from tui.widgets.moments import shown
from tui.widgets.paged_view import LOOKING

BAR = 20
MOST_REMEDIES = 9


def _switch_on(operator_id: int, *, actor: str) -> desk.Done[int]:
    return desk.change_operator(operator_id, is_active=True, actor=actor)


REMEDIES: dict[Way, Callable[..., desk.Done[Any]]] = {
    Way.RAISE_LIMIT: desk.step_limit,
    Way.SWITCH_ON: _switch_on,
    Way.LINK: desk.set_weight,
}
"""The act for each way to get a waiting appeal assigned."""
MOST_CHANCES = 12
"""Lines of the roster that are shown; the others are counted."""
KEYS = "c close · o reopen · m move · r return · esc back"

Found = tuple[Explanation, Sequence[AppealRow]]
"""An appeal, and the newest appeals of its lead."""


class Details(ActDialog):
    """A sheet over the desk; a digit applies the remedy with that number."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("q", "dismiss_dialog", "Back", id="details.back"),
        bind("c", "close", "Close", id="details.close"),
        bind("o", "reopen", "Reopen", id="details.reopen"),
        bind("r", "return", "Return", id="details.return"),
        bind("m", "move", "Move", id="details.move"),
    ]

    def __init__(self, appeal_id: int) -> None:
        super().__init__()
        self._appeal_id = appeal_id
        self._explanation: Explanation | None = None

    def compose(self) -> ComposeResult:
        """Lay out the text, which scrolls, above the keys."""
        with Vertical(classes="dialog sheet") as box:
            box.border_title = Content(f"Appeal #{self._appeal_id}")
            with Body():
                yield Static(LOOKING, id="details", markup=False)
            yield Bottom(KEYS)

    def on_mount(self) -> None:
        """Read the appeal."""
        self.read(partial(_read, self._appeal_id), self._show)

    def _show(self, found: Found) -> None:
        self._explanation, history = found
        self.query_one("#details", Static).update(
            Content("\n").join(_lines(self._explanation, history))
        )
        if self._explanation.remedies:
            self.query_one(Bottom).change_hint(f"{KEYS} · 1-9 a remedy")

    def on_key(self, event: events.Key) -> None:
        """Apply the remedy of a digit."""
        remedies = self._explanation.remedies[:MOST_REMEDIES] if self._explanation else ()
        if event.character and event.character in "123456789":
            place = int(event.character) - 1
            if place < len(remedies):
                event.stop()
                remedy = remedies[place]
                self.perform(partial(REMEDIES[remedy.way], *remedy.arguments))

    def action_close(self) -> None:
        """Close the appeal."""
        self.perform(partial(desk.close, [self._appeal_id]))

    def action_reopen(self) -> None:
        """Reopen the appeal."""
        self.perform(partial(desk.reopen, [self._appeal_id]))

    def action_return(self) -> None:
        """Return the appeal to the lottery."""
        self.perform(partial(desk.give_back, [self._appeal_id]))

    def action_move(self) -> None:
        """Choose who gets the appeal."""
        from tui.dialogs.move import Move

        if (found := self._explanation) is None:
            return
        words = (
            f"appeal #{self._appeal_id} of {worded(found.appeal.external_id, found.appeal.source)}"
        )
        chosen = Chosen([self._appeal_id], words)
        self.app.push_screen(Move(chosen), lambda done: self.go(True) if done else None)


def _read(appeal_id: int) -> Found:
    found = explain(appeal_id)
    return found, appeals.newest_appeals(6, wanted=AppealFilter(lead_id=found.appeal.lead_id))


def _lines(found: Explanation, history: Sequence[AppealRow]) -> list[Content]:
    row = found.appeal
    lines = [
        Content.assemble(("From   ", "dim"), f"{row.external_id} by {row.source}, {_when(row)}"),
        Content.assemble(("With   ", "dim"), _holder(row)),
        Content(""),
        *(Content(clean(line)) for line in row.message.split("\n")),
        Content(""),
    ]
    if found.remedies:
        lines += [Content.styled("What would get it assigned", "bold")]
        lines += [
            Content(f"{number}  {each.words}")
            for number, each in enumerate(found.remedies[:MOST_REMEDIES], 1)
        ]
        lines += [Content("")]
    lines += _why(found)
    if found.since:
        lines += [Content(""), Content.styled("Since then", "bold")]
        lines += [
            Content(f"{shown(each.at, '%d.%m %H:%M')}  {each.actor}: {each.note}")
            for each in found.since
        ]
    others = [each for each in history if each.id != row.id]
    if others:
        lines += [Content(""), Content.styled("The lead's other appeals", "bold")]
        lines += [
            Content(f"#{each.id}  {shown(each.timestamp, '%d.%m %H:%M')}  {fit(each.message, 46)}")
            for each in others
        ]
    return lines


def _why(found: Explanation) -> list[Content]:
    if not found.roster:
        reason = "Nobody served this source." if found.appeal.operator is None else "Given by hand."
        return [Content.styled("Why", "bold"), Content(reason)]
    total = sum(each.weight for each in found.roster if each.reason is None)
    drawn = f"draw {found.draw} of 0..{total - 1}" if found.draw is not None else "nobody eligible"
    # The operator drawn is always shown, even if many others had a greater chance.
    by_weight = sorted(found.roster, key=lambda each: (not each.was_drawn, -each.share))
    first = sorted(by_weight[:MOST_CHANCES], key=lambda each: -each.share)
    return [
        Content.assemble(("Why: ", "bold"), drawn),
        *map(_chance, first),
        *_rest(by_weight[MOST_CHANCES:]),
    ]


def _rest(chances: Sequence[Chance]) -> list[Content]:
    if not chances:
        return []
    reasons = Counter(each.reason or "could have been drawn" for each in chances)
    words = ", ".join(f"{count:,} {reason}" for reason, count in reasons.most_common())
    return [Content(f"  and {len(chances):,} more: {words}")]


def _chance(each: Chance) -> Content:
    filled = "█" * round(each.share * BAR)
    note = each.reason or f"{each.share:.0%}"
    mark = "→ " if each.was_drawn else "  "
    return Content.assemble(
        (mark, "bold"),
        f"{fit(each.name, 24)} {each.weight:>7} ",
        (f"{filled:{BAR}}", "$text-success"),
        f" {note}",
    )


def _holder(row: AppealRow) -> str:
    if row.withdrawn:
        return "withdrawn"
    name = row.operator or "nobody"
    if row.is_closed:
        return f"{name}, closed"
    return "nobody: it waits" if row.is_waiting else name


def _when(row: AppealRow) -> str:
    return shown(row.timestamp, "%d.%m.%Y %H:%M:%S")
