"""The site: built of the pages and the examples, without a broken link, from nothing but itself."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.processes import ROOT

pytest.importorskip("zensical", reason="needs zensical: pip install '.[docs]'")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Return a copy of what the site is made of."""
    for folder in ("docs", "examples"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    return tmp_path


def build(clone: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "docs.build_site"]
    return subprocess.run(command, cwd=clone, capture_output=True, text=True, check=False)


def test_it_has_every_page_and_loads_nothing_from_elsewhere(clone: Path) -> None:
    done = build(clone)
    assert done.returncode == 0, done.stdout + done.stderr
    site = clone / "site"
    pages = {path.stem for path in site.glob("*.html")}
    assert pages >= {path.stem for path in (ROOT / "docs").glob("*.md")}
    assert (site / "examples/telegram/clients.py").exists()
    assert not [*site.glob("*.py")]
    for path in (site / f"{name}.html" for name in pages):
        page = path.read_text(encoding="utf-8")
        loaded = re.findall(r'<(?:script|link|img|iframe)[^>]*?(?:src|href)="?([^\s">]+)', page)
        foreign = [each for each in loaded if re.match(r"(https?:)?//", each)]
        assert foreign == [], path
        assert page.count("prefers-color-scheme") >= 2


@pytest.mark.parametrize("link", ["nowhere.md", "keys.md#nowhere", "../examples/nowhere.py"])
def test_a_link_that_leads_nowhere_fails(clone: Path, link: str) -> None:
    with (clone / "docs" / "faq.md").open("a", encoding="utf-8") as page:
        page.write(f"\n[Broken]({link})\n")
    assert build(clone).returncode != 0
