"""Waiting for a pause between keys before something is read."""

from collections.abc import Callable

from textual.timer import Timer
from textual.widget import Widget


class Pause:
    """Runs a function once nothing has asked for it for some seconds."""

    def __init__(self, widget: Widget, seconds: float, then: Callable[[], None]) -> None:
        self._widget = widget
        self._seconds = seconds
        self._then = then
        self._timer: Timer | None = None

    def restart(self) -> None:
        """Run the function after the pause, which begins now."""
        self.stop()
        self._timer = self._widget.set_timer(self._seconds, self._then)

    def stop(self) -> None:
        """Run nothing."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
