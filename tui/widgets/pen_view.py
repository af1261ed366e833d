"""A view painted line by line, with pens mixed from the theme."""

from collections.abc import Mapping
from functools import lru_cache
from typing import ClassVar

from rich.color import Color as RichColor
from rich.style import Style
from textual.color import Color
from textual.geometry import Region
from textual.scroll_view import ScrollView

TONES: Mapping[str, str] = {
    "dim": "quiet",
    "rail": "frame",
    "head": "foreground",
    "soft": "foreground",
    "good": "text-success",
    "warn": "text-warning",
    "bad": "text-error",
    "accent": "text-accent",
}
"""The colour of the theme for each tone of ink."""
BOLD = {"head", "bad"}


class PenView(ScrollView):
    """A scrolling view drawn with pens: one for each tone, on two backgrounds.

    The theme decides on the tones, and the style sheet on the backgrounds. The tones are no
    component classes: Textual would work out the style of each one whenever the focus moves.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"line--cursor"}
    DEFAULT_CSS = """
    PenView {
        scrollbar-size: 0 1;
        & > .line--cursor { background: $cursor-blurred; }
        &:focus > .line--cursor { background: $cursor; text-style: bold; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._pens: dict[tuple[str, bool], Style] = {}

    def pen(self, name: str = "", *, is_cursor: bool = False) -> Style:
        """Return the style for a part of a line, on the background of the cursor or the list."""
        # Asked for every segment of every line, and mixing a style is slow beside a look-up.
        pen = self._pens.get((name, is_cursor))
        if pen is None:
            pen = self._pens[name, is_cursor] = self._mix(name, is_cursor)
        return pen

    def _mix(self, name: str, is_cursor: bool) -> Style:
        ground = self.get_component_rich_style("line--cursor") if is_cursor else self.rich_style
        if not name:
            return ground
        if is_cursor and name == "dim":
            name = "head"  # dim is hard to read on the cursor's background
        ink = Color.parse(self.app.theme_variables[TONES[name]]).rich_color
        return _on(ground, ink, name in BOLD)

    def refresh_line_at(self, y: int) -> None:
        """Paint line `y` of the widget again."""
        if 0 <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    def notify_style_update(self) -> None:
        """Paint everything again after a change of theme or focus."""
        super().notify_style_update()
        self._pens.clear()
        self.refresh()


@lru_cache(256)
def _on(ground: Style, ink: RichColor, is_bold: bool) -> Style:
    """Return `ground` with another colour of ink, bold if it was or has to be."""
    return ground + Style(color=ink, bold=is_bold or ground.bold)
