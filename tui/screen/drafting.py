"""The draft of the desk: begun, changed, taken back step by step, applied or discarded."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from textual import on
from textual.reactive import reactive

from leadboard.common.errors import Refused
from leadboard.common.language import _
from leadboard.queries.board import Board
from tui.messages import (
    ActRequest,
    ApplyWanted,
    DraftApplied,
    DraftEdit,
    DraftWanted,
    Insistence,
    ReplayWanted,
)
from tui.screen.navigating import NavigatingScreen

if TYPE_CHECKING:
    from collections.abc import Callable

    from leadboard.foresight.draft import TeamDraft

BEGUN = _(
    "A draft: changes of the team go nowhere until {draft.apply} applies them. "
    "{draft.replay} replays the past with them, {draft.begin} ends it"
)
BEING_APPLIED = _("The draft is being applied: wait until that is done.")
_NOTHING_TO_UNDO = _("There is nothing to undo in the draft.")
_NOTHING_TO_REDO = _("There is nothing to redo in the draft.")


class DraftingScreen(NavigatingScreen):
    """A screen on which the team can be changed in a draft before it is changed."""

    draft: "reactive[TeamDraft | None]" = reactive(None, init=False)
    """The draft, None while the keys change the team itself."""
    team_board: reactive[Board] = reactive(Board)
    """The board with the draft applied: what the panes of the team show."""

    def __init__(self, *, classes: str) -> None:
        super().__init__(classes=classes)
        self._earlier: list[TeamDraft] = []
        self._later: list[TeamDraft] = []
        self._is_applying = False

    def watch_board(self, board: Board) -> None:
        """Keep the draft while others change the team."""
        self._show_team()

    def watch_draft(self) -> None:
        """Show the team under the draft."""
        self._show_team()

    def _show_team(self) -> None:
        if self.draft is None or not self.draft.size:
            self.team_board = self.board
            return
        from leadboard.queries.drafted import drafted

        self.team_board = drafted(self.board, self.draft)

    # Changes.

    def takes_draft(self, message: ActRequest) -> bool:
        """Let the draft take an act on the team; return False for all other acts."""
        if self.draft is None:
            return False
        from leadboard.desk.draft_edits import EDITS

        if getattr(message.function, "__self__", None) or message.function not in EDITS:
            return False
        self._edit(message.function, message.arguments, {})
        return True

    @on(DraftEdit)
    def take_edit(self, message: DraftEdit) -> None:
        """Let the draft take what a dialog asks for."""
        if self.draft is not None:
            self._edit(message.function, message.arguments, message.options)

    def _edit(
        self, act: "Callable[..., Any]", arguments: Sequence[Any], options: Mapping[str, Any]
    ) -> None:
        from leadboard.desk.draft_edits import edited

        assert self.draft is not None, "only a draft is edited"
        if self._is_applying:
            self.say(BEING_APPLIED, is_bad=True)
            return
        try:
            changed = edited(self.draft, self.team_board, act, *arguments, **options)
        except Refused as refusal:
            self.say(str(refusal), is_bad=True)
            return
        self._earlier.append(self.draft)
        self._later.clear()
        self._put(changed)

    def _put(self, draft: "TeamDraft") -> None:
        from leadboard.desk.drafting import draft_words

        self.draft = draft
        words = draft_words(draft)
        self.say(_("Draft: {changes}", changes=words) if words else _("Draft: nothing changed"))

    def takes_back(self, step: int) -> bool:
        """Take the last change of the draft back, or do it again; return False elsewhere."""
        if self.draft is None or self.pane is None or self.pane.row != "team":
            return False
        source, target = (self._earlier, self._later) if step < 0 else (self._later, self._earlier)
        if not source:
            self.say(_NOTHING_TO_UNDO if step < 0 else _NOTHING_TO_REDO, is_bad=True)
        else:
            target.append(self.draft)
            self._put(source.pop())
        return True

    # Beginning and ending.

    @on(DraftWanted)
    def begin_or_end(self) -> None:
        """Begin a draft; end one that changes nothing, and ask about any other."""
        if self.draft is None:
            from leadboard.foresight.draft import TeamDraft

            self.draft = TeamDraft()
            self.say(self.desk_app.with_keys(BEGUN))
        elif not self.draft.size:
            self.end_draft()
            self.say(_("The draft is over; it changed nothing"))
        else:
            self._ask_whether_to_end(self.draft)

    def _ask_whether_to_end(self, draft: "TeamDraft") -> None:
        from leadboard.desk.drafting import draft_words
        from tui.dialogs.draft import DraftEnding

        self.app.push_screen(DraftEnding(draft_words(draft)), self._answered)

    def _answered(self, is_discarded: bool | None) -> None:
        if not is_discarded:
            return
        if self._is_applying:
            self.say(BEING_APPLIED, is_bad=True)
            return
        self.end_draft()
        self.say(_("The draft is discarded"))

    def end_draft(self) -> None:
        """Show the team as it is again."""
        self._earlier.clear()
        self._later.clear()
        self.draft = None

    @on(ApplyWanted)
    def apply_draft(self) -> None:
        """Apply the draft as one act; if others have changed the same, ask first."""
        from tui.screen.applying import Applying

        if (draft := self.draft) is None or self._is_applying:
            return
        if not draft.size:
            self.say(_("The draft changes nothing yet."), is_bad=True)
            return
        self._is_applying = True
        asked = Insistence(_("Apply the draft anyway?"), Applying(self, draft, force=True))
        self.post_message(
            ActRequest(Applying(self, draft), insistence=asked, words=_("the draft applied"))
        )

    @on(DraftApplied)
    def has_applied(self, message: DraftApplied) -> None:
        """End the draft once it is stored; else it stays as it was."""
        self._is_applying = False
        # An act that is repeated applies the draft as it was then: what came later would be lost.
        if message.is_done and message.draft is self.draft:
            self.end_draft()

    @on(ReplayWanted)
    def replay_past(self) -> None:
        """Replay the past under the draft."""
        if (draft := self.draft) is None:
            return
        from tui.dialogs.whatif import WhatIf

        self.app.push_screen(WhatIf(draft, self.team_board.operators))
