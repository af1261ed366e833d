"""The history: every recorded act, to look at, undo or redo; and what the desk has said."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.reactive import reactive

from leadboard import desk
from leadboard.allocation.handouts import HAND_OUT
from leadboard.common.errors import Refused, Trouble
from leadboard.common.language import _
from leadboard.common.text import clean
from leadboard.common.validation import storable
from leadboard.queries.history import ActFilter, EventRow, has_others, words_in
from tui.dialogs.act_list import ActList, NoticeList
from tui.dialogs.base import ActDialog, Bottom
from tui.dialogs.forms import Confirm
from tui.keys import bind
from tui.widgets.border_remarks import Remark, write_below
from tui.widgets.filter import FilterLine, number_found
from tui.widgets.paged_view import Window

ACTS, NOTICES = "acts", "notices"
_HISTORY = _("History")
KEYS = {
    ACTS: _(
        "{dialog.cancel} back · {history.look} in full · {history.undo} undo"
        " · {history.redo} redo · {history.mine} mine/all · {history.filter} filter"
        " · {history.next} notices · {history.help} help"
    ),
    NOTICES: _(
        "{dialog.cancel} back · {history.look} in full · {history.previous} acts"
        " · {history.help} help"
    ),
}
_UNDO, _REDO = _("Undo {actor}'s act: {note}?"), _("Redo {actor}'s act: {note}?")


class Sure(Confirm):
    """A question before somebody else's act is undone; the history does what the answer is."""

    def action_confirm(self) -> None:
        """Go back with a yes."""
        self.go(True)


