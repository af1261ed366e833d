"""The pages are true: links, the table of settings, the example of a draw, and what runs where."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from leadboard.allocation import sealing
from leadboard.allocation.lottery import Candidate, Candidates, pick
from leadboard.cli.config_text import VARIABLES
from leadboard.common.settings import DEFAULTS, brief, quoted
from tests.support.fences import pages
from tests.support.processes import ROOT

DOCS = ROOT / "docs"
LINK = re.compile(r"\]\(([^)\s]+)\)")


def text_of(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


# --- links ------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", pages(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    prose = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    for link in LINK.findall(prose):
        if not re.match(r"https?://", link):
            place, _, anchor = link.partition("#")
            there = (page.parent / place).resolve() if place else page
            assert there.exists(), link
            assert not anchor or anchor in set(anchors(there)), link


def anchors(page: Path) -> Iterator[str]:
    """Yield the anchors of a page's heads, as GitHub and the site make them."""
    for head in re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE):
        yield re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-")


def test_the_site_has_every_page() -> None:
    first, *parts = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]
    listed = [page for part in parts for pages in part.values() for page in pages]
    there = [path.name for path in DOCS.glob("*.md")]
    assert sorted([first, *listed]) == sorted([*there, "examples/README.md"])


# --- settings ---------------------------------------------------------------------------------


def test_the_table_of_settings_has_each_with_its_default() -> None:
    rows = re.findall(r"^\| `([\w.]+)` \| `([^`]+)` \| .*? \|(.*)\|$", text_of("settings.md"), re.M)
    names = ("theme", "bell", "language", "database", "actor")
    values = [getattr(DEFAULTS, name) for name in names]
    plain = [quoted(each) if isinstance(each, str) else str(each).lower() for each in values]
    amber, red = map(quoted, map(brief, DEFAULTS.waiting))
    expected = {**dict(zip(names, plain, strict=True)), "waiting.amber": amber, "waiting.red": red}
    assert {name: default for name, default, _ in rows} == expected
    first = {name: before for name, _, before in rows}
    assert all(variable in first[name] for name, variable in VARIABLES.items())


# --- the lottery ------------------------------------------------------------------------------


def test_the_example_of_a_draw_is_what_the_program_draws() -> None:
    page = text_of("lottery.md")
    rows = re.findall(r"^\| (\d) \| (\w+) \| (\d+) \| .*? \| ([a-z ]+) \| .* \|$", page, re.M)
    roster = Candidates(
        tuple(
            Candidate(int(id), int(weight), None if state == "eligible" else state)
            for id, _, weight, state in rows
        )
    )
    seed = re.search(r'fromhex\("(\w+)"\)', page)
    assert seed
    outside = sealing.outside_of(("tg_7", "7:55", "Хочу купить курс"))
    asked = sealing.question(1, 1, roster.between, outside)
    draw = sealing.answer(bytes.fromhex(seed[1]), asked, roster.total)
    assert f"\n{draw}\n" in page
    assert f"ticket {draw + 1} of {roster.total}, decision 1" in page
    assert rows[pick(roster, draw) - 1][1] == "Anna"


# --- Windows ----------------------------------------------------------------------------------

ON_WINDOWS = """
import sys
from leadboard.cli.main import main
sys.platform = "win32"
main()
"""


def test_windows_is_told_what_the_page_says() -> None:
    command = [sys.executable, "-c", ON_WINDOWS, "paths"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"\n{done.stderr}```" in text_of("faq.md")
