"""What a border says: remarks on one line, of which the least needed give way."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual.content import Content
from textual.geometry import Region
from textual.widget import Widget

from tui.widgets.cells import shortened

BETWEEN = " · "
FRAME = 6
"""Cells of a border's line that its text cannot use."""


@dataclass(frozen=True, slots=True)
class Remark:
    """A part of what a border says, and its shorter form for less room."""

    text: str
    gives_way: int = 0
    """The greater, the sooner the remark makes room for others."""
    shorter: "Remark | None" = None


def cut(before: str, words: str, width: int, after: str = "", *, gives_way: int = 0) -> Remark:
    """Return a remark with the words cut to at most `width` cells."""
    return Remark(f"{before}{shortened(words, width)}{after}", gives_way)


def fitted(remarks: Sequence[Remark], width: int) -> str:
    """Return the remarks on one line of at most `width` cells, the most needed in full."""
    parts = list(remarks)
    while cell_len(line := BETWEEN.join(part.text for part in parts)) > width:
        place = max(range(len(parts)), key=lambda place: (parts[place].gives_way, place))
        shorter = parts[place].shorter
        if shorter is None and len(parts) == 1:
            return shortened(line, width)
        parts[place : place + 1] = [shorter] if shorter else []
    return line


def write_below(widget: Widget, remarks: Sequence[Remark]) -> None:
    """Write as much of the remarks into the lower border of a widget as there is room for."""
    said = fitted(remarks, max(0, widget.outer_size.width - FRAME))
    shown = widget._border_subtitle
    if shown is not None and shown.plain == said:
        return
    # Not border_subtitle, which would paint every line again on each step of scrolling.
    widget._border_subtitle = Content(said)
    (width, height), (left, top) = widget.outer_size, widget.content_offset
    widget.refresh(Region(-left, height - 1 - top, width, 1))
