"""What the desk remembers between runs: the theme. Nothing else is worth a file."""

import json
import os
from contextlib import suppress
from pathlib import Path

import platformdirs

LARGEST = 1 << 16
"""Bytes; a larger settings file is not one of ours."""


def path() -> Path:
    """Return the path of the settings file."""
    return platformdirs.user_config_path("leadboard") / "settings.json"


def remembered_theme() -> str | None:
    """Return the theme chosen last, None if there is no settings file of ours."""
    # json raises RecursionError for brackets nested too deep.
    with suppress(OSError, ValueError, RecursionError):
        file = path()
        # Reading from a pipe at that path would wait forever.
        if file.is_file() and file.stat().st_size <= LARGEST:
            return _theme_in(json.loads(file.read_text(encoding="utf-8")))
    return None


def _theme_in(settings: object) -> str | None:
    theme = settings.get("theme") if isinstance(settings, dict) else None
    return theme if isinstance(theme, str) else None


def remember_theme(theme: str) -> None:
    """Save the theme for the next start; raises OSError if that fails."""
    path().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Renamed once complete, and named by process: several desks may start and save at once.
    partial = path().with_suffix(f".{os.getpid()}.part")
    try:
        partial.write_text(json.dumps({"theme": theme}), encoding="utf-8")
        partial.replace(path())
    finally:
        partial.unlink(missing_ok=True)
