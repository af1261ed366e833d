"""Saving what is shown, beside the screen's own thread."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from leadboard.common.errors import Refused, Trouble
from leadboard.common.language import _, ngettext
from tui.screen.acting import ActingScreen
from tui.widgets.figures import grouped
from tui.worker import Lane

if TYPE_CHECKING:
    from leadboard.transfer.list_export import Shown
    from tui.export import Saving

LAST_WAIT = 2.0
"""Seconds to wait on leaving until an unfinished file is removed."""

Read = Callable[[], "Shown"]


class SavingScreen(ActingScreen):
    """A screen whose lists and picture can be saved, one at a time."""

    _saver: Lane | None = None
    _saving: "Saving | None" = None

    def to_save(self) -> tuple[str, Read] | None:
        """Return the name of the focused list and how to read it, None if nothing can be saved."""
        raise NotImplementedError

    def export_rows(self) -> None:
        """Write everything that the focused list shows to a CSV file."""
        found = self.to_save()
        if found is None:
            self.say(_("There is nothing here to save."), is_bad=True)
        elif self._saving is not None:
            self.say(_("Another list is being saved: wait until it is done."), is_bad=True)
        else:
            self._begin(*found)

    def _begin(self, name: str, read: Read) -> None:
        from tui.export import Saving

        self.say(_("Saving…"))
        self._saving = Saving(name, read, self._tell)
        # A thread of its own, made on first use: a long list must not hold up searches or counts.
        self._saver = self._saver or Lane("saver", is_for_reading=True)
        self.run_worker(self._finish(self._saving, self._saver), group="save", exit_on_error=False)

    def _tell(self, rows: int) -> None:
        """Report progress, called from another thread."""
        words = ngettext(
            "Saving… {count} row so far", "Saving… {count} rows so far", rows, count=grouped(rows)
        )
        # call_later only posts a message, which Textual allows from any thread.
        self.app.call_later(self.say, words)

    async def _finish(self, saving: "Saving", saver: Lane) -> None:
        try:
            target = await saver.do(saving.run)
        except (Refused, Trouble) as trouble:
            self.say(_("Nothing was saved: {why}", why=trouble), is_bad=True)
        else:
            self.say(_saved(saving.rows, target))
        finally:
            self._saving = None

    def on_unmount(self) -> None:
        """Leave no unfinished file behind."""
        if self._saving is not None:
            self._saving.stop(LAST_WAIT)

    def export_picture(self) -> None:
        """Write the screen to an SVG file."""
        from tui.export import save_text

        try:
            saved = save_text("screen", "svg", self.app.export_screenshot())
        except (Refused, Trouble) as trouble:
            self.say(_("Nothing was saved: {why}", why=trouble), is_bad=True)
        else:
            self.say(_("Saved as {file}", file=saved))


def _saved(rows: int, target: object) -> str:
    return ngettext(
        "{count} row saved as {file}",
        "{count} rows saved as {file}",
        rows,
        count=grouped(rows),
        file=target,
    )
