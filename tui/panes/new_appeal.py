"""The form for an appeal that came by phone."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar
from uuid import uuid4

from rich.cells import cell_len
from textual import on
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.suggester import Suggester
from textual.widget import Widget
from textual.widgets import Input, Static

from leadboard.allocation.intake import Draft, Placed
from leadboard.common.errors import Refused, Trouble
from leadboard.common.text import clean
from leadboard.queries import leads
from leadboard.queries.board import Board
from leadboard.queries.odds import Standing, standings
from tui.base import app_of
from tui.keys import bind
from tui.panes.source_field import SourceField
from tui.reader import Reader
from tui.widgets.figures import note_of
from tui.widgets.free_text import FreeText
from tui.widgets.pane import PaneWidget

ODDS_LINES = 3


class KnownLeads(Suggester):
    """Completes a lead's id from the known leads."""

    def __init__(self, reader: Reader) -> None:
        # No cache, as new leads keep coming; case-sensitive, or Textual casefolds the input.
        super().__init__(use_cache=False, case_sensitive=True)
        self._reader = reader

    async def get_suggestion(self, value: str) -> str | None:
        """Return the first known id that starts with what is typed."""
        try:
            return await self._reader.read(partial(leads.lead_starting, value))
        except Trouble:
            return None  # the header already says that the database cannot be read


