"""Build the site of docs/ and examples/: `python -m docs.build_site`, into site/.

Zensical takes pages from one folder, so they are gathered first; the links between the two folders
are made to fit. A link that leads nowhere fails.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGES = ROOT / "build" / "pages"
SHOWN = ("docs/*.md", "docs/*.svg", "examples/README.md", "examples/*/*.*", "examples/*/Dockerfile")
"""What the site has: no scripts of docs/, but all that the examples are."""


def gather() -> None:
    """Copy the pages and what they link to into one folder."""
    shutil.rmtree(PAGES, ignore_errors=True)
    for path in _shown():
        place = PAGES / path.relative_to(ROOT).as_posix().removeprefix("docs/")
        place.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".md":
            text = fitted(path.read_text(encoding="utf-8"))
            place.write_text(text, encoding="utf-8")
        else:
            shutil.copy(path, place)


def _shown() -> Iterator[Path]:
    for pattern in SHOWN:
        yield from sorted(ROOT.glob(pattern))


def fitted(page: str) -> str:
    """Return a page with links as they are in the one folder; a link to a folder becomes text."""
    page = page.replace("](../examples/", "](examples/").replace("](../docs/", "](../")
    return re.sub(r"\[([^\]]+/)\]\([\w/]+\)", r"\1", page)


def broken() -> Iterator[str]:
    """Yield the links to files that the site does not have; Zensical looks at those to pages."""
    for page in sorted(PAGES.rglob("*.md")):
        for link in re.findall(r"\]\(([\w./-]+)(?:#[\w-]*)?\)", page.read_text(encoding="utf-8")):
            if not (page.parent / link).is_file():
                yield f"{page.relative_to(PAGES)}: {link} is not there."


def main() -> int:
    """Build the site, and return the exit code."""
    gather()
    if complaints := list(broken()):
        print(*complaints, sep="\n", file=sys.stderr)  # noqa: T201 - for whoever runs it
        return 1
    command = (sys.executable, "-m", "zensical", "build", "--strict", "--clean")
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
