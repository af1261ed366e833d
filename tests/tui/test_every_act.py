"""Every act of the desk, asked for by its keys and by the palette's words; and every other entry
of the palette."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from textual.widgets import Input

import allocator
import models
from leadboard import desk as acts
from tests.support import add_team, rows
from tests.support.processes import IS_SOAK
from tests.support.screen import USUAL, Desk, open_desk
from tui.palette import ActProvider


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Anna has the only place and appeal #1, which Boris may have; #2 waits; #3 is closed."""
    path = tmp_path / "acts.db"
    opened = models.open_database(path)
    team = add_team({"Anna": 1}, {"tg": {"Anna": 50}})
    allocator.submit("lead_3", team.tg, "closed")
    acts.close([1], actor="t")
    allocator.submit("lead_1", team.tg, "first")
    allocator.submit("lead_2", team.tg, "second")
    acts.add_operator("Boris", 0, actor="t")
    acts.add_source("empty", actor="t")
    opened.close()
    return path


@dataclass(frozen=True)
class Way:
    """How one act is asked for: from where, by which keys, by which words, and what it stores."""

    start: Sequence[str]
    keys: Sequence[str]
    words: str
    then: Sequence[str]
    """Pressed after either: what a dialog wants to know."""
    query: str
    expected: object


WEIGHT = "SELECT weight FROM operator_source"
LIMIT = "SELECT max_load FROM operator WHERE name = 'Anna'"
ACTIVE = "SELECT is_active, load FROM operator WHERE name = 'Anna'"
HOLDER = "SELECT operator_id, closed_at IS NULL FROM appeal WHERE id = 2"
WAYS: dict[str, Way] = {
    "add_operator": Way(
        ["f2"],
        ["a"],
        "operators: add",
        [*"Vera", "tab", "backspace", "backspace", "7", "enter"],
        "SELECT max_load FROM operator WHERE name = 'Vera'",
        7,
    ),
    "change_operator": Way(
        ["f2"], ["e"], "operators: edit", ["tab", "end", "2", "enter"], LIMIT, 12
    ),
    "toggle_active": Way(["f2"], ["space"], "operators: on/off", [], ACTIVE, (0, 1)),
    "send_home": Way(["f2"], ["R"], "operators: send home", ["y"], ACTIVE, (0, 0)),
    "step_limit": Way(["f2"], ["plus"], "operators: limit +1", [], LIMIT, 2),
    "delete_operator": Way(
        ["f2", "down"], ["d"], "operators: delete", ["y"], "SELECT count(*) FROM operator", 1
    ),
    "replace_weight": Way(["f3"], ["7", "0"], "weights: save", ["enter"], WEIGHT, 70),
    "step_weight": Way(["f3"], ["plus"], "weights: weight +1", [], WEIGHT, 51),
    "unlink": Way(["f3"], ["delete"], "weights: unlink", [], f"SELECT count(*) FROM ({WEIGHT})", 0),
    "spread": Way(
        ["f3", "down", "1", "0", "enter", "g"],
        ["equals_sign"],
        "weights: equalise",
        [],
        "SELECT group_concat(weight) FROM operator_source",
        "30,30",
    ),
    "spread_row": Way(
        ["f3", "right", "1", "0", "enter", "g"],
        ["E"],
        "weights: equalise row",
        [],
        "SELECT group_concat(weight) FROM operator_source WHERE operator_id = 1",
        "30,30",
    ),
    "scale": Way(["f3"], ["asterisk"], "weights: scale", [*"1/2", "enter"], WEIGHT, 25),
    "scale_row": Way(["f3"], ["S"], "weights: scale row", [*"30%", "enter"], WEIGHT, 15),
    "add_source": Way(
        ["f3"], ["a"], "weights: add source", [*"vk", "enter"], "SELECT max(id) FROM source", 3
    ),
    "change_source": Way(
        ["f3"],
        ["e"],
        "weights: edit source",
        ["end", "2", "enter"],
        "SELECT name FROM source WHERE name <> 'empty'",
        "tg2",
    ),
    "delete_source": Way(
        ["f3", "right"], ["d"], "weights: delete", ["y"], "SELECT count(*) FROM source", 1
    ),
    "submit": Way(
        ["f5", *"tg", "enter", *"lead_9", "tab", *"hi"],
        ["ctrl+s"],
        "new appeal: submit",
        [],
        "SELECT message FROM appeal WHERE id = 4",
        "hi",
    ),
    "submit_to": Way(
        ["f2", "plus", "plus", "f5", *"tg", "enter", *"lead_1", "tab", *"hi"],
        ["ctrl+g"],
        "new appeal: submit to",
        [],
        "SELECT operator_id, draw FROM appeal WHERE message = 'hi'",
        (1, None),
    ),
    "assign": Way(
        ["f4", "down"],
        ["m"],
        "appeals: move",
        [*"bor", "enter", "y"],
        HOLDER,
        (2, 1),
    ),
    "give_back": Way(
        ["f4", "down"],
        ["r"],
        "appeals: return",
        [],
        "SELECT count(*) FROM event WHERE act = 'return'",
        1,
    ),
    "close": Way(["f4", "down"], ["c"], "appeals: close", [], HOLDER, (1, 0)),
    "reopen": Way(
        ["f4", "end"],
        ["o"],
        "appeals: reopen",
        [],
        "SELECT closed_at FROM appeal WHERE id = 1",
        None,
    ),
    "apply_draft": Way(
        ["f3", "w", "7", "0", "enter"], ["ctrl+s"], "draft: apply draft", [], WEIGHT, 70
    ),
    "undo": Way(["f2", "plus"], ["u"], "desk: undo", [], LIMIT, 1),
    "redo": Way(["f2", "plus", "u"], ["U"], "desk: redo", [], LIMIT, 2),
}
INSIDE_OTHERS = {
    "set_weight": "the yes to the question whether to replace somebody else's weight",
    "set_weights": "pasting a block of cells into the grid, and leadboard import",
    "import_rows": "leadboard import",
}
"""Acts with no key of their own, and what on the screen does them."""


