"""The act that applies the draft, which tells the desk how that ended."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from textual.message_pump import MessagePump

from leadboard import desk
from tui.messages import DraftApplied

if TYPE_CHECKING:
    from leadboard.foresight.draft import TeamDraft


class Applying:
    """Applies a draft on the writer thread; with `force` over what others have changed."""

    def __init__(self, screen: MessagePump, draft: "TeamDraft", *, force: bool = False) -> None:
        self._screen = screen
        self._draft = draft
        self._force = force

    def __call__(self, *, actor: str) -> "desk.Done[Mapping[int, int]]":
        """Apply it; raises what the act raises."""
        is_done = False
        try:
            done = desk.apply_draft(self._draft, force=self._force, actor=actor)
            is_done = True
            return done
        finally:
            # From the thread of the writer: a message may be posted from any.
            self._screen.post_message(DraftApplied(self._draft, is_done))
