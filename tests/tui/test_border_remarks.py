"""What a border says fits into it: the least needed gives way, and nothing is cut unseen."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

import allocator
import models
from leadboard import desk as acts
from tests.support.screen import LARGE, SMALL, USUAL, open_desk
from tui.widgets.border_remarks import Remark, cut, fitted

WORDS = "курс который начнётся в понедельник"


def parts() -> list[Remark]:
    newer = Remark("▲ 33 newer · g", 3, Remark("▲ 33 · g", 1))
    short = cut("filter: ", WORDS, 12, gives_way=2)
    return [
        Remark("181 marked"),
        Remark("179 not in view", 5),
        Remark("esc unmarks", 6),
        newer,
        Remark(f"filter: {WORDS}", 4, short),
        Remark("180 found", 1),
    ]


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (
            130,
            f"181 marked · 179 not in view · esc unmarks · ▲ 33 newer · g · filter: {WORDS}"
            " · 180 found",
        ),
        (74, "181 marked · ▲ 33 newer · g · filter: курс которы… · 180 found"),
        (34, "181 marked · ▲ 33 · g · 180 found"),
        (10, "181 marked"),
        (5, "181 …"),
    ],
)
def test_the_least_needed_gives_way(width: int, expected: str) -> None:
    assert fitted(parts(), width) == expected


@given(
    st.lists(st.tuples(st.text(max_size=20), st.integers(0, 6), st.none() | st.text(max_size=5))),
    st.integers(0, 80),
)
def test_remarks_always_fit(given: list[tuple[str, int, str | None]], width: int) -> None:
    remarks = [
        Remark(text, rank, None if short is None else Remark(short)) for text, rank, short in given
    ]
    assert cell_len(fitted(remarks, width)) <= width


@pytest.mark.parametrize("size", [LARGE, USUAL, SMALL])
async def test_marks_what_is_newer_and_the_hits_stand_in_one_border(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    path = tmp_path / "t.db"
    opened = models.open_database(path)
    acts.add_source("tg", actor="t")
    for number in range(112):
        allocator.submit(f"tg_{number}", 1, "hi there")
    opened.close()
    async with open_desk(path, size) as desk:
        await desk.press("f4", "space", "space", "slash")
        await desk.type("hi there")
        await desk.press("enter")
        await desk.until(lambda: "112 found" in desk.text)
        await desk.press("end", "home", *["pagedown"] * 2)
        border = next(line for line in reversed(desk.lines()) if line.rstrip().endswith(("╯", "┛")))
        for part in ("2 marked", "▲ ", "112 found"):
            assert part in border
        assert "…" not in border
