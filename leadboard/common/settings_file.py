"""Where the settings are."""

import os
from pathlib import Path

VARIABLE = "LEADBOARD_CONFIG"
"""The variable of the environment that names another file."""
LARGEST = 1 << 16
"""Bytes; a larger file is not one of ours."""


def path() -> Path:
    """Return the path of the file, whether or not there is one."""
    if named := os.environ.get(VARIABLE):
        return Path(named)
    import platformdirs

    return platformdirs.user_config_path("leadboard") / "settings.toml"
