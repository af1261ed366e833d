"""The statistics: what arrived and was closed, who waited how long, and who had how much."""

from collections.abc import Callable
from functools import partial
from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from leadboard.common.errors import Refused, Trouble
from leadboard.common.language import _, pgettext
from leadboard.common.text import clean
from leadboard.entities import SourceRow
from leadboard.queries.spans import TimeSpan
from leadboard.queries.statistics import Gathering, Statistics
from leadboard.queries.terms import matches
from tui.base import DeskApp, app_of
from tui.dialogs.base import Body, Bottom, Sheet
from tui.dialogs.statistics_text import flow_lines, load_lines, time_lines, waiting_lines
from tui.keys import bind
from tui.widgets.border_remarks import Remark, write_below
from tui.widgets.filter import FilterLine

REST = 2.0
"""Seconds from one drawing of what is new to the next."""
KEYS = _(
    "{statistics.back} back · {statistics.next} next · {statistics.today} day"
    " · {statistics.week} week · {statistics.month} month · {statistics.all} all"
    " · {statistics.source} source · {statistics.filter} find · {statistics.help} help"
)

Lines = Callable[[Statistics, int], list[Content]]


class Tab(NamedTuple):
    """A page of the sheet: its title, the figures, and the name of their picture, if any.

    Without `lines` it is that of the shares, which are no part of the statistics.
    """

    title: str
    lines: Lines | None = None
    picture: str | None = None


TABS = (
    Tab(_("Arrivals"), flow_lines, "flows"),
    Tab(pgettext("page", "Waiting"), waiting_lines, "waiting"),
    Tab(_("Load"), load_lines),
    Tab(pgettext("page", "Times"), time_lines),
    Tab(_("Shares")),
)
_STATISTICS = _("Statistics")
_WIDE = max(60, cell_len(" │ ".join((_STATISTICS, *(each.title for each in TABS)))) + 8)
"""Cells of a sheet whose title names all pages."""


class Picture(Static):
    """A picture of the figures, drawn for its size."""

    def on_resize(self) -> None:
        """Ask for a picture of the new size."""
        if isinstance(sheet := self.screen, StatisticsSheet):
            sheet.draw()