class NewAppeal(PaneWidget, Vertical):
    """Source, lead and message; the odds during typing, and who got the last appeal."""

    HELP = (
        "Type part of the source's name and press enter, then the lead's id (the right arrow "
        "completes a known one), then the message. {form.submit} submits from any field, enter "
        "from the message; {text.new-line} starts a new line there. The form keeps the source for "
        "the next appeal."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("ctrl+s", "submit", "Submit", id="form.submit"),
        bind("escape", "leave", "Leave", id="form.leave"),
    ]

    board: reactive[Board] = reactive(Board, repaint=False, init=False)

    @dataclass
    class Submitted(Message):
        """Asks to store a checked draft."""

        draft: Draft

    @dataclass
    class Left(Message):
        """Asks to move the focus out of the form; its text stays."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.refused: list[tuple[Draft, str]] = []
        """Refused drafts, each with the reason; they come back once the form is empty."""
        self.held: list[Draft] = []
        """Drafts to send again once the database can be written."""
        self.is_filled = False

    async def fill(self) -> None:
        """Mount the fields, the odds and the answer, after the first frame to speed that up."""
        known = KnownLeads(app_of(self).reader)
        lead = Input(placeholder="e.g. tg_123456789", compact=True, id="lead", suggester=known)
        message = FreeText(compact=True, id="message", soft_wrap=True, show_line_numbers=False)
        await self.mount(
            _field("Source", SourceField(id="source-field")),
            _field("Lead", lead),
            _field("Message", message, "message"),
            Static("", id="odds"),
            Static("", id="answer"),
        )
        if app_of(self).takes_keys:
            self.is_filled = True
            self.watch_board(self.board)

    @property
    def source_field(self) -> SourceField:
        """Return the field of the source."""
        return self.query_one(SourceField)

    @property
    def lead(self) -> Input:
        """Return the field of the lead."""
        return self.query_one("#lead", Input)

    @property
    def message(self) -> FreeText:
        """Return the field of the message."""
        return self.query_one(FreeText)

    @property
    def has_text(self) -> bool:
        """Tell whether the form holds anything that is not stored."""
        typed = self.is_filled and (self.lead.value or self.message.text)
        return bool(typed or self.refused or self.held)

    @property
    def stops(self) -> Sequence[Widget]:
        """Return the fields in tab order."""
        return [self.source_field.input, self.lead, self.message]

    @property
    def entry(self) -> Widget:
        """Return the field to start with: the source until one is chosen, then the lead."""
        return self.lead if self.source_field.taken else self.source_field.input

    def watch_board(self, board: Board) -> None:
        """Offer the sources of a new board, and update the odds."""
        if self.is_filled:
            self.source_field.offer(board.sources)
            self.show_odds()

    def show_odds(self) -> None:
        """Show who would get the next appeal of the source."""
        source = self.source_field.taken
        odds = self.query_one("#odds", Static)
        standing = list(standings(self.board, source.id).values()) if source else []
        width = max(20, self.size.width - 2)
        odds.update(Content("\n".join(odds_lines(standing, width)) if source else ""))

    @on(Input.Changed)
    @on(SourceField.Taken)
    def follow_source(self) -> None:
        """Keep the odds in step with the source."""
        self.show_odds()

    @on(SourceField.Taken)
    def go_to_lead(self) -> None:
        """Go on to the lead once the source is chosen."""
        self.lead.focus()

    @on(Input.Submitted, "#lead")
    def go_to_message(self) -> None:
        """Go on to the message once the lead is typed."""
        self.message.focus()

    def action_leave(self) -> None:
        """Go back to the previous pane; the text stays."""
        self.post_message(self.Left())

    @on(FreeText.Entered)
    def action_submit(self) -> None:
        """Submit the draft and clear the form for the next one at once."""
        if not self.source_field.settle() or self.source_field.taken is None:
            self.tell("Choose a source first.", "bad")
            self.source_field.input.focus()
            return
        try:
            # The key makes it safe to send the draft again, even if it was stored the first time.
            key = f"desk-{uuid4().hex}"
            source_id = self.source_field.taken.id
            draft = Draft.checked(self.lead.value, source_id, self.message.text, key)
        except Refused as refusal:
            self.tell(str(refusal), "bad")
            (self.message if refusal.field == "message" else self.lead).focus()
            return
        self.post_message(self.Submitted(draft))
        self._fill("", "")
        self.tell(f"Saving {draft.external_id}…", "dim")

    def _fill(self, lead: str, message: str) -> None:
        self.lead.value = lead
        self.message.text = message
        self.lead.focus()

    def answer(self, placed: Placed) -> None:
        """Say who got the appeal, or why nobody did."""
        known = ", known by its key" * placed.is_repeat + ", with another text" * placed.differs
        if placed.operator is not None:
            self.tell(f"✓ #{placed.id} → {placed.operator}{known}", "good")
        else:
            self.tell(f"◷ #{placed.id} waits: {placed.reason}{known}", "warn")
        self._bring_back()

    def take_back(self, draft: Draft, sentence: str) -> None:
        """Keep a draft that was not saved, with the reason, until the form is empty."""
        self.refused.append((draft, sentence))
        self._bring_back()
        if self.refused:
            self.tell(f"{len(self.refused)} not saved, coming back when the form is empty.", "bad")

    def hold(self, draft: Draft) -> None:
        """Keep a draft until the database can be written again."""
        self.held.append(draft)
        leads = ", ".join(each.external_id for each in self.held)
        self.tell(f"{len(self.held)} kept, to be sent: {leads}", "warn")

    def take_held(self) -> Sequence[Draft]:
        """Return the drafts to send again, oldest first, and forget them."""
        held, self.held = self.held, []
        return held

    def _bring_back(self) -> None:
        if self.refused and not self.lead.value and not self.message.text:
            draft, sentence = self.refused.pop(0)
            self._fill(draft.external_id, draft.message)
            self.tell(sentence, "bad")

    def tell(self, sentence: str, tone: str) -> None:
        """Show a sentence below the form."""
        answer = self.query_one("#answer", Static)
        answer.set_classes(tone)
        answer.update(Content(clean(sentence)))


def _field(label: str, field: Widget, extra: str = "") -> Horizontal:
    return Horizontal(Static(label, classes="label"), field, classes=f"field {extra}")


def odds_lines(standing: Sequence[Standing], width: int) -> list[str]:
    """Return `next: Anna 58% · Boris 42% · Vera full` in lines, the likeliest first.

    No name is split; operators that do not fit in ODDS_LINES lines are counted.
    """
    if not standing:
        return ["next: nobody serves this source"]
    lines = ["next:"]
    by_share = sorted(standing, key=lambda each: (-each.share, each.operator.id))
    for place, each in enumerate(by_share):
        item = f" {each.operator.name} {note_of(each)}"
        rest = f" · {len(by_share) - place} more"
        joined = lines[-1] + (" ·" if place else "") + item
        if cell_len(joined) + (len(rest) if len(lines) == ODDS_LINES else 0) <= width:
            lines[-1] = joined
        elif len(lines) < ODDS_LINES:
            lines.append("     " + item)
        else:
            lines[-1] += rest
            break
    return lines
