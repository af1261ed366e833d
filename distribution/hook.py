"""What a wheel holds and git does not: compiled catalogues and man pages.

Hatchling runs it wherever one is built: by pip, pipx, uv or `python -m build`, from a clone or from
an sdist.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PAGES = {"en": "share/man/man1/leadboard.1", "ru": "share/man/ru/man1/leadboard.1"}
"""Where an installed man page of each language is, from the prefix on."""


class MadeFiles(BuildHookInterface[BuilderConfig]):
    """Makes them before the files of a wheel are gathered."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile the catalogues, and write the man pages unless the wheel is an editable one."""
        self._run("distribution.catalogues")
        build_data["artifacts"].append("/leadboard/locale/*/LC_MESSAGES/*.mo")
        if version != "editable":
            for language, place in PAGES.items():
                build_data["shared_data"][self._page(language)] = place

    def _page(self, language: str) -> str:
        """Write the man page in a language, and return its path."""
        path = Path(self.root, "build", "man", language, "leadboard.1")
        path.parent.mkdir(parents=True, exist_ok=True)
        text = self._run("distribution.manual", self.metadata.version, language=language)
        path.write_bytes(text)
        return str(path)

    def _run(self, module: str, *arguments: str, language: str = "en") -> bytes:
        """Run a module of this tree and return what it wrote; raises RuntimeError if it fails.

        As a program of its own, because a process speaks one language.
        """
        path = os.pathsep.join(filter(None, [self.root, os.environ.get("PYTHONPATH")]))
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=self.root,
            env={**os.environ, "PYTHONPATH": path, "LEADBOARD_LANG": language},
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{module} failed:\n{done.stderr.decode(errors='replace')}")
        return done.stdout
