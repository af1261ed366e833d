"""A factor for the weights of a source or of an operator."""

from collections.abc import Callable
from functools import partial
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input

from leadboard.common.language import _, pgettext
from leadboard.common.text import clean
from leadboard.desk import Done
from tui.dialogs.base import ActDialog, Bottom, labelled, width_of

_TIMES = pgettext("factor", "Times")


class Factor(ActDialog):
    """One field: what is typed is passed to the act, which refuses what is no factor."""

    def __init__(self, title: str, act: Callable[..., Done[Any]]) -> None:
        super().__init__()
        self._title = title
        self._act = act

    def compose(self) -> ComposeResult:
        """Lay out the field above the reason for a refusal and the keys."""
        with Vertical(classes="dialog") as box:
            box.border_title = Content(clean(self._title))
            with Horizontal(classes="field"):
                yield labelled(_TIMES, width_of([_TIMES]))
                yield Input(placeholder=_("0.5, 1/2 or 150%"), compact=True)
            yield Bottom(_("enter saves · esc cancels"))

    @on(Input.Submitted)
    def scale(self, event: Input.Submitted) -> None:
        """Multiply the weights."""
        self.perform(partial(self._act, event.value))
