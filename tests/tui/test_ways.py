"""The screen alone leads: to the first appeal from an empty file, and out of every state."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

import models
from leadboard import desk as acts
from tests.support import Team, add_team, rows
from tests.support.lists import feed
from tests.support.processes import IS_SOAK
from tests.support.screen import LARGE, SMALL, USUAL, Desk, open_desk

SIZES = {"120x40": LARGE, "80x24": USUAL, "40x10": SMALL} if IS_SOAK else {"40x10": SMALL}
"""The least room is where a way out goes first; the others are tried in the soak."""
by_size = pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)


def words_of(desk: Desk) -> str:
    """Return the words on the screen; those of a dialog's broken lines stand side by side."""
    return " ".join(re.sub("[│┃▁-█╮╯╭╰─━┏┓┗┛]", " ", desk.text).split())


def says(desk: Desk, words: str) -> bool:
    """Tell whether words are on the screen."""
    return words in f" {words_of(desk)} "


# --- a newcomer -----------------------------------------------------------------------------------

Walk = Sequence[tuple[str, Sequence[str]]]
"""What the screen says, and the keys that a newcomer takes from it."""

_APPEAL: Walk = (
    ("Lead", [*"bob"]),
    ("Message", ["tab"]),
    ("Message", [*"hi"]),
    ("ctrl+s Submit", ["ctrl+s"]),
)
GREETED: Walk = (
    ("s Add a source", ["s"]),
    ("Name", [*"tg"]),
    ("enter saves", ["enter"]),
    ("o Add an operator", ["o"]),
    ("Name", [*"Ann"]),
    ("enter saves", ["enter"]),
    ("w Give weights", ["w"]),
    ("n Enter an appeal", ["n"]),
    *_APPEAL,
)
ON_THEIR_OWN: Walk = (
    ("esc close", ["escape"]),
    ("No operators yet: press a to add one.", ["a"]),
    ("Name", [*"Ann"]),
    ("enter saves", ["enter"]),
    ("2 Weights", ["2"]),
    ("No sources yet: press a to add one.", ["a"]),
    ("Name", [*"tg"]),
    ("enter saves", ["enter"]),
    ("0-9 type a weight", ["7"]),
    ("enter save", ["enter"]),
    (" n ", ["n"]),
    *_APPEAL,
)
WALKS = {"greeted": (GREETED, 18), "on their own": (ON_THEIR_OWN, 23)}
"""Each walk, and the most presses it may take."""


