"""What the README prints is what happens."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.door import running

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
CLOCK = re.compile(r'"\d{4}-\d\d-\d\dT[\d:.]+Z"|(?<="waited":)\d+|(?<="held":)\d+')
"""Moments, and the lengths of time between them."""


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
def test_the_walk_through_the_http_door(tmp_path: Path) -> None:
    section = README.partition("## The HTTP door")[2].partition("\n## ")[0]
    lines = section.split("```")[1].strip().splitlines()
    walk = list(zip(lines[::2], lines[1::2], strict=True))
    assert len({re.sub(r"[?'].*", "", line.split("8000")[1]) for line, _ in walk}) >= 6
    with running(str(tmp_path / "fresh.db")) as door:
        for line, printed in walk:
            command = line.removeprefix("$ ").replace("localhost:8000/", door.url)
            done = subprocess.run(
                ["bash", "-c", command.replace("curl", "curl -sS", 1)],
                capture_output=True,
                text=True,
                timeout=30,
            )
            assert done.stderr == ""
            assert CLOCK.sub("…", done.stdout) == CLOCK.sub("…", printed), line