class History(ActDialog):
    """A sheet over the desk with all acts, newest first; it stays open while acts are undone."""

    HELP = _(
        "Each line is one act: when, who, what. {history.undo} undoes the one under the cursor, "
        "also long after it was done, {history.redo} does it again; for somebody else's act they "
        "ask first. {history.mine} changes between your own acts and everybody's. A filter finds "
        "words in the names and in the notes. A × stands before what is undone."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("enter", "look", _("In full"), id="history.look"),
        bind("u", "undo", _("Undo this"), id="history.undo"),
        bind("U", "redo", _("Redo this"), id="history.redo"),
        bind("m", "turn", _("Mine or all"), id="history.mine"),
        bind("slash", "filter", _("Filter"), id="history.filter"),
        bind("right_square_bracket,tab", "tab", _("Acts or notices"), id="history.next"),
        bind("left_square_bracket,shift+tab", "tab", _("Acts or notices"), id="history.previous"),
        bind("question_mark,f1", "help", _("Help"), id="history.help"),
        bind("q,H", "leave", _("Back"), id="history.back"),
    ]
    of_acts = frozenset({"undo", "redo", "turn", "filter"})
    """The actions of the list of acts."""

    tab = reactive(ACTS, init=False)
    """The list that is shown."""

    def __init__(self) -> None:
        super().__init__()
        self._filter = ""

    def compose(self) -> ComposeResult:
        """Lay out the lists above the filter, the outcome of an act, and the keys."""
        with Vertical(id="history", classes="dialog sheet wide tall"):
            yield ActList(id=ACTS)
            yield NoticeList(id=NOTICES)
            yield FilterLine(id="filter")
            yield Bottom(KEYS[ACTS])

    def on_mount(self) -> None:
        """Show one's own acts if others are at work as well, else all; then follow what is new."""
        home = self.leadboard.home
        self.notices.display = False
        self.show_title()
        query = partial(has_others, self.leadboard.actor)
        self.leadboard.reader.run(self, query, self._begin, self._begin_blindly)
        self.watch(home, "version", self.acts.read_again, init=False)
        self.watch(home, "notices", self.notices.show)
        self.watch(self.acts, "remark", self.show_subtitle, init=False)

    def _begin(self, has_others: bool) -> None:
        self.seek(ActFilter(actor=self.leadboard.actor if has_others else None))

    def _begin_blindly(self, why: Refused | Trouble) -> None:
        self.explain(str(why), None)
        self._begin(False)  # the list tries again by itself

    @property
    def acts(self) -> ActList:
        """Return the list of acts."""
        return self.query_one(ActList)

    @property
    def notices(self) -> NoticeList:
        """Return the list of notices."""
        return self.query_one(NoticeList)

    # What is shown.

    def seek(self, sought: ActFilter) -> None:
        """Show the acts that are sought."""
        self.acts.seek(sought)
        self.show_title()
        self.show_subtitle()

    def show_title(self) -> None:
        """Write into the border whose acts are shown, and which list."""
        is_everybodys = self.acts.sought.actor is None
        acts = _("Acts: all") if is_everybodys else _("Acts: mine")
        titles = {ACTS: acts, NOTICES: _("Notices")}
        parts = [(title, "reverse" if tab == self.tab else "") for tab, title in titles.items()]
        title = Content.assemble(f"{_HISTORY}  ", parts[0], " │ ", parts[1])
        self.query_one("#history").border_title = title

    @on(Window.Shown)
    def show_subtitle(self) -> None:
        """Write the filter into the border, and what is out of view."""
        write_below(self.query_one("#history"), self._remarks() if self.tab == ACTS else [])

    def _remarks(self) -> list[Remark]:
        if not self.acts.is_narrowed:
            return [*self.acts.remark]
        found = number_found(len(self.acts.rows), is_all=self.acts.has_found_all)
        outcome = [] if self.acts.reader.is_looking else [Remark(found, 1)]
        filtered = Remark(_("filter: {words}", words=clean(self._filter)), 4)
        return [*self.acts.remark, filtered, *outcome]

    def watch_tab(self) -> None:
        """Show the other list."""
        for each in (self.acts, self.notices):
            each.display = each.id == self.tab
        self.query_one(FilterLine).display = False
        self.query_one(f"#{self.tab}").focus()
        self.query_one(Bottom).change_hint(KEYS[self.tab])
        self.show_title()
        self.show_subtitle()
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Dim the keys of acts where the notices are shown."""
        return None if action in self.of_acts and self.tab == NOTICES else True

    def action_tab(self) -> None:
        """Go to the other list."""
        self.tab = NOTICES if self.tab == ACTS else ACTS

    def action_turn(self) -> None:
        """Show everybody's acts instead of one's own, or the other way round."""
        is_mine = self.acts.sought.actor is not None
        self.seek(replace(self.acts.sought, actor=None if is_mine else self.leadboard.actor))

    def action_filter(self) -> None:
        """Type words to look for."""
        self.query_one(FilterLine).start(self._filter, _("words of a name or a note"))

    @on(FilterLine.Typed)
    def take_filter(self, message: FilterLine.Typed) -> None:
        """Show only the acts that the filter finds."""
        message.stop()
        if message.is_over:
            self.query_one(FilterLine).display = False
            self.acts.focus()
        self._find(message.text)

    def _find(self, text: str) -> None:
        self._filter, words = text.strip(), words_in(text)
        if words != self.acts.sought.words:
            self.seek(replace(self.acts.sought, words=words))

    # What the keys do.

    def action_dismiss_dialog(self) -> None:
        """Clear the filter, or else go back."""
        if self.tab == ACTS and self.acts.is_narrowed:
            self._find("")
        else:
            self.go()

    def action_leave(self) -> None:
        """Go back."""
        self.go()

    def action_look(self) -> None:
        """Show the act under the cursor, or the sentence, in full."""
        from tui.dialogs.act import ActSheet

        if self.tab == NOTICES:
            if (told := self.notices.current) is not None:
                (self.say_why_not if told.is_bad else self.say_done)(told.sentence)
        elif (row := self.acts.current) is not None:
            self.app.push_screen(ActSheet(row.id))

    def action_undo(self) -> None:
        """Undo the act under the cursor, or the act that this one has undone or redone."""
        self._reverse(desk.undo, _UNDO)

    def action_redo(self) -> None:
        """Redo the act under the cursor, or the act that this one has undone or redone."""
        self._reverse(desk.redo, _REDO)

    def _reverse(self, reverse: Callable[..., desk.Done[Any]], question: str) -> None:
        row = self.acts.current
        if row is None:
            return
        act = partial(reverse, row.meant.id)
        if self._may_at_once(row):
            self.perform(act)
            return
        asked = question.format(actor=row.meant.actor, note=row.meant.note)
        self.app.push_screen(Sure(asked, act), lambda yes: self.perform(act) if yes else None)

    def _may_at_once(self, row: EventRow) -> bool:
        """Tell whether an act is one's own, or one that is refused in any case."""
        return row.meant.actor == clean(storable(self.leadboard.actor)) or row.act == HAND_OUT

    def succeed(self, done: desk.Done[Any]) -> None:
        """Say what was done, and stay."""
        self.say_done(done.note)

    def action_help(self) -> None:
        """Show the keys of the history."""
        from tui.dialogs.help import Help

        bindings = self.active_bindings.values()
        self.app.push_screen(
            Help(_HISTORY, self.leadboard.with_keys(self.HELP), bindings, here=_("This sheet"))
        )
