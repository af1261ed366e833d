"""The team, in two panes side by side: one order, one filter, one cursor and one scroll."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.binding import BindingType
from textual.geometry import Size
from textual.reactive import reactive

from leadboard.common.case_folding import fold
from leadboard.common.language import _, ngettext, pgettext
from leadboard.database.fields import now
from leadboard.entities import OPERATOR, OperatorRow
from leadboard.queries.board import Board
from leadboard.queries.terms import OF_WEIGHTS, is_named, parse
from tui.base import app_of
from tui.keys import bind
from tui.messages import Acted, ApplyWanted, DraftWanted, ReplayWanted
from tui.widgets.border_remarks import Remark
from tui.widgets.filter import Filtered
from tui.widgets.line_view import LineView
from tui.widgets.pane import PaneWidget

if TYPE_CHECKING:
    from leadboard.desk import Done
    from leadboard.foresight.draft import TeamDraft

Place = Callable[[OperatorRow], Any]


@dataclass(frozen=True, slots=True)
class Order:
    """An order of the team: its words, what sorts the rows, and the column that shows its mark."""

    words: str
    place: Place
    column: object = None


def _by_id(row: OperatorRow) -> tuple[bool, int]:
    # Newcomers of a draft have ids below 0, and come last as they will once they are added.
    return row.id < 0, abs(row.id)


AS_ADDED = Order(_("as added"), _by_id)
ORDERS = (
    AS_ADDED,
    Order(_("by name"), lambda row: (fold(row.name), row.id), "name"),
    Order(_("fullest first"), lambda row: (-row.load / max(row.max_load, 1), row.id), "load"),
    Order(_("most free places first"), lambda row: (row.load - row.max_load, row.id), "free"),
)
"""The orders that a key goes through; a column of the grid makes one of its own."""


ENDS = (
    ("draft.replay", _("replay")),
    ("draft.apply", _("apply")),
    ("draft.begin", _("end draft")),
)
"""The keys of a draft, by their ids."""
TOTAL, WAITING = pgettext("foot", "total"), pgettext("foot", "waiting")
"""What the pinned lines below the operators are of."""


class TeamPane(PaneWidget, Filtered, LineView[OperatorRow]):
    """One of the two panes of the team; whatever it does to the rows, its twin does as well."""

    offer = _("part of a name, src:tg for sources")
    head = 1

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("w", "draft", _("What if"), id="draft.begin", show=False),
        bind("r", "replay", _("Replay"), id="draft.replay", show=False),
        bind("ctrl+s", "apply", _("Apply draft"), id="draft.apply", show=False),
    ]
    in_draft = frozenset({"replay", "apply"})
    """The actions that a draft alone has."""
    not_in_draft: frozenset[str] = frozenset()
    """The actions that would change the database although a draft is on."""

    board: reactive[Board] = reactive(Board, repaint=False, init=False)
    """The board under the draft, if there is one."""
    draft: "reactive[TeamDraft | None]" = reactive(None, repaint=False, init=False)

    twin: "TeamPane | None" = None
    """The other pane."""
    order = AS_ADDED
    words: Sequence[str] = ()
    """What an operator's name and note must hold to be shown."""
    source_words: Sequence[str] = ()
    _operators = 0

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the lines of the whole team: a filter must not make all panes jump."""
        return self.head + max(1, self._operators) + self.foot

    def watch_board(self, board: Board) -> None:
        """Show the operators of a new board."""
        self.show_team()

    # The draft.

    def watch_draft(self, old: "TeamDraft | None", new: "TeamDraft | None") -> None:
        """Say in the border that this is a draft, and mark what it changes."""
        if (old is None) != (new is None):
            self.set_class(new is not None, "-draft")
            self.show_heading()
            self.refresh_bindings()
        self.watch_board(self.board)
        self.refresh()

    def show_heading(self) -> None:
        """Write the heading into the border, and whether this is a draft."""
        is_usual = self.draft is None
        drafted = _("{heading} · DRAFT", heading=self.heading)
        self.border_title = self.heading if is_usual else drafted

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Hide what only a draft has, and dim what a draft cannot do."""
        if action in self.in_draft and self.draft is None:
            return False
        if action in self.not_in_draft and self.draft is not None:
            return None
        return super().check_action(action, parameters)

    @property
    def is_lacking(self) -> bool:
        """Tell whether some keys are dimmed."""
        return super().is_lacking or self.draft is not None

    @property
    def of_draft(self) -> Sequence[Remark]:
        """Return how much the draft changes, and the ways to end it; nothing without one."""
        if self.draft is None:
            return []
        changes = ngettext("draft: {n} change", "draft: {n} changes", self.draft.size)
        ends = app_of(self).with_keys(_("{draft.apply} applies, {draft.begin} ends it"))
        return [Remark(changes), Remark(ends, 1)]

    def acting(
        self, function: "Callable[..., Done[Any]]", *arguments: Any, **options: Any
    ) -> "Callable[..., Done[Any]]":
        """Return an act for a dialog, which a draft takes instead of the database."""
        if self.draft is None:
            return partial(function, *arguments, **options)
        from tui.panes.drafted_act import DraftedAct

        return partial(DraftedAct(self, function), *arguments, **options)

    def action_draft(self) -> None:
        """Begin a draft, or ask whether to end it."""
        self.post_message(DraftWanted())

    def action_replay(self) -> None:
        """Replay the past under the draft."""
        self.post_message(ReplayWanted())

    def action_apply(self) -> None:
        """Apply the draft."""
        self.post_message(ApplyWanted())

    def action_add_operator(self) -> None:
        """Open the dialog for a new operator."""
        from leadboard import desk
        from tui.dialogs.forms import Dialog, fields_of

        self.app.push_screen(
            Dialog(
                _("New operator") if self.draft is None else _("New operator in the draft"),
                fields_of(OPERATOR),
                lambda values: self.acting(desk.add_operator, **values),
            )
        )

    def on_resize(self, event: events.Resize) -> None:
        """Leave the totals out on a short screen."""
        self.show_team()

    def show_team(self) -> None:
        """Show the wanted operators in the wanted order."""
        # Both panes have their totals or neither, or their rows would not stay on the same lines.
        has_totals = bool(self.board.sources) and not self.screen.has_class("-short")
        foot, operators = 2 if has_totals else 0, len(self.board.operators)
        if (foot, operators) != (self.foot, self._operators):
            self.foot, self._operators = foot, operators
            self.refresh(layout=True)
        wanted = (row for row in self.board.operators if self.is_wanted(row))
        self.show(sorted(wanted, key=self.order.place))
        self.show_subtitle()

    def is_wanted(self, row: OperatorRow) -> bool:
        """Tell whether the filter leaves an operator in."""
        return is_named(OPERATOR.text_of(row), self.words)

    @property
    def remarks(self) -> Sequence[Remark]:
        """Return the draft, and the order if it is not the usual one."""
        order = [] if self.order is AS_ADDED else [Remark(self.order.words, 2)]
        return [*self.of_draft, *order]

    @property
    def is_narrowed(self) -> bool:
        """Tell whether a filter leaves operators out."""
        return bool(self.words)

    # Filter and order, of both panes.

    def take_filter(self, text: str) -> None:
        """Filter both panes, or show everything again."""
        super().take_filter(text)
        if self.twin is not None and self.twin.filter_text != text:
            self.twin.take_filter(text)
            # While it had fewer rows it could not be scrolled as far as this one.
            self.take_twin_along()

    def apply_filter(self, text: str) -> None:
        """Show only operators and sources that hold what is typed."""
        wanted = parse(text, now(), OF_WEIGHTS)
        self.words, self.faults = (*wanted.words, *wanted.operators), wanted.faults
        self.source_words = wanted.sources
        self.watch_board(self.board)

    def sort_by(self, order: Order) -> None:
        """Put both panes in an order, with the cursor on the first row."""
        for pane in self.panes():
            pane.order = order
            pane.show_team()
            pane.refresh_line_at(0)
        self.go_to(0)
        self.post_message(Acted(_("Operators sorted {order}", order=order.words)))

    def panes(self) -> "Iterable[TeamPane]":
        """Return this pane and its twin."""
        return (self,) if self.twin is None else (self, self.twin)

    # The cursor and the scroll, of both panes.

    def watch_cursor(self, old: int, new: int) -> None:
        """Take the other pane's cursor along."""
        super().watch_cursor(old, new)
        if self.has_focus:
            self._lead()

    def _lead(self) -> None:
        if self.twin is not None and self.current is not None:
            self.twin.follow(self.cursor, self.current.id)

    def follow(self, row: int, operator_id: int) -> None:
        """Put the cursor on an operator, who is most likely in that row."""
        if row >= len(self.rows) or self.rows[row].id != operator_id:
            # Between two boards: the panes take a new one after each other.
            found = (place for place, each in enumerate(self.rows) if each.id == operator_id)
            row = next(found, self.cursor)
        self.cursor = row

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Scroll the other pane along, if it stands beside this one."""
        super().watch_scroll_y(old_value, new_value)
        self.take_twin_along()

    def take_twin_along(self) -> None:
        """Scroll the other pane to the same rows, if it stands beside this one."""
        twin = self.twin
        if twin is not None and self.is_beside and twin.top != self.top:
            twin.scroll_to(y=self.top, animate=False, force=True)

    @property
    def is_beside(self) -> bool:
        """Tell whether both panes are in sight, line by line."""
        twin = self.twin
        return twin is not None and twin.display and self.size.height == twin.size.height > 0

    def show_operator(self, operator_id: int) -> None:
        """Put the cursor on an operator, without the filter if that leaves them out."""
        if self.filter_text and all(row.id != operator_id for row in self.rows):
            self.take_filter("")
        for place, row in enumerate(self.rows):
            if row.id == operator_id:
                self.go_to(place)
                # The focus may come only after this.
                self.keep_in_sight()
                self._lead()
