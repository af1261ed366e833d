"""The forecast of a source on a sheet: when it has nobody, whose place helps, what it needs."""

from collections.abc import Iterator
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from leadboard.common.errors import Trouble
from leadboard.common.language import _, ngettext
from leadboard.common.text import clean
from leadboard.entities import SourceRow
from leadboard.foresight.forecast import SEED, Gain, Outlook, forecast, gains
from leadboard.queries.floor_readings import FloorReading, floor_reading
from leadboard.queries.odds import minutes_worded
from tui.base import app_of
from tui.dialogs.base import Body, Bottom, Sheet
from tui.keys import bind
from tui.slices import in_slices
from tui.widgets.figures import grouped
from tui.widgets.outlooks import sentences_on

MOST_GAINS = 5
"""Operators whose place is told of."""
REST = 1.0
"""Half of a core: somebody waits for it."""
LEAST = 0.5
"""Minutes that are worth telling."""


class Forecast(Sheet):
    """A sheet over the desk, filled as the numbers come in."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("escape,q,enter", "go_back", _("Back"), id="forecast.back"),
    ]

    def __init__(self, source: SourceRow) -> None:
        super().__init__()
        self._source = source

    def compose(self) -> ComposeResult:
        """Lay out the lines above the keys."""
        with Vertical(classes="dialog sheet") as box:
            box.border_title = Content(_("Forecast of {source}", source=self._source.name))
            with Body():
                yield Static(_("Counting…"), id="outlook")
                yield Static("", id="gains")
                yield Static("", id="places")
            yield Bottom(_("{forecast.back} back"))

    def on_mount(self) -> None:
        """Begin to count."""
        self._fill()

    @work(exit_on_error=False)
    async def _fill(self) -> None:
        try:
            reading = await app_of(self).counter.read_beside(floor_reading)
        except Trouble as trouble:
            self._write("outlook", "")
            self.say_why_not(str(trouble))
            return
        if reading is None or self._source.id not in reading.floor.sources:
            self._write("outlook", _("Too much happens here to look ahead."))
            return
        self._write("places", *_counted(reading, self._source.id))
        await self._look_ahead(reading)

    async def _look_ahead(self, reading: FloorReading) -> None:
        floor, source_id = reading.floor, self._source.id
        counter = app_of(self).counter
        if not floor.has_somebody(source_id):
            self._write("outlook", _("Nobody can take the next appeal now."))
        else:
            outlooks = await in_slices(counter, forecast(floor, SEED), REST)
            self._write("outlook", *sentences_on(outlooks.get(source_id, Outlook())))
            if outlooks[source_id].low is None:
                return
        self._write("gains", "", _("Counting what one place more would change…"))
        found = await in_slices(counter, gains(floor, source_id, SEED), REST)
        self._write("gains", *self._told(found))

    def _told(self, found: list[Gain]) -> Iterator[str]:
        names = {each.id: each.name for each in app_of(self).home.board.operators}
        worth = [each for each in found if each.minutes >= LEAST and each.operator_id in names]
        yield ""
        if not worth:
            yield _("No single place more would change much.")
        for each in worth[:MOST_GAINS]:
            name, length = names[each.operator_id], minutes_worded(each.minutes)
            yield _("+1 for {operator}: {length} later", operator=name, length=length)

    def _write(self, place: str, *lines: str) -> None:
        self.query_one(f"#{place}", Static).update(Content("\n".join(map(clean, lines))))

    def action_go_back(self) -> None:
        """Go back."""
        self.go()


def _counted(reading: FloorReading, source_id: int) -> Iterator[str]:
    """Yield what the source has and needs, and what that was counted from."""
    floor, counted = reading.floor, reading.counted
    places = [floor.operators[key] for key in floor.serving(source_id)]
    limits = sum(each.limit for each in places)
    free = sum(max(0, each.room) for each in places)
    yield ""
    yield _(
        "places there are: {places}, {free} of them free",
        places=grouped(limits),
        free=grouped(free),
    )
    if (staffing := counted.staffing(source_id)) is not None:
        yield staffing.sentence
    came, closed = counted.arrivals[source_id], max(0, counted.closings[source_id])
    yield _(
        "counted in the last {minutes} m: {arrivals}, {closings}",
        minutes=round(counted.minutes),
        arrivals=ngettext("{n} arrival", "{n} arrivals", came),
        closings=ngettext("{n} closing", "{n} closings", closed),
    )
