"""The desk's own look: two themes of one accent and three states on calm grounds.

Every text reaches a contrast of 4.5 to 1 on each ground it stands on, frames without the focus 3.
"""

import os

from textual.constants import DEFAULT_THEME
from textual.theme import BUILTIN_THEMES, Theme

DARK, LIGHT = "leadboard-dark", "leadboard-light"


def _theme(
    name: str,
    *,
    dark: bool,
    grounds: tuple[str, str, str],
    cursor: tuple[str, str],
    ink: str,
    quiet: str,
    frame: str,
    accent: str,
    states: tuple[str, str, str],
) -> Theme:
    """Return a theme.

    The grounds are those of the desk, of dialogs and fields, and of the lines at top and bottom;
    the cursor's are those with the focus and without it; the states are good, warn and bad.
    """
    background, surface, panel = grounds
    focused, blurred = cursor
    good, warn, bad = states
    return Theme(
        name,
        primary=accent,
        accent=accent,
        success=good,
        warning=warn,
        error=bad,
        foreground=ink,
        background=background,
        surface=surface,
        panel=panel,
        dark=dark,
        variables={
            "quiet": quiet,
            "frame": frame,
            "cursor": focused,
            "cursor-blurred": blurred,
            "boost": blurred,
            # Textual would mix these with black or white, which takes them from their meaning.
            "text-primary": accent,
            "text-accent": accent,
            "text-success": good,
            "text-warning": warn,
            "text-error": bad,
            "text-muted": quiet,
            "text-disabled": quiet,
            "block-cursor-background": focused,
            "block-cursor-foreground": ink,
            "block-cursor-blurred-background": focused,
            "block-hover-background": blurred,
            "input-selection-background": focused,
            "screen-selection-background": focused,
            "scrollbar": frame,
            "scrollbar-hover": quiet,
            "scrollbar-active": accent,
            "scrollbar-background": background,
        },
    )


OWN = {
    each.name: each
    for each in (
        _theme(
            DARK,
            dark=True,
            grounds=("#15181e", "#1c2028", "#222731"),
            cursor=("#283a55", "#252b36"),
            ink="#d9dde4",
            quiet="#9ba5b4",
            frame="#606b7b",
            accent="#7fb2ff",
            states=("#7cc796", "#e3b15c", "#ff8a8a"),
        ),
        _theme(
            LIGHT,
            dark=False,
            grounds=("#f6f7f9", "#ffffff", "#e9ecf1"),
            cursor=("#cfe0f7", "#e4e8ee"),
            ink="#20252e",
            quiet="#565f6d",
            frame="#848e9c",
            accent="#0a56a8",
            states=("#16693c", "#7a4f00", "#b01e28"),
        ),
    )
}
"""The themes by name."""


def first(chosen: str) -> str:
    """Return the name of the theme to start with: TEXTUAL_THEME, or the one of the settings."""
    if "TEXTUAL_THEME" in os.environ:
        return DEFAULT_THEME
    # Versions of Textual differ in their themes.
    return chosen if chosen in {*BUILTIN_THEMES, *OWN} else DARK


def supplement(theme: Theme) -> dict[str, str]:
    """Return the colours that the style sheet needs and themes of others do not have."""
    if theme.ansi:
        return {
            "quiet": "ansi_default",
            "frame": "ansi_bright_black",
            "cursor": "ansi_magenta 40%",
            "cursor-blurred": "transparent",
        }
    return {
        "quiet": "#a8a8a8" if theme.dark else "#505050",
        "frame": "#787878",
        "cursor": f"{theme.primary} 40%",
        "cursor-blurred": "#808080 20%",
    }
