"""What is stored for programs is the same in every language; what people wrote of it is not."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.processes import ROOT

CODES = (
    "SELECT content FROM roster",
    "SELECT act FROM event",
    "SELECT kind FROM change",
    "SELECT strategy FROM source",
    "SELECT way FROM tally",
)
STRANGER = """
import json, sqlite3, sys
from pathlib import Path
from tests.languages.pseudo import Pseudo
from leadboard.common.language import speak
# Before all else is loaded, as a process knows its language.
if sys.argv[2] == "pseudo":
    speak(Pseudo())
from tests.languages import floor
with sqlite3.connect(floor.build(Path(sys.argv[1]))) as found:
    codes, notes = (
        [sorted({row[0] for row in found.execute(query)}) for query in queries]
        for queries in (json.loads(sys.argv[3]), ["SELECT note FROM event"])
    )
print(json.dumps([codes, notes[0]]))
"""


def stored(folder: Path, language: str) -> tuple[list[list[str]], list[str]]:
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", STRANGER, str(folder), language, json.dumps(CODES)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    codes, notes = json.loads(done.stdout)
    return codes, notes


@pytest.fixture(scope="module")
def both(
    tmp_path_factory: pytest.TempPathFactory,
) -> list[tuple[list[list[str]], list[str]]]:
    folder = tmp_path_factory.mktemp("languages")
    return [stored(folder / each, each) for each in ("english", "pseudo")]


def words(content: str) -> set[str]:
    """Return the reasons and the strategy in a roster, whoever was drawn before it."""
    return {
        each
        for entry in json.loads(content)
        for each in ([entry] if isinstance(entry, str) else entry)
        if isinstance(each, str)
    }


def test_codes_are_the_same_in_every_language(
    both: list[tuple[list[list[str]], list[str]]],
) -> None:
    (english, _notes), (strange, _strange_notes) = both
    assert english[1:] == strange[1:]
    in_rosters = [set().union(*map(words, codes[0])) for codes in (english, strange)]
    assert all(each.isascii() for each in in_rosters[1])
    assert {"inactive", "quota", "owed less"} <= in_rosters[0] & in_rosters[1]


def test_notes_are_in_the_language_of_whoever_acts(
    both: list[tuple[list[list[str]], list[str]]],
) -> None:
    (_codes, english), (_strange_codes, strange) = both
    assert len(english) == len(strange)
    assert any(any("a" <= letter <= "z" for letter in each) for each in english)
    assert not any("a" <= letter <= "z" for each in strange for letter in each)
