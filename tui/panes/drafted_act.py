"""What a dialog does while a draft is on: the draft takes it instead of the database."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from leadboard.common.language import _
from leadboard.desk import Done
from leadboard.desk.draft_edits import edited
from tui.messages import DraftEdit

if TYPE_CHECKING:
    from tui.panes.team import TeamPane


class DraftedAct:
    """Stands for an act: refuses what it would refuse, and hands the rest to the draft."""

    def __init__(self, pane: "TeamPane", act: Callable[..., Done[Any]]) -> None:
        self._pane = pane
        self._act = act

    def __call__(self, *arguments: Any, actor: str, **options: Any) -> Done[None]:
        """Try it on the draft, which raises Refused, and ask the desk to take it."""
        from leadboard.foresight.draft import TeamDraft

        edited(self._pane.draft or TeamDraft(), self._pane.board, self._act, *arguments, **options)
        self._pane.post_message(DraftEdit(self._act, arguments, options))
        return Done(_("In the draft"), None, None)
