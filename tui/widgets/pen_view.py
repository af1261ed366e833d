"""A view painted line by line, with pens mixed from the theme."""

from functools import lru_cache
from typing import ClassVar

from rich.style import Style
from textual.geometry import Region
from textual.scroll_view import ScrollView


class PenView(ScrollView):
    """A scrolling view drawn with pens: one for each tone, on two backgrounds.

    The tones are component classes, so the theme and the style sheet decide on them.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "line--cursor",
        "line--dim",
        "line--rail",
        "line--head",
        "line--soft",
        "line--good",
        "line--warn",
        "line--bad",
        "line--accent",
    }
    DEFAULT_CSS = """
    PenView {
        scrollbar-size: 0 1;
        & > .line--cursor { background: $cursor-blurred; }
        &:focus > .line--cursor { background: $cursor; text-style: bold; }
        & > .line--dim { color: $quiet; }
        & > .line--rail { color: $frame; }
        & > .line--head { color: $foreground; text-style: bold; }
        & > .line--soft { color: $foreground; }
        & > .line--good { color: $text-success; }
        & > .line--warn { color: $text-warning; }
        & > .line--bad { color: $text-error; text-style: bold; }
        & > .line--accent { color: $text-accent; }
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
        return _on(ground, self.get_component_rich_style(f"line--{name}"))

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
def _on(ground: Style, ink: Style) -> Style:
    """Return `ground` with the colour and weight of `ink`, but not the background of `ink`."""
    return ground + Style(color=ink.color, bold=ink.bold or ground.bold)
