"""Painting only what a change touches."""

from typing import Any

from textual._compositor import Compositor
from textual.geometry import Region
from textual.widget import Widget


class Painter(Compositor):
    """Textual's compositor, without the widgets and the lines outside the region to paint.

    Textual 8.2 draws every widget whose container overlaps that region, and all of its lines. On
    the desk that is many times as much as a moving cursor touches. Nothing depends on this class:
    if a later Textual renames these methods, it paints as it would without them.
    """

    _painted: Region | None = None

    def _render_chops(self, crop: Region, *rest: Any) -> Any:
        # Textual computes the cuts from visible_widgets and caches them: they must come from all
        # widgets, not from those of one region.
        _ = self.cuts
        self._painted = crop
        try:
            return super()._render_chops(crop, *rest)
        finally:
            self._painted = None

    @property
    def visible_widgets(self) -> dict[Widget, tuple[Region, Region]]:
        """Return the visible widgets; while a region is painted, only those that overlap it.

        Of these no more can be seen then than the lines of the region, so that no others are drawn.
        """
        widgets = super().visible_widgets
        if self._painted is None:
            return widgets
        reaches = self._painted.overlaps
        _, y, _, height = self._painted
        return {
            widget: (region, clip.intersection(Region(clip.x, y, clip.width, height)))
            for widget, (region, clip) in widgets.items()
            if reaches(region)
        }
