"""What the painter leaves out is never a part of what is painted."""

import random
from pathlib import Path
from typing import Any

import pytest
from textual._compositor import Compositor
from textual.geometry import Region

from bench.generate import Sizes, generate
from tests.support.screen import LARGE, SMALL, USUAL, open_desk
from tui.painter import Painter


def painted(chops: Any, region: Region) -> list[tuple[int, int, str]]:
    """Return the pieces of lines that reach into a region: row, column and text of each."""
    return [
        (y, x, strip.text)
        for y in region.line_range
        for x, strip in sorted(chops[y].items())
        if strip is not None and region.overlaps(Region(x, y, strip.cell_length, 1))
    ]


@pytest.mark.parametrize("size", [LARGE, USUAL, SMALL])
@pytest.mark.parametrize("keys", [("f2", "down"), ("f3", "right", "7"), ("f4", "G"), ("f5", "x")])
async def test_any_region_is_painted_as_textual_paints_it(
    tmp_path: Path, size: tuple[int, int], keys: tuple[str, ...]
) -> None:
    path = tmp_path / "team.db"
    generate(path, Sizes(appeals=300, operators=30, sources=8))
    rng = random.Random(7)
    async with open_desk(path, size) as desk:
        await desk.press(*keys)
        painter = desk.app.desk_screen._compositor
        assert isinstance(painter, Painter)
        for _ in range(60):
            x, y = rng.randrange(size[0]), rng.randrange(size[1])
            region = Region(x, y, rng.randint(1, size[0] - x), rng.randint(1, size[1] - y))
            ours = painter._render_chops(region, lambda _: True)
            theirs = Compositor._render_chops(painter, region, lambda _: True)
            assert painted(ours, region) == painted(theirs, region)
            assert painted(ours, region)
