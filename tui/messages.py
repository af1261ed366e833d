"""What panes tell the screen."""

from asyncio import Event
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from textual.message import Message

from leadboard.desk import Done


@dataclass(frozen=True, slots=True)
class Insistence:
    """What a yes does where an act is refused for lack of one, and the question's last words."""

    question: str
    act: Callable[..., Done[Any]]


class ActRequest(Message):
    """An act that a pane asks for: a function of `desk` and its arguments, all but the actor.

    `words` say what it does, where the function and its arguments do not.
    """

    def __init__(
        self,
        function: Callable[..., Done[Any]],
        *arguments: Any,
        insistence: Insistence | None = None,
        words: str = "",
    ) -> None:
        super().__init__()
        self.function = function
        self.arguments = arguments
        self.insistence = insistence
        self.words = words


class Acted(Message):
    """Something was stored: what is on show must be read again, and `note` says what it was."""

    def __init__(self, note: str) -> None:
        super().__init__()
        self.note = note


class Failed(Message):
    """Something was refused or could not be stored; `sentence` says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self.sentence = sentence


class Posted(Message):
    """Follows what a pane has posted: when it comes to the screen, all of that has come."""

    def __init__(self, has_come: Event) -> None:
        super().__init__()
        self.has_come = has_come