class StatisticsSheet(Sheet):
    """A sheet over the desk; it follows what is new while it is open."""

    HELP = _(
        "All figures come from the ledger. {statistics.next} goes to the next page: arrivals and "
        "closings; how many waited; who had how much; how long appeals waited and were handled; "
        "whether the lottery is fair. {statistics.today} {statistics.week} {statistics.month} "
        "{statistics.all} choose today, this week from Monday, this month, or all time; "
        "{statistics.source} goes to the next source, {statistics.filter} to the one that has what "
        "is typed, esc back to all. An appeal waits from its arrival until somebody has it for the "
        "first time, and is handled from when its operator got it until it is closed. Half of all "
        "took at most as long as half says, nine in ten at most as long as 9 of 10."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("d", "span('today')", _("Today"), id="statistics.today"),
        bind("w", "span('week')", _("This week"), id="statistics.week"),
        bind("m", "span('month')", _("This month"), id="statistics.month"),
        bind("a", "span('all')", _("All time"), id="statistics.all"),
        bind("s", "source", _("Next source"), id="statistics.source"),
        bind("slash", "filter", _("Find a source"), id="statistics.filter"),
        bind("right_square_bracket,tab", "tab(1)", _("Next page"), id="statistics.next"),
        bind(
            "left_square_bracket,shift+tab", "tab(-1)", _("Page before"), id="statistics.previous"
        ),
        bind("question_mark,f1", "help", _("Help"), id="statistics.help"),
        bind("escape", "go_back", _("Back"), id="statistics.back"),
        bind("q,S,f6", "leave", _("Back"), id="statistics.leave"),
    ]

    page = reactive(0, init=False)
    """The place of the page that is shown."""

    def __init__(self) -> None:
        super().__init__()
        self._gathering = Gathering(TimeSpan.TODAY)
        self._source: SourceRow | None = None
        self._statistics: Statistics | None = None
        self._is_stale = False
        self._progress = 0.0
        self._asked = self._drawings = 0
        """How often figures and drawings were asked for: only the last are shown."""

    def compose(self) -> ComposeResult:
        """Lay out the picture above the figures, the filter and the keys."""
        with Vertical(id="statistics", classes="dialog sheet wide tall"):
            yield Picture(id="picture")
            with Body(id="figures"):
                yield Static(id="told")
            yield FilterLine(id="filter")
            yield Bottom(KEYS)

    def on_mount(self) -> None:
        """Begin with today, and follow what is new."""
        self.query_one(Body).focus()
        self.watch_page()
        self.watch(self.desk_app.home, "version", self._follow, init=False)
        self.refresh_figures()

    @property
    def desk_app(self) -> DeskApp:
        """Return the application, which has the threads."""
        return app_of(self)

    @property
    def tab(self) -> Tab:
        """Return the page that is shown."""
        return TABS[self.page]

    # What is read.

    def _follow(self) -> None:
        if not self._is_stale:
            self._is_stale = True
            self.set_timer(REST, self.refresh_figures)

    @work(group="statistics", exit_on_error=False)
    async def refresh_figures(self) -> None:
        """Read what is new on another thread, then draw."""
        self._is_stale = False
        self._asked = asked = self._asked + 1
        if self._gathering.is_over:
            self._gathering = Gathering(self._gathering.span)
        gathering, counter = self._gathering, self.desk_app.counter
        source_id = None if self._source is None else self._source.id
        try:
            while await counter.read_beside(gathering.catch_up):
                if asked != self._asked:
                    return  # something else is wanted by now
                self._show_progress(gathering.progress)
            told = await counter.read_beside(partial(gathering.told, source_id))
        except (Refused, Trouble) as why:
            self.say_why_not(str(why))
            return
        if asked != self._asked:
            return
        self._statistics = told
        self._show_progress(1.0)
        self.say_nothing()
        await self._draw()

    def _show_progress(self, progress: float) -> None:
        self._progress = progress
        self.show_subtitle()

    @work(group="statistics", exit_on_error=False)
    async def draw(self) -> None:
        """Draw what is known, such as at another size."""
        await self._draw()

    async def _draw(self) -> None:
        if (statistics := self._statistics) is None:
            return
        self._drawings = asked = self._drawings + 1
        picture, body = self.query_one(Picture), self.query_one(Body)
        size, width = picture.content_size, body.scrollable_content_region.width
        draw = partial(_drawn, self.tab, statistics, width, (size.width, size.height))
        if self.tab.lines is None:
            source_id = None if self._source is None else self._source.id
            draw = partial(_shares_drawn, statistics, source_id, width)
        try:
            drawn, told = await self.desk_app.counter.read_beside(draw)
        except (Refused, Trouble) as why:
            self.say_why_not(str(why))
            return
        if asked != self._drawings:
            return
        self.query_one(Picture).update(drawn)
        self.query_one("#told", Static).update(told)

    # What is shown.

    def on_resize(self, _unused: events.Resize) -> None:
        """Draw again for the new size."""
        self.show_title()
        self.call_after_refresh(self.draw)

    def watch_page(self) -> None:
        """Show another page."""
        self.set_class(self.tab.picture is not None, "-pictured")
        self.query_one(Picture).update("")
        self.query_one(Body).scroll_home(animate=False)
        self.show_title()
        self.show_subtitle()
        self.call_after_refresh(self.draw)

    def show_title(self) -> None:
        """Write into the border which page is shown, and the others where there is room."""
        box = self.query_one("#statistics")
        if box.size.width < _WIDE:
            box.border_title = f"{_STATISTICS} {self.page + 1}/{len(TABS)}: {self.tab.title}"
            return
        parts = [(each.title, "reverse" if each is self.tab else "") for each in TABS]
        titles = Content(" │ ").join(Content.assemble(part) for part in parts)
        box.border_title = Content.assemble(f"{_STATISTICS}  ", titles)

    def show_subtitle(self) -> None:
        """Write below the figures of when they are, and of which source."""
        if self._source is None:
            source = _("all sources")
        else:
            source = _("source {source}", source=self._source.name)
        said = _("reading the ledger: {progress:.0%}", progress=self._progress)
        reading = [Remark(said, 5)]
        remarks = [Remark(self._gathering.span.words, 3), Remark(source, 4)]
        remarks += reading if self._progress < 1 else []
        write_below(self.query_one("#statistics"), remarks)

    # What the keys do.

    def action_span(self, name: str) -> None:
        """Show another span."""
        if name != self._gathering.span:
            self._gathering = Gathering(TimeSpan(name))
            self._progress = 0.0
            # The border names the new span already: no figures of the old one below it.
            self._statistics = None
            self.query_one(Picture).update("")
            self.query_one("#told", Static).update("")
        self.show_subtitle()
        self.refresh_figures()

    def action_source(self) -> None:
        """Show the next source, after the last one all."""
        sources = self.desk_app.home.board.sources
        ids = [each.id for each in sources]
        at = (
            -1 if self._source is None or self._source.id not in ids else ids.index(self._source.id)
        )
        self._choose(sources[at + 1] if at + 1 < len(sources) else None)

    def _choose(self, source: SourceRow | None) -> None:
        self._source = source
        self.show_subtitle()
        self.refresh_figures()

    def action_filter(self) -> None:
        """Type part of the name of a source."""
        self.query_one(FilterLine).start("", _("part of the name of a source"))

    @on(FilterLine.Typed)
    def take_filter(self, message: FilterLine.Typed) -> None:
        """Show the first source that has what is typed."""
        message.stop()
        if message.is_over:
            self.query_one(FilterLine).display = False
            self.query_one(Body).focus()
        typed = message.text.strip()
        named = (each for each in self.desk_app.home.board.sources if matches(typed, each.name))
        found = next(named, None) if typed else None
        if typed and found is None:
            self.say_why_not(_("No source has that in its name."))
        elif found != self._source:
            self._choose(found)

    def action_tab(self, step: int) -> None:
        """Go to the next page, or to the one before."""
        self.page = (self.page + step) % len(TABS)

    def action_help(self) -> None:
        """Show the keys of the sheet."""
        from tui.dialogs.help import Help

        text = self.desk_app.with_keys(self.HELP)
        bindings = self.active_bindings.values()
        self.app.push_screen(Help(_STATISTICS, text, bindings, here=_("This sheet")))

    def action_go_back(self) -> None:
        """Show all sources again, or else go back."""
        if self._source is None:
            self.go()
        else:
            self._choose(None)

    def action_leave(self) -> None:
        """Go back."""
        self.go()


def _drawn(
    tab: Tab, statistics: Statistics, width: int, size: tuple[int, int]
) -> tuple[Content, Content]:
    """Return the picture of a page, and its figures."""
    lines = tab.lines(statistics, width) if tab.lines else []
    lines += [Content.styled(clean(each), "$text-warning") for each in statistics.remarks]
    told = Content("\n").join(lines)
    if tab.picture is None:
        return Content(""), told
    # Only here: it takes longer to load than the desk takes to answer a key.
    from tui.dialogs.statistics_charts import PICTURES

    return PICTURES[tab.picture](statistics, *size), told


def _shares_drawn(
    statistics: Statistics, source_id: int | None, width: int
) -> tuple[Content, Content]:
    """Return no picture, and what the draws of the span say of the lottery."""
    from leadboard.queries.shares import shares
    from tui.dialogs.statistics_shares import share_lines

    return Content(""), Content("\n").join(share_lines(shares(source_id, statistics.since), width))
