"""Painting what a change touches, and nothing beside it."""

from typing import Any

from textual._compositor import Compositor
from textual.geometry import Region
from textual.widget import Widget


class Painter(Compositor):
    """Textual's compositor, but for widgets that lie outside of the region to paint.

    Textual 8.2 draws every widget whose container reaches into that region, which on the desk is
    three times as many as are touched by a cursor that moves. Nothing here is relied upon: where a
    later Textual calls these by other names, it simply paints as it would have.
    """

    _painted: Region | None = None

    def _render_chops(self, crop: Region, *rest: Any) -> Any:
        _ = self.cuts  # worked out from all widgets, and kept
        self._painted = crop
        try:
            return super()._render_chops(crop, *rest)
        finally:
            self._painted = None

    @property
    def visible_widgets(self) -> dict[Widget, tuple[Region, Region]]:
        """Return the widgets on show; while a region is painted, those that reach into it."""
        widgets = super().visible_widgets
        if self._painted is None:
            return widgets
        reaches = self._painted.overlaps
        return {widget: place for widget, place in widgets.items() if reaches(place[0])}