@by_size
@pytest.mark.parametrize("walk", WALKS)
async def test_a_newcomer_comes_to_the_first_appeal_by_what_the_screen_says(
    tmp_path: Path, size: tuple[int, int], walk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps, most_presses = WALKS[walk]
    # On a short screen a sentence has the line of the keys until it fades.
    monkeypatch.setattr("tui.screen.footer.FADES", 0.05)
    async with open_desk(tmp_path / "empty.db", size) as desk:
        for said, keys in steps:
            await desk.until(partial(says, desk, said))
            await desk.press(*keys)
        assert says(desk, "bob → Ann")
    assert sum(len(keys) for _, keys in steps) <= most_presses


@pytest.mark.parametrize("size", [LARGE, USUAL], ids=["120x40", "80x24"])
async def test_the_keys_of_the_form_are_named_where_there_is_room(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    async with open_desk(tmp_path / "empty.db", size) as desk:
        assert "n New" in desk.lines()[-1]
        await desk.press("escape", "n")
        assert "tab Next field" in desk.lines()[-1]


async def test_a_newcomer_who_begins_anywhere_is_told_what_is_missing(tmp_path: Path) -> None:
    async with open_desk(tmp_path / "empty.db") as desk:
        assert "No operators yet: press 1, then a." in desk.text
        assert "No appeals yet: press n to enter one." in desk.text
        await desk.press("escape", "n", *"tg", "ctrl+s")
        assert "No sources yet: esc, 2, a adds one." in desk.text
        await desk.press("escape", "2", "a", *"tg", "enter", "n", "enter", *"bob", "ctrl+s")
        assert "bob waits: nobody" in words_of(desk)
        await desk.press("f1")
        assert "esc goes back" in desk.text


# --- ways out -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class State:
    """A state of the desk: the keys that lead there, and what names the one that leads out."""

    keys: Sequence[str]
    way_out: str
    """What the screen says about it."""
    out: Sequence[str] = ("escape",)
    """The key itself; after it the state is over."""


NEXT = "right_square_bracket"
STATES: dict[str, State] = {
    "filter line": State(["f4", "slash", *"lead"], "esc Clear"),
    "filter kept": State(["f4", "slash", *"lead", "enter"], "found · esc"),
    "filter of the grid kept": State(["f3", "slash", *"anna", "enter"], "· esc"),
    "filter that finds nothing": State(["f4", "slash", *"zz", "enter"], "esc clears the filter"),
    "jump": State(["colon"], "esc closes"),
    "jump, typed": State(["colon", *"av"], "esc closes"),
    "themes": State(["colon", *"theme", "enter"], "esc closes"),
    "typing a weight": State(["f3", "7"], "enter save", ["enter"]),
    "form": State(["f5"], "esc Leave"),
    "form with its sources dropped down": State(["f5", "t"], "esc Leave", ["escape"] * 2),
    "new operator": State(["f2", "a"], "esc cancels"),
    "operator edited": State(["f2", "e"], "esc cancels"),
    "new source": State(["f3", "a"], "esc cancels"),
    "details": State(["f4", "enter"], "esc back"),
    "details of what waits": State(["f4", NEXT, "enter"], "esc back"),
    "move": State(["f4", "m"], "esc cancels"),
    "move of more than fit": State(
        ["f4", NEXT, "*", "m", *"bor", "enter"], "esc or n: none of them"
    ),
    "help": State(["f3", "question_mark"], "esc goes back"),
    "help, filtered": State(["f3", "question_mark", *"zz"], "esc"),
    "history": State(["H"], "esc back"),
    "history, filter line": State(["H", "slash", "z"], "esc"),
    "notices": State(["H", NEXT], "esc back"),
    "help of the history": State(["H", "question_mark"], "esc goes back"),
    "an act in full": State(["H", "enter"], "↑↓ scroll · esc back"),
    "undo of a colleague's act": State(["H", "m", "down", "u"], "esc or n: no"),
    "triage": State(["t"], "esc back"),
    "alarms": State(["!"], "esc back"),
    "factor": State(["f3", "*"], "esc cancels"),
    "question": State(["f2", "R"], "esc or n: no"),
    "deletion": State(["f3", "d"], "esc or n: no"),
    "quit": State(["f5", "t", "enter", "x", "escape", "q"], "esc or n: stay"),
    "zoom": State(["f4", "f"], "f all panes", ["f"]),
    "list of one operator": State(["f2", "enter"], "open of Anna · esc"),
    "list of what waits for a source": State(["f3", "right", "W"], "waiting of vk · esc"),
    "marks": State(["f4", "space"], "1 marked · esc unmarks"),
    "marks among operators": State(["f2", "x"], "1 marked · esc unmarks"),
    "a range begun": State(["f4", "V"], "V marks from lead_24 up to here", ["V"]),
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Anna has four appeals of tg, Boris has nine places; twenty appeals of vk wait."""
    path = tmp_path / "day.db"
    opened = models.open_database(path)
    team = add_team({"Anna": 9, "Boris": 9}, {"tg": {"Anna": 60}, "vk": {}})
    feed(1, 20, team.vk)
    feed(21, 24, team.tg)
    acts.step_limit(team.anna, 1, actor="tester")
    opened.close()
    return path


@by_size
@pytest.mark.parametrize("state", STATES)
async def test_the_way_out_is_on_the_screen(file: Path, state: str, size: tuple[int, int]) -> None:
    wanted = STATES[state]
    async with open_desk(file, size) as desk:
        await desk.press(*wanted.keys)
        await desk.until(lambda: wanted.way_out in words_of(desk))
        await desk.press(*wanted.out)
        assert wanted.way_out not in words_of(desk) or wanted.way_out == "esc"


async def test_triage_with_nothing_left_names_only_the_way_out(tmp_path: Path) -> None:
    async with open_desk(tmp_path / "empty.db") as desk:
        await desk.press("t")
        assert "Nothing is waiting." in desk.text
        assert "1-9 give" not in desk.text
        assert "esc back" in desk.text


async def test_the_whole_way_back_from_the_deepest_state(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("f2", "enter", "slash", *"lead", "enter", "space", "enter", "m", "x")
        await desk.press(*["escape"] * 5)
        assert desk.line_with("1 Operators").startswith("┏")
        assert "marked" not in desk.text
        assert rows("SELECT count(*) FROM appeal WHERE operator_id = ?", Team().anna) == [(4,)]
