"""What the desk remembers between two days: the theme. Nothing else is worth a file."""

import json
import os
from contextlib import suppress
from pathlib import Path

import platformdirs


def path() -> Path:
    """Return the file of the settings."""
    return platformdirs.user_config_path("leadboard") / "settings.json"


def remembered_theme() -> str | None:
    """Return the theme that was chosen last; a file that cannot be read remembers nothing."""
    with suppress(OSError, ValueError):
        theme = json.loads(path().read_text(encoding="utf-8")).get("theme")
        return theme if isinstance(theme, str) else None
    return None


def remember_theme(theme: str) -> None:
    """Keep the theme for the next start; raises OSError when that cannot be written."""
    path().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path().with_suffix(f".{os.getpid()}.part")
    partial.write_text(json.dumps({"theme": theme}), encoding="utf-8")
    partial.replace(path())
