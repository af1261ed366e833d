"""The scripts that make the pictures of the README from the real program."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from docs import pictures, tour

SVG = "{http://www.w3.org/2000/svg}"


def words(svg: str) -> str:
    """Return all words of a picture, in the order of its lines."""
    found = ElementTree.fromstring(svg).iter(f"{SVG}text")
    return " ".join(" ".join(each.text or "" for each in found).split())


def test_a_picture_is_made_of_the_real_desk(tmp_path: Path) -> None:
    pictures.make(["desk"], tmp_path)
    svg = (tmp_path / "desk.svg").read_text(encoding="utf-8")
    assert "Anna Peters" in words(svg)
    assert "phone: nobody available" in words(svg)


@pytest.fixture(scope="module")
def three() -> str:
    """Return the first three frames: an appeal lands, and the flash of its bar ends."""
    return tour.made(tour.SCENES[:3])


def test_three_frames_are_one_picture(three: str) -> None:
    assert "An appeal lands." in words(three)
    for part in ("<script", "http://www.w3.org/1999", "@font-face"):
        assert part not in three  # GitHub shows images without them
    assert len(three) < 150_000
    seen = re.findall(r"@keyframes v\d+ \{ (.*) \}", three)
    assert any(each.startswith("0.00% { visibility: visible }") for each in seen)
    assert any(each.startswith("0.00% { visibility: hidden }") for each in seen)
    assert three.count("◉") == 1  # in the frame of the flash alone


def test_what_is_the_same_in_all_frames_is_there_once(three: str) -> None:
    assert words(three).count("Glen Owens") == 1
    assert words(three).count("chance of the next appeal") == 1
    assert [words(three).count(f"load {each}/66") for each in (53, 54)] == [1, 1]


def test_the_same_scenes_give_the_same_picture(three: str) -> None:
    assert tour.made(tour.SCENES[:3]) == three
