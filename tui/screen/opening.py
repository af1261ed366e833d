"""What opens over the desk: history, alarms, statistics, triage, help, and ways to go by name."""

from textual import on
from textual.dom import DOMNode

from leadboard.common.language import _
from tui.messages import JumpWanted
from tui.screen.navigating import NavigatingScreen


class OpeningScreen(NavigatingScreen):
    """A screen over which sheets open, each loaded when it is first asked for."""

    def action_history(self) -> None:
        """Show every recorded act."""
        from tui.dialogs.history import History

        self.app.push_screen(History())

    def action_alarms(self) -> None:
        """Show all alarms."""
        from tui.dialogs.alarms import Alarms

        self.app.push_screen(Alarms())

    def action_statistics(self) -> None:
        """Show the statistics."""
        from tui.dialogs.statistics import StatisticsSheet

        self.app.push_screen(StatisticsSheet())

    def action_triage(self) -> None:
        """Place one waiting appeal after another."""
        from tui.dialogs.triage import Triage

        self.app.push_screen(Triage())

    @on(JumpWanted)
    def ask_source(self) -> None:
        """Ask for a source by name."""
        from textual.command import CommandPalette

        from tui.finder import SourceFinder

        palette = CommandPalette(providers=[SourceFinder], placeholder=_("Go to source…"))
        self.app.push_screen(palette)

    def action_help(self) -> None:
        """Show the help of the focused pane."""
        from tui.dialogs.help import Help

        title = str(self.widget_of(self.pane).border_title) if self.pane else "Leadboard"
        text = next((node.HELP for node in self._focus_path() if node.HELP), "")
        text = self.desk_app.with_keys(text)
        self.app.push_screen(Help(title, text, self.active_bindings.values()))

    def _focus_path(self) -> list[DOMNode]:
        return self.focused.ancestors_with_self if self.focused else [self]

    def action_palette(self) -> None:
        """Open the command palette."""
        self.app.action_command_palette()
