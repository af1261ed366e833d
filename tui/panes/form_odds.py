"""The lines of the form that say who would get the next appeal of the source."""

from collections.abc import Sequence

from rich.cells import cell_len
from textual.content import Content

from leadboard.common.language import _, ngettext
from leadboard.entities import SourceRow
from leadboard.queries.board import Board
from leadboard.queries.odds import Standing, standings
from tui.widgets.cells import shortened
from tui.widgets.figures import note_of
from tui.widgets.lines import Lines

FIRST = _("next:") + " "
FURTHER = " " * cell_len(FIRST)
SHORTEST = 4
"""Cells of a name that are left of it even where its line is too short for it."""


class Odds(Lines):
    """Who would get the next appeal, the likeliest first."""

    _standing: Sequence[Standing] | None = None

    def follow(self, board: Board, source: SourceRow | None) -> None:
        """Take the odds of a source from the board; without a source there are none."""
        found = None if source is None else standings(board, source.id).values()
        self._standing = (
            None if found is None else sorted(found, key=lambda e: (-e.share, e.operator.id))
        )

    def lines(self, width: int, most: int) -> list[Content]:
        """Return the odds in as many lines as they take."""
        if self._standing is None:
            return []
        return [Content(line) for line in odds_lines(self._standing, width, most)]


def odds_lines(standing: Sequence[Standing], width: int, most: int) -> list[str]:
    """Return `next: Anna 58% · Boris 42% · Vera full` in at most `most` lines of `width` cells.

    No name is split between two lines; operators for whom there is no room are counted.
    """
    if not standing:
        return [FIRST + _("nobody serves this source")]
    lines = [FIRST]
    for place, each in enumerate(standing):
        left = len(standing) - place - 1
        # On the last line there must be room to say how many are not on it.
        room = width - (cell_len(_more(left)) if len(lines) == most else 0)
        separator = " · " if place else ""
        joined = f"{lines[-1]}{separator}{each.operator.name} {note_of(each)}"
        if cell_len(joined) <= room:
            lines[-1] = joined
        elif not place:
            lines[-1] += _item(each, room - len(FIRST))
        elif len(lines) < most:
            room = width - (cell_len(_more(left)) if len(lines) + 1 == most else 0)
            lines.append(FURTHER + _item(each, room - len(FURTHER)))
        else:
            lines[-1] += _more(left + 1)
            break
    return lines


def _item(each: Standing, width: int) -> str:
    note = note_of(each)
    return f"{shortened(each.operator.name, max(SHORTEST, width - len(note) - 1))} {note}"


def _more(count: int) -> str:
    return " · " + ngettext("{n} more", "{n} more", count) if count else ""
