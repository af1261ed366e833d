"""What the desk remembers between two days: the theme. Nothing else is worth a file."""

import json
import os
from contextlib import suppress
from pathlib import Path

import platformdirs

LARGEST = 1 << 16
"""Bytes of a file of settings; one that is larger is no file of ours."""


def path() -> Path:
    """Return the file of the settings."""
    return platformdirs.user_config_path("leadboard") / "settings.json"


def remembered_theme() -> str | None:
    """Return the theme that was chosen last; a file that is not ours remembers nothing."""
    # Too many brackets in a row end in a RecursionError.
    with suppress(OSError, ValueError, RecursionError):
        file = path()
        if file.is_file() and file.stat().st_size <= LARGEST:
            return _theme_in(json.loads(file.read_text(encoding="utf-8")))
    return None


def _theme_in(settings: object) -> str | None:
    theme = settings.get("theme") if isinstance(settings, dict) else None
    return theme if isinstance(theme, str) else None


def remember_theme(theme: str) -> None:
    """Keep the theme for the next start; raises OSError when that cannot be written."""
    path().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path().with_suffix(f".{os.getpid()}.part")
    try:
        partial.write_text(json.dumps({"theme": theme}), encoding="utf-8")
        partial.replace(path())
    finally:
        partial.unlink(missing_ok=True)
