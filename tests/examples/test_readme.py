"""What the examples' page says, and that nobody gets their packages who does not ask for them."""

import re
import tomllib
from pathlib import Path

from tests.support.processes import ROOT

PAGE = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SDKS = ("aiogram", "imap-tools")


def test_every_link_leads_somewhere_and_every_program_is_named() -> None:
    linked = {ROOT / "examples" / each for each in re.findall(r"\]\(([^)#]+)\)", PAGE)}
    assert [path for path in linked if not path.exists()] == []
    programs = {*(ROOT / "examples").glob("*/*.py"), *(ROOT / "examples").glob("*/*.sh")}
    modules = {"bot_api.py", "leadboard_client.py", "shown.py"}
    assert {path for path in programs if path.name not in modules} <= linked


def test_every_setting_of_a_program_is_on_the_page() -> None:
    for path in (ROOT / "examples").glob("*/*.py"):
        named = re.findall(r"environ(?:\.get\(|\[)[\"'](\w+)", path.read_text(encoding="utf-8"))
        assert [each for each in named if each not in PAGE] == [], path


def test_only_who_asks_for_examples_gets_their_packages() -> None:
    project = PROJECT["project"]
    asked = {"": project["dependencies"], **project["optional-dependencies"]}
    for name, needed in asked.items():
        has = {sdk for sdk in SDKS if any(each.startswith(sdk) for each in needed)}
        assert has == (set(SDKS) if name == "examples" else set())
        # A program that only develops Leadboard runs the examples' tests.
        assert name == "dev" or not any(re.search(r"\[.*examples.*\]", each) for each in needed)
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]
    assert not {Path(each).parts[0] for each in wheel} & {"examples", "tests"}


def test_programs_are_small() -> None:
    for path in (ROOT / "examples").glob("*/*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) < 180, path
