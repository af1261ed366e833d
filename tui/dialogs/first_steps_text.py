"""The greeting of an empty database in words: its steps, which of them are done, and their keys."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len
from textual.content import Content

from leadboard.common.language import _, ngettext
from leadboard.queries.board import Board
from leadboard.queries.first_steps import FirstStep, missing, possible
from tui.keys import Keymap, key_label, keys_of
from tui.widgets.cells import fit, shortened

INTRODUCTION = _(
    "Leadboard gives each appeal to one operator, by a lottery. What it needs for that:"
)
EVEN = 10
"""The weight that everybody begins with: there is room for less and for more."""
DEMO = "first.demo"
KEYS = {
    FirstStep.SOURCE: "first.source",
    FirstStep.OPERATOR: "first.operator",
    FirstStep.WEIGHTS: "first.weights",
    FirstStep.APPEAL: "first.appeal",
}
"""The id of the binding of each step."""
WORDS = {
    FirstStep.SOURCE: (_("Add a source"), _("where appeals come from")),
    FirstStep.OPERATOR: (_("Add an operator"), _("who answers them")),
    FirstStep.WEIGHTS: (_("Give weights"), _("how much each gets of what")),
    FirstStep.APPEAL: (_("Enter an appeal"), _("who gets it is drawn at once")),
}
"""What to do, and what it is about."""
LOOK_AROUND = (_("Look around first"), _("a busy demo, and back from there"))
MARGIN = 3
"""Cells for the mark before a key."""


@dataclass(frozen=True, slots=True)
class StepLine:
    """A line of the greeting; a click on it presses `key`, unless that is empty."""

    key: str
    content: Content


def lines_of(board: Board, keymap: Keymap, width: int, *, can_store: bool) -> Iterator[StepLine]:
    """Yield a line for each step, ticked or with its key, and one for the demo."""
    todo, offered = missing(board), possible(board) if can_store else frozenset()
    columns = _Columns(keymap, width)
    for step in FirstStep:
        words, about = WORDS[step]
        is_offered = step in offered
        if step not in todo:
            line = columns.line("✓", KEYS[step], words, _done(step, board), "done", is_offered)
        elif is_offered and step is todo[0]:
            line = columns.line("▸", KEYS[step], words, _next(step, about, keymap), "next", True)
        else:
            line = columns.line("", KEYS[step], words, about, "later", is_offered)
        yield line
    yield StepLine("", Content(""))
    yield columns.line("", DEMO, *LOOK_AROUND, "later", True)


def _next(step: FirstStep, about: str, keymap: Keymap) -> str:
    """Return what is said beside the step to do now."""
    if step is not FirstStep.WEIGHTS:
        return about
    key = key_label(keys_of("first.grid", keymap)[0])
    return _("{weight} to everybody, or {key} types them", weight=EVEN, key=key)


def _done(step: FirstStep, board: Board) -> str:
    """Return what a step that is done has brought."""
    if step is FirstStep.APPEAL:
        return ""
    if step is FirstStep.WEIGHTS:
        tables = board.weights.values()
        return ngettext("{n} weight", "{n} weights", sum(map(len, tables)))
    rows: Sequence[Any] = board.sources if step is FirstStep.SOURCE else board.operators
    return ", ".join(row.name for row in rows)


_STYLES = {
    "done": ("$text-success", "$quiet", "$quiet"),
    "next": ("$text-accent bold", "bold", ""),
    "later": ("", "", "$quiet"),
}
"""The styles of mark, words and remark by the state of a step."""


class _Columns:
    """The columns of the lines: a mark, a key, what to do, and a remark where there is room."""

    def __init__(self, keymap: Keymap, width: int) -> None:
        self._labels = {id: key_label(keys_of(id, keymap)[0]) for id in (*KEYS.values(), DEMO)}
        self._keymap = keymap
        self._width = width
        self._key = max(map(cell_len, self._labels.values())) + 2
        words = (each for each, _about in (*WORDS.values(), LOOK_AROUND))
        self._words = max(map(cell_len, words)) + 2

    def line(
        self, mark: str, id: str, words: str, remark: str, state: str, is_offered: bool
    ) -> StepLine:
        """Return a line; one that is not offered shows no key."""
        of_mark, of_words, of_remark = _STYLES[state]
        label = self._labels[id] if is_offered else ""
        room = max(0, self._width - MARGIN - self._key - self._words)
        # Names may be cut, but a few letters of a remark tell nothing.
        is_seen = state == "done" or cell_len(remark) <= room
        content = Content.assemble(
            (fit(f" {mark}", MARGIN), of_mark),
            (fit(label, self._key), "$text-accent bold"),
            (fit(words, self._words), of_words if is_offered else "$quiet"),
            (shortened(remark, room) if is_seen else "", of_remark),
        )
        return StepLine(keys_of(id, self._keymap)[0] if is_offered else "", content)
