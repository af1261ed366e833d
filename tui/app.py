"""The application: its theme, its commands, and the second filter for untrusted text."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar

from rich.text import Text
from textual.app import App, SystemCommand
from textual.binding import Binding
from textual.command import CommandPalette, Provider
from textual.driver import Driver
from textual.filter import LineFilter
from textual.reactive import Initialize, Reactive
from textual.screen import Screen
from textual.theme import Theme, ThemeProvider

from leadboard.common.crashlog import surprise
from leadboard.common.errors import Refused
from leadboard.common.language import _, ngettext
from leadboard.common.os_reasons import reason_of
from leadboard.common.settings import DEFAULTS, Settings, fault, quoted
from tui import themes
from tui.base import DeskApp
from tui.keys import key_label
from tui.line_filter import gate_after
from tui.screen.desk import DeskScreen


def _acts() -> type[Provider]:
    from tui.palette import ActProvider  # only once the palette is opened

    return ActProvider


def _places() -> type[Provider]:
    from tui.finder import Finder

    return Finder


def _first_theme(app: Any) -> str:
    return str(app.first_theme)


def _first_of(faults: Sequence[str]) -> str:
    """Return the first of some sentences, and how many more there are."""
    first, *rest = faults
    if not rest:
        return first
    return ngettext(
        "{first} And {n} more: leadboard config.",
        "{first} And {n} more: leadboard config.",
        len(rest),
        first=first,
    )


class LeadboardApp(DeskApp):
    """The desk for one dispatcher, on the database that is open."""

    TITLE = "Leadboard"
    CSS_PATH = "app.tcss"
    # Without those of Textual, which would mix the commands below with the acts.
    COMMANDS: ClassVar[set[Any]] = {_acts, _places}
    ENABLE_COMMAND_PALETTE = True

    # Known before anything is styled: a theme set later would have everything styled twice.
    theme: Reactive[str] = Reactive(Initialize(_first_theme))

    def __init__(
        self,
        *,
        actor: str = "dispatcher",
        title: str | None = None,
        settings: Settings = DEFAULTS,
        is_demo: bool = False,
    ) -> None:
        self.is_demo = is_demo
        self.first_theme = themes.first(settings.theme)
        self.desk_screen = DeskScreen(title or "")
        super().__init__(self.desk_screen, actor, settings)
        self.faults = [*settings.faults, *self._map_keys(), *self._unknown_theme()]
        """What is wrong with the settings."""

    def _map_keys(self) -> Sequence[str]:
        """Map the keys of the settings, and return what is wrong with them."""
        if not self.settings.keys:
            return ()
        from tui.keymap import keymap_of  # which loads every dialog

        keymap, faults = keymap_of(self.settings.keys)
        self.set_keymap(keymap)
        return faults

    def _unknown_theme(self) -> Iterator[str]:
        # Versions of Textual differ in their themes.
        if (theme := self.settings.theme) and theme not in self.available_themes:
            yield fault(
                "theme", _("names no theme: {theme} is not known here", theme=quoted(theme))
            )

    def on_mount(self) -> None:
        """Remember the next theme chosen."""
        self.theme_changed_signal.subscribe(self, self._remember)
        self.app_resume_signal.subscribe(self, self._repaint)

    @property
    def available_themes(self) -> dict[str, Theme]:
        """Return the desk's own themes beside those of Textual."""
        return {**super().available_themes, **themes.OWN}

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Return the colours that only the desk's own themes have."""
        return themes.supplement(self.current_theme)

    async def open_keys(self) -> None:
        """Let keys through; the desk is open now and can say what is wrong with the settings."""
        if self.faults:
            self.desk_screen.say(_first_of(self.faults), is_bad=True)
        await super().open_keys()

    def _remember(self, theme: Theme) -> None:
        from leadboard.common.settings import remember_theme
        from leadboard.common.settings_file import path

        try:
            remember_theme(theme.name)
        except OSError as error:
            self._say_forgotten(reason_of(error))
        except Refused as refusal:
            self._say_forgotten(f"{path().name}: {refusal}")

    def _say_forgotten(self, why: str) -> None:
        sentence = _("The theme cannot be remembered: {why}.", why=why)
        self.desk_screen.say(sentence, is_bad=True)

    def _repaint(self, _app: App[None]) -> None:
        """Paint everything: while the program was stopped, the terminal showed something else."""
        self.refresh(layout=True)

    def get_default_screen(self) -> Screen[None]:
        """Start with the desk."""
        return self.desk_screen

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return the gate behind all filters, so that nothing is painted past it."""
        return [gate_after(*super().get_line_filters())]

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Offer the theme and saving beside the acts."""
        yield SystemCommand(_("Theme"), _("Choose the colours"), self.action_change_theme)
        desk = self.desk_screen
        if desk.has_first_steps:
            yield SystemCommand(_("First steps"), _("What is still missing"), desk.open_first_steps)
        if self.is_demo:
            yield SystemCommand(_("Open my own database"), _("The demo ends"), desk.action_own)
            yield SystemCommand(_("Take the tour"), _("What the desk can do"), desk.action_tour)
        if desk.to_save() is not None:
            yield SystemCommand(
                _("Save as CSV"), _("Everything the focused list shows"), desk.export_rows
            )
        yield SystemCommand(_("Save as picture"), _("The screen as SVG"), desk.export_picture)

    def action_command_palette(self) -> None:
        """Open the palette, saying what it finds."""
        if not isinstance(self.screen, CommandPalette):
            from tui.palette import Palette

            what = _("Search for commands, operators, sources, leads, #12…")
            self.push_screen(Palette(placeholder=what, id="--command-palette"))

    def search_themes(self) -> None:
        """Open the palette of themes."""
        from tui.palette import Palette

        self.push_screen(Palette(providers=[ThemeProvider], placeholder=_("Search for themes…")))

    def get_key_display(self, binding: Binding) -> str:
        """Show keys everywhere as the help and the README write them."""
        return key_label(binding.key)

    def _fatal_error(self) -> None:
        """End with a sentence: Textual's own report shows local variables, and so people's data."""
        error = self._exception
        self.panic(Text(surprise(error) if error else _("Something failed that never should.")))

    async def action_quit(self) -> None:
        """Quit as `q` does, from anywhere: ask first about anything unsaved."""
        self.desk_screen.action_quit()

    def action_help_quit(self) -> None:
        """Say how to quit when ctrl+c is pressed with nothing selected."""
        self.desk_screen.say(self.with_keys(_("Press {desk.quit} to quit.")))

    def entitle(self, title: str) -> None:
        """Give the terminal a title."""
        entitle = getattr(self._driver, "entitle", None)
        if entitle is not None:
            entitle(title)

    def get_driver_class(self) -> type[Driver]:
        """Return the desk's own driver on a POSIX terminal, Textual's choice elsewhere."""
        usual = super().get_driver_class()
        # Compared by name: importing that driver imports termios, which Windows does not have.
        if usual.__name__ != "LinuxDriver":
            return usual
        from tui.driver import DeskDriver

        return DeskDriver
