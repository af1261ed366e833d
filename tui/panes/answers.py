"""What became of the last appeals of the form, below a sentence about the present one."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime

from rich.cells import cell_len
from textual.content import Content

from leadboard.allocation.intake import Placed
from leadboard.common.language import _, pgettext
from leadboard.common.text import clean
from tui.widgets.cells import shortened
from tui.widgets.lines import Lines
from tui.widgets.moments import shown

MOST = 5
"""Answers that are kept."""
SHORTEST = 6
"""Cells of a lead's id that are left of it even beside a long name."""

_TIME = pgettext("moment", "%H:%M")

TONES = {
    "good": "$text-success",
    "warn": "$text-warning",
    "bad": "$text-error",
    "dim": "$text-muted",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one appeal."""

    at: datetime
    lead: str
    outcome: str
    tone: str

    def line(self, width: int) -> Content:
        """Return `10:42 ph_296 → Vera`; the outcome is cut only when the lead's id is."""
        when = shown(self.at, _TIME)
        room = width - cell_len(when) - cell_len(self.outcome) - 2
        lead = shortened(self.lead, max(SHORTEST, room))
        return Content.styled(shortened(f"{when} {lead} {self.outcome}", width), TONES[self.tone])


def _with_key(outcome: str, placed: Placed) -> str:
    """Return what became of an appeal, and whether its key was known."""
    if placed.differs:
        return _("{outcome}, known by its key, with another text", outcome=outcome)
    return _("{outcome}, known by its key", outcome=outcome) if placed.is_repeat else outcome


class Answers(Lines):
    """The answers, newest first; a sentence above them while there is something to say."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._answers: deque[Answer] = deque(maxlen=MOST)
        self._sentence: tuple[str, str] | None = None

    def say(self, sentence: str, tone: str) -> None:
        """Show a sentence until the next one; an answer removes it unless it is bad."""
        self._sentence = (clean(sentence), tone)

    def add(self, lead: str, placed: Placed) -> None:
        """Say who got an appeal, or why nobody did."""
        if self._sentence is not None and self._sentence[1] != "bad":
            self._sentence = None
        if placed.operator is not None:
            outcome, tone = f"→ {placed.operator}", "good"
        else:
            outcome, tone = _("waits: {reason}", reason=placed.reason), "warn"
        outcome = clean(_with_key(outcome, placed))
        self._answers.appendleft(Answer(placed.timestamp, clean(lead), outcome, tone))

    def lines(self, width: int, most: int) -> list[Content]:
        """Return the sentence, then the answers."""
        said = []
        if self._sentence is not None:
            sentence, tone = self._sentence
            said = [Content.styled(shortened(sentence, width), TONES[tone])]
        return said + [each.line(width) for each in self._answers]
