"""The form for an appeal that came by phone."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar
from uuid import uuid4

from rich.cells import cell_len
from textual import on
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.reactive import reactive
from textual.suggester import Suggester
from textual.widget import Widget
from textual.widgets import Input, Static

from leadboard.common.errors import Refused, Trouble
from leadboard.common.language import _, ngettext
from leadboard.queries import leads
from leadboard.queries.board import Board
from tui.base import app_of
from tui.keys import bind
from tui.messages import TextEntered
from tui.panes.source_field import SourceField
from tui.reader import Reader
from tui.widgets.figures import grouped
from tui.widgets.line_view import StateHints
from tui.widgets.pane import PaneWidget

if TYPE_CHECKING:
    from leadboard.allocation.intake import Draft, Placed
    from tui.panes.answers import Answers
    from tui.panes.form_odds import Odds
    from tui.panes.known_lead import KnownLead
    from tui.widgets.free_text import FreeText

FIELDS, MESSAGE = 2, 3
"""Rows of the source and the lead, and those that the message has where there is room."""
MOST_KNOWN, MOST_ODDS, MOST_ANSWERS = 3, 3, 6
"""Rows that what is known of a lead, the odds, and the answers below a sentence may take."""
ROOMY = 4
"""Spare rows from which one is kept for what is known of a typed lead, so that nothing jumps."""
_SOURCE, _LEAD, _MESSAGE = _("Source"), _("Lead"), _("Message")
LABEL = max(map(cell_len, (_SOURCE, _LEAD, _MESSAGE))) + 2
"""Cells of a label and the gaps beside it."""


@dataclass(frozen=True, slots=True)
class Submission:
    """A checked draft, and the operator to give it to; None leaves that to the lottery."""

    draft: "Draft"
    operator_id: int | None = None


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
    """Source, lead and message; what is known of the lead, the odds, and the last answers."""

    HELP = _(
        "Type part of the source's name and press enter, then the lead's id (the right arrow "
        "completes a known one), then the message. {form.submit} submits from any field, enter "
        "from the message; {text.new-line} starts a new line there. For a known lead the form says "
        "how often they have written and who had them last, and {form.give} submits the appeal and "
        "gives it to that operator. The form keeps the source for the next appeal."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("ctrl+s", "submit", _("Submit"), id="form.submit"),
        bind("ctrl+g", "give", _("Submit to the lead's last operator"), id="form.give", show=False),
        bind("escape", "leave", _("Leave"), id="form.leave"),
    ]
    state_hints = StateHints(
        (
            ("form.submit", _("Submit")),
            ("form.leave", _("Leave")),
            ("desk.next", _("Next field")),
        ),
        is_all=True,
    )

    board: reactive[Board] = reactive(Board, repaint=False, init=False)

    message: "FreeText"
    """The field of the message."""
    known: "KnownLead"
    odds: "Odds"
    answers: "Answers"

    @dataclass
    class Submitted(Message):
        """Asks to store a submission."""

        submission: Submission

    @dataclass
    class Left(Message):
        """Asks to move the focus out of the form; its text stays."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.refused: list[tuple[Draft, str]] = []
        """Refused drafts, each with the reason; they come back once the form is empty."""
        self.held: list[Submission] = []
        """What to send again once the database can be written."""
        self.is_filled = False

    async def fill(self) -> None:
        """Mount the fields and the lines, after the first frame to speed that up."""
        from tui.panes.answers import Answers
        from tui.panes.form_odds import Odds
        from tui.panes.known_lead import KnownLead
        from tui.widgets.free_text import FreeText

        suggester = KnownLeads(app_of(self).reader)
        lead = Input(
            placeholder=_("e.g. tg_123456789"), compact=True, id="lead", suggester=suggester
        )
        self.message = FreeText(compact=True, id="message", soft_wrap=True, show_line_numbers=False)
        self.known = KnownLead(app_of(self).with_keys("{form.give}"), self.share_rows, id="known")
        self.odds = Odds(id="odds")
        self.answers = Answers(id="answers")
        await self.mount(
            _field(_SOURCE, SourceField(id="source-field")),
            _field(_LEAD, lead),
            self.known,
            _field(_MESSAGE, self.message, "message"),
            self.odds,
            self.answers,
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
        """Offer the sources of a new board, and update the odds and what is known."""
        if self.is_filled:
            self.source_field.offer(board.sources)
            self.known.take(board)
            self.follow_source()

    @on(SourceField.Taken)
    def follow_source(self) -> None:
        """Keep the odds in step with the source."""
        self.odds.follow(self.board, self.source_field.taken)
        self.share_rows()

    @on(Input.Changed, "#lead")
    def follow_lead(self, event: Input.Changed) -> None:
        """Keep what is known in step with the lead, and the odds with a source left by tab."""
        self.known.follow(event.value)
        self.follow_source()

    def on_resize(self) -> None:
        """Share the rows of the new size."""
        self.share_rows()

    def share_rows(self) -> None:
        """Share the rows below the fields; the message gets what is left, three if it can be."""
        if not self.is_filled or not self.size.height:
            return
        width, spare = self.size.width - 2, self.size.height - FIELDS - MESSAGE
        kept = spare >= ROOMY and bool(self.lead.value)
        spare -= self.known.fit(width, _within(spare - 2, MOST_KNOWN), int(kept))
        spare -= self.odds.fit(width, _within(spare - 1, MOST_ODDS))
        self.answers.fit(width, _within(spare, MOST_ANSWERS))

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

    @on(TextEntered)
    def action_submit(self) -> None:
        """Submit the draft and clear the form for the next one at once."""
        if (draft := self._draft()) is not None:
            self._submit(Submission(draft))

    async def action_give(self) -> None:
        """Submit the draft as well, for the operator who had the lead's last appeal."""
        if (draft := self._draft()) is None:
            return
        self.known.follow(self.lead.value)
        try:
            await self.known.know()
        except Trouble as trouble:
            self.tell(str(trouble), "bad")
            return
        if (operator := self.known.operator) is None or self.known.obstacle:
            key = app_of(self).with_keys("{form.submit}")
            obstacle = self.known.obstacle
            self.tell(_("{obstacle}: use {key}.", obstacle=obstacle, key=key), "bad")
        else:
            self._submit(Submission(draft, operator.id))

    def _draft(self) -> "Draft | None":
        """Return what is typed, or say what is wrong with it and go there."""
        from leadboard.allocation.intake import Draft  # known once somebody submits

        if not self.source_field.settle() or self.source_field.taken is None:
            self.tell(self._missing_source(), "bad")
            self.source_field.input.focus()
            return None
        try:
            # The key makes it safe to send the draft again, even if it was stored the first time.
            key = f"desk-{uuid4().hex}"
            source_id = self.source_field.taken.id
            return Draft.checked(self.lead.value, source_id, self.message.text, key)
        except Refused as refusal:
            self.tell(str(refusal), "bad")
            (self.message if refusal.field == "message" else self.lead).focus()
            return None

    def _missing_source(self) -> str:
        """Return what to do about the source: to choose one, or to add the first."""
        keys = _("No sources yet: {form.leave}, {desk.weights}, {grid.add} adds one.")
        has_any = bool(self.source_field.sources)
        return _("Choose a source first.") if has_any else app_of(self).with_keys(keys)

    def _submit(self, submission: Submission) -> None:
        self.post_message(self.Submitted(submission))
        self._fill("", "")
        self.tell(_("Saving {lead}…", lead=submission.draft.external_id), "dim")

    def _fill(self, lead: str, message: str) -> None:
        self.lead.value = lead
        self.message.text = message
        self.lead.focus()

    def answer(self, draft: "Draft", placed: "Placed") -> None:
        """Say who got the appeal, or why nobody did."""
        self.answers.add(draft.external_id, placed)
        self.share_rows()
        self._bring_back()

    def take_back(self, draft: "Draft", sentence: str) -> None:
        """Keep a draft that was not saved, with the reason, until the form is empty."""
        self.refused.append((draft, sentence))
        self._bring_back()
        if self.refused:
            count = len(self.refused)
            sentence = ngettext(
                "{count} not saved, coming back when the form is empty.",
                "{count} not saved, coming back when the form is empty.",
                count,
                count=grouped(count),
            )
            self.tell(sentence, "bad")

    def hold(self, submission: Submission) -> None:
        """Keep a submission until the database can be written again."""
        self.held.append(submission)
        leads = ", ".join(each.draft.external_id for each in self.held)
        count = grouped(len(self.held))
        self.tell(_("{count} kept, to be sent: {leads}", count=count, leads=leads), "warn")

    def take_held(self) -> Sequence[Submission]:
        """Return what to send again, oldest first, and forget it."""
        held, self.held = self.held, []
        return held

    def _bring_back(self) -> None:
        if self.refused and not self.lead.value and not self.message.text:
            draft, sentence = self.refused.pop(0)
            self._fill(draft.external_id, draft.message)
            self.tell(sentence, "bad")

    def tell(self, sentence: str, tone: str) -> None:
        """Show a sentence below the form, above the answers."""
        self.answers.say(sentence, tone)
        self.share_rows()


def _field(label: str, field: Widget, extra: str = "") -> Horizontal:
    words = Static(label, classes="label")
    words.styles.width = LABEL
    return Horizontal(words, field, classes=f"field {extra}")


def _within(rows: int, most: int) -> int:
    return max(1, min(rows, most))
