"""Messages from the panes to the screen."""

from asyncio import Event
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual.message import Message

from leadboard.queries.terms import AppealFilter

if TYPE_CHECKING:
    from leadboard.desk import Done
    from leadboard.foresight.draft import TeamDraft


@dataclass(frozen=True, slots=True)
class Insistence:
    """The act to run if the user confirms a refused one, and the end of the question."""

    question: str
    act: "Callable[..., Done[Any]]"


class ActRequest(Message):
    """An act that a pane asks for: a function of `desk` and its arguments without the actor.

    `words` say what it does, if the function and its arguments do not.
    """

    def __init__(
        self,
        function: "Callable[..., Done[Any]]",
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
    """Something was stored, described by `note`: what is shown must be read again."""

    def __init__(self, note: str) -> None:
        super().__init__()
        self.note = note


class Failed(Message):
    """Something was refused or could not be stored; `sentence` says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self.sentence = sentence


class DraftEdit(Message):
    """Asks to do in the draft what an act would do, with its arguments and without the actor."""

    def __init__(
        self,
        function: "Callable[..., Done[Any]]",
        arguments: Sequence[Any],
        options: Mapping[str, Any],
    ) -> None:
        super().__init__()
        self.function = function
        self.arguments = arguments
        self.options = options


class DraftWanted(Message):
    """Asks to begin a draft, or to end the one that there is."""


class DraftApplied(Message):
    """A draft was to be applied; `is_done` says whether it is stored."""

    def __init__(self, draft: "TeamDraft", is_done: bool) -> None:
        super().__init__()
        self.draft = draft
        self.is_done = is_done


class ApplyWanted(Message):
    """Asks to apply the draft."""


class ReplayWanted(Message):
    """Asks to replay the past under the draft."""


class AppealsWanted(Message):
    """Asks to show some appeals: those that `wanted` finds, named in words.

    `what` comes before the `name` of whose they are; without a name it is one of the usual lists.
    """

    def __init__(self, wanted: AppealFilter, what: str = "", name: str = "") -> None:
        super().__init__()
        self.wanted = wanted
        self.what = what
        self.name = name


class JumpWanted(Message):
    """Asks for the name of a source, to go to its column in the grid."""


class SourceWanted(Message):
    """Asks to go to the column of a source in the grid."""

    def __init__(self, source_id: int) -> None:
        super().__init__()
        self.source_id = source_id


class TextEntered(Message):
    """Enter was pressed in a field of several lines."""


class Posted(Message):
    """Posted last by a pane: once it reaches the screen, all earlier messages have."""

    def __init__(self, has_come: Event) -> None:
        super().__init__()
        self.has_come = has_come