def test_every_act_of_the_desk_is_asked_for_below() -> None:
    known = {name for name in acts.__all__ if inspect.isfunction(getattr(acts, name))}
    assert known == {*WAYS, *INSIDE_OTHERS}


@pytest.mark.parametrize("name", WAYS)
async def test_keys_ask_for_it(file: Path, name: str) -> None:
    way = WAYS[name]
    async with open_desk(file) as desk:
        await desk.press(*way.start)
        await desk.press(*way.keys, *way.then)
        assert stored(way.query) == way.expected, desk.text


BY_PALETTE = WAYS if IS_SOAK else ("add_operator", "assign", "close", "replace_weight", "submit")
"""All of them only in the soak: they differ in their words alone."""


@pytest.mark.parametrize("name", BY_PALETTE)
async def test_the_palette_asks_for_it(file: Path, name: str) -> None:
    way = WAYS[name]
    async with open_desk(file, USUAL) as desk:
        await desk.press(*way.start)
        if name == "replace_weight":
            await desk.press(*way.keys)
        await by_palette(desk, way.words)
        if name != "replace_weight":
            await desk.press(*way.then)
        assert stored(way.query) == way.expected, desk.text


async def by_palette(desk: Desk, words: str) -> None:
    """Run the entry of the palette that these words find."""
    await desk.press("ctrl+p")
    desk.app.screen.query_one(Input).value = words
    await desk.until(lambda: words in desk.text.casefold())
    await desk.pilot.pause(0.1)
    await desk.press("enter")
    await desk.settle()


def stored(query: str) -> object:
    [row] = rows(query)
    return row[0] if len(row) == 1 else row


async def test_every_entry_of_the_palette_does_something_without_failing(file: Path) -> None:
    async with open_desk(file, USUAL) as desk:
        home = desk.app.desk_screen
        entries = list(ActProvider(home).acts())
        words = [each for each, _, _ in entries]
        assert len(words) == len(set(words)) > 40
        for said, binding, node in entries:
            if said != "Desk: Quit":
                await ActProvider(home).run(binding, node)
                await desk.settle()
                assert desk.app.is_running, said
                while desk.app.screen is not home:
                    await desk.press("escape")


COPIES: dict[str, Callable[[str], bool]] = {
    "an appeal": lambda copied: copied.split("\t") == ["3", "lead_2", "tg", "waiting", "second"],
}


async def test_copying_gives_the_line_to_the_clipboard(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("f4", "y")
        assert COPIES["an appeal"](desk.app.clipboard)
        assert "Appeal #3 of lead_2 (tg) copied" in desk.text
