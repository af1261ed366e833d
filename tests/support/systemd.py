"""What systemd says of a unit, where it is installed."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

HAS_SYSTEMD = shutil.which("systemd-analyze") is not None
COMMAND = re.compile(r"^ExecStart=(\S+) ?(.*)$", re.MULTILINE)


def complaints(unit: str, name: str, folder: Path) -> list[str]:
    """Return what systemd has against the text of a unit; its program is one that is there."""
    place = folder / name
    place.write_text(COMMAND.sub(rf"ExecStart={sys.executable} \2", unit), encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", str(place)], capture_output=True, text=True, check=False
    )
    told = [each for each in done.stderr.splitlines() if name in each]
    return told if told or not done.returncode else [done.stderr]


def commands(unit: str) -> list[tuple[str, list[str]]]:
    """Return the program and the words of each command of a unit."""
    return [(found[1], found[2].split()) for found in COMMAND.finditer(unit.replace("\\\n", " "))]
