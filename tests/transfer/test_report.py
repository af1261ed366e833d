"""The report: figures of the statistics on a page that loads nothing and shows names as text."""

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from allocator import submit
from leadboard import desk
from leadboard.common.errors import Refused, Trouble
from leadboard.common.language import VARIABLE
from leadboard.database.fields import as_if_at, now
from leadboard.queries.shares import OperatorShare, Shares
from leadboard.queries.spans import TimeSpan
from leadboard.queries.statistics import Gathering, Statistics
from leadboard.transfer import report
from tests.support import ACTOR, add_team, opened, rows
from tests.support.processes import ROOT

NASTY = (
    "<script>alert(1)</script>",
    "& \" ' </svg> <b>",
    "datum.x = 'javascript:1'",
    "https://evil.example/x.png",
    "{{7*7}} ]]> --> <!--",
)
SNEAKED = "\x1b[31mred\x07\u202egnp.exe\x00"
"""What no form lets in, but another program may have written."""
SVG = re.compile(r"<svg.*?</svg>", re.DOTALL)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Operators and sources with hostile names, each with an appeal that was closed."""
    path = tmp_path_factory.mktemp("report") / "t.db"
    with opened(path), as_if_at(now() - timedelta(minutes=30)):
        people = dict.fromkeys(NASTY, 2)
        team = add_team(people, {f"s {name}": {name: 1} for name in NASTY} | {"nobody": {}})
        for number, name in enumerate(NASTY):
            for each in range(3):
                submit(f"tg_{number}_{each}", team[f"s {name}"], "")
        desk.close([1, 4], actor=ACTOR)
        submit("tg", team["nobody"], "")
        rows("UPDATE operator SET name = ? WHERE id = 1", f"{SNEAKED} {NASTY[0]}"[:80])
    return path


@pytest.fixture
def statistics(file: Path) -> Iterator[Statistics]:
    with opened(file):
        yield Gathering(TimeSpan.ALL).told()


def shares() -> Shares:
    """Return shares of operators with hostile names."""
    people = tuple(
        OperatorShare(key, name, 20.0, 20 + key, 100, key / 4, 0.1, 0, 0, 0)
        for key, name in enumerate(NASTY, 1)
    )
    verdict = f"The lottery favours {NASTY[0]}."
    return Shares(None, None, 120, 100, 1, 0.25, 1.5, None, people, verdict)


NOBODY = Shares(None, None, 0, 0, 0, 1.0, 1.0, None, (), "No draw had a choice.")


@pytest.fixture
def page(statistics: Statistics) -> str:
    return report.page(statistics, shares(), "t.db <&>", now())


class Reading(HTMLParser):
    """Reads a page: its tags, which must all be closed, its attributes and its text."""

    VOID = frozenset({"meta"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_it_loads_nothing_from_anywhere(page: str) -> None:
    found = Reading(page)
    assert not {"script", "link", "img", "image", "iframe", "object", "use", "foreignobject"} & {
        each.lower() for each in found.tags
    }
    # Names that look like addresses are text; only the two namespaces of SVG are anything else.
    addresses = {value for name, value in found.attributes if "://" in value and "aria" not in name}
    assert addresses == {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    names = {name for name, _ in found.attributes}
    assert not {each for each in names if each.startswith("on") or each in ("href", "src")}
    assert "xlink:href" not in names
    style = page[page.index("<style>") : page.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style
    assert "@font-face" not in page


def test_a_page_without_odd_names_has_no_address_but_the_namespaces(tmp_path: Path) -> None:
    with opened(tmp_path / "t.db"):
        team = add_team({"Anna": 1}, {"bot": {"Anna": 1}})
        submit("tg_1", team.bot, "")
        page = report.page(Gathering(TimeSpan.TODAY).told(), NOBODY, "t.db", now())
    assert set(re.findall(r"https?:[^\"'\s<]*", page)) == {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }


def test_names_are_text_in_tables_and_pictures(page: str) -> None:
    found = Reading(page)
    cells = {each.strip() for each in found.texts}
    assert set(NASTY[1:]) <= cells
    assert {f"s {name}" for name in NASTY} <= cells
    assert "t.db <&>" in "".join(found.texts)
    pictures = [ElementTree.fromstring(each) for each in SVG.findall(page)]
    assert len(pictures) == 8
    drawn = {each.text for picture in pictures for each in picture.iter() if each.text}
    assert set(NASTY[1:]) <= drawn


def test_what_a_terminal_or_a_reader_would_obey_is_gone(page: str) -> None:
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", page)
    assert "␛[31mred␇gnp.exe␀" in "".join(Reading(page).texts)


def test_it_has_the_figures_of_the_statistics(page: str, statistics: Statistics) -> None:
    assert (statistics.received, statistics.closed) == (16, 2)
    assert "Arrived: 16. Closed: 2. Given by hand: 0. Waiting now: 4." in page
    assert page.count("<table>") == 6
    text = "|".join(each.strip() for each in Reading(page).texts if each.strip())
    assert "Arrivals and closings|" in text
    assert "|All|12|0|0 s|0 s|" in text
    assert f"|{NASTY[3]}|2|2|0|" in text
    assert "|The lottery favours <script>alert(1)</script>.|" in text
    assert "|p 0.25: fair draws fit no better so often, if looked at once. Evidence 1.5: " in text
    assert f"|{NASTY[2]}|20.0|23|0|0|0|" in text


def test_of_one_source_it_says_so(file: Path) -> None:
    with opened(file):
        page = report.page(Gathering(TimeSpan.TODAY).told(2), NOBODY, "t.db", now())
    assert "source s &amp; &quot;" in page
    assert "Arrived: 3. Closed: 1." in page


def test_an_empty_database_has_a_report(tmp_path: Path) -> None:
    with opened(tmp_path / "t.db"):
        for span in TimeSpan:
            page = report.page(Gathering(span).told(), NOBODY, "t.db", now())
            assert "Arrived: 0." in page
            for each in SVG.findall(page):
                ElementTree.fromstring(each)


def test_it_is_readable_on_a_dark_ground_and_on_paper(page: str) -> None:
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page
    inks = set(re.findall(r'(?:fill|stroke)="([^"]+)"', "".join(SVG.findall(page))))
    assert inks <= {"none", "currentColor", "transparent", "#3d7fd6", "#c98a1b", "#808995", "black"}


def test_a_file_is_not_written_over_without_force(tmp_path: Path) -> None:
    target = tmp_path / "r.html"
    report.write(target, "one", force=False)
    with pytest.raises(Refused, match="exists already"):
        report.write(target, "two", force=False)
    assert target.read_text() == "one"
    report.write(target, "two", force=True)
    assert target.read_text() == "two"
    assert [each.name for each in tmp_path.iterdir()] == ["r.html"]
    with pytest.raises(Refused, match="no ordinary file"):
        report.write(tmp_path, "three", force=True)
    with pytest.raises(Trouble, match="cannot be written: No such file"):
        report.write(tmp_path / "none" / "r.html", "three", force=False)


def leadboard(*arguments: str, code: int = 0, without: str = "") -> str:
    """Run the command, perhaps as if a package were not installed; return what it says."""
    hide = f"import sys; sys.modules[{without!r}] = None; " if without else ""
    run = f"{hide}from leadboard.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", run, *arguments], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def test_the_command_writes_it_and_refuses_in_one_sentence(file: Path, tmp_path: Path) -> None:
    target = str(tmp_path / "r.html")
    said = leadboard("--db", str(file), "report", target, "--span", "all", "--source", "nobody")
    assert re.fullmatch(r".*r\.html: [\d,]+ bytes\.\n", said)
    assert "Arrived: 1." in Path(target).read_text()
    assert "exists already" in leadboard("--db", str(file), "report", target, code=2)
    assert "bytes." in leadboard("--db", str(file), "report", target, "--force")
    said = leadboard("--db", str(file), "report", target, "--force", "--source", "none", code=2)
    assert len(said.splitlines()) == 1
    assert "--span" in leadboard("--db", str(file), "report", target, "--span", "year", code=2)


def test_the_page_says_its_language_and_writes_numbers_as_it_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(tmp_path / "t.db"):
        team = add_team({"Anna": 9, "Boris": 9}, {"bot": {"Anna": 1, "Boris": 1}})
        for number in range(5):
            submit(f"tg_{number}", team.bot, "")
    dues = {}
    for language in ("en", "ru"):
        monkeypatch.setenv(VARIABLE, language)
        target = tmp_path / f"{language}.html"
        leadboard("--db", str(tmp_path / "t.db"), "report", str(target))
        page = target.read_text(encoding="utf-8")
        assert f'<html lang="{language}">' in page
        dues[language] = re.findall(r"<td>(\d+[.,]\d)</td>", page)
    assert dues == {"en": ["2.5"] * 2, "ru": ["2,5"] * 2}


def test_pictures_have_no_words_of_their_makers(page: str) -> None:
    assert "aria-label" not in page


@pytest.mark.parametrize("package", ["altair", "vl_convert"])
def test_without_the_extra_it_says_what_to_install(
    file: Path, tmp_path: Path, package: str
) -> None:
    target = str(tmp_path / "r.html")
    said = leadboard("--db", str(file), "report", target, code=2, without=package)
    assert "A report needs more packages: pip install 'leadboard[report]'." in said
    assert not Path(target).exists()
