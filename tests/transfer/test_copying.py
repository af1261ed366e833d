"""Moving house: from a file to a server and back, all of it or nothing."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import models
from allocator import submit
from leadboard import desk
from leadboard.allocation import audit
from leadboard.allocation.verification import verify
from leadboard.common.errors import Refused, Trouble
from leadboard.common.progress import Advance
from leadboard.transfer import copying as moving
from leadboard.transfer.copying import move
from tests.support import ACTOR, Team, add_team, dump, elsewhere, rows
from tests.support.processes import ROOT
from tests.support.server import Server


@pytest.fixture
def house(tmp_path: Path) -> str:
    """Return a file with a team, acts, undone acts, closed, waiting and withdrawn appeals."""
    path = str(tmp_path / "house.db")
    opened = models.open_database(path)
    team = add_team({"Анна": 3, "Boris": 2}, {"tg": {"Анна": 70, "Boris": 0}, "vk": {}})
    for number in range(9):
        submit(f"tg_{number % 4}", 1 + number % 2, f"text {number}\n'\\%s ?", key=f"k{number}")
    desk.close([1], actor=ACTOR)
    desk.submit("by hand", team.tg, "", actor=ACTOR)
    desk.undo(actor=ACTOR)
    desk.toggle_active([team.boris], actor=ACTOR)
    opened.close()
    return path


@pytest.fixture
def empty(server: Server) -> Iterator[str]:
    """Return a server's database without tables."""
    with server.fresh("template1") as name:
        yield server.url(name)


def silent(_: int) -> "Silent":
    return Silent()


class Silent:
    """A bar that nobody sees."""

    def __enter__(self) -> Advance:
        return lambda _done, _rows: None

    def __exit__(self, *_: object) -> None:
        """Do nothing."""


def content(target: str) -> dict[str, list[tuple[object, ...]]]:
    """Return every row, with flags as one engine has them."""
    opened = models.open_database(target)
    found = dump()
    opened.close()
    for table, flags in (("operator", (2,)), ("appeal", (10,)), ("event", (5,)), ("change", (9,))):
        found[table] = sorted(
            (
                tuple(bool(each) if place in flags else each for place, each in enumerate(row))
                for row in found[table]
            ),
            key=repr,
        )
    return found


def test_a_house_moves_to_a_server_and_back(house: str, empty: str, tmp_path: Path) -> None:
    back = str(tmp_path / "back.db")
    there = move(house, empty, silent)
    again = move(empty, back, silent)
    assert there == again
    assert {each.table: each.rows for each in there}["appeal"] == 10
    assert content(house) == content(empty) == content(back)


@pytest.mark.parametrize("kind", ["file", "server"])
def test_ids_go_on_where_they_were(house: str, empty: str, tmp_path: Path, kind: str) -> None:
    target = empty if kind == "server" else str(tmp_path / "new.db")
    move(house, target, silent)
    opened = models.open_database(target)
    team = Team()
    assert submit("next", team.tg, "").id == 11
    desk.add_operator("Vera", 1, actor=ACTOR)
    assert rows("SELECT id FROM operator WHERE name = 'Vera'") == [(3,)]
    assert audit.check() == []
    assert verify().findings == []
    opened.close()


def test_a_database_that_holds_something_is_refused(house: str, empty: str) -> None:
    models.open_database(empty)
    desk.add_source("mine", actor=ACTOR)
    before = content(empty)
    with pytest.raises(Refused, match="holds rows of source already"):
        move(house, empty, silent)
    assert content(empty) == before


def test_a_database_is_not_copied_into_itself(house: str, empty: str) -> None:
    with pytest.raises(Refused, match="the database itself"):
        move(house, house, silent)
    models.open_database(empty).close()
    with pytest.raises(Refused, match="the database itself"):
        move(empty, empty, silent)


@pytest.mark.parametrize("lost", ["event_change", "change"])
@pytest.mark.parametrize("kind", ["file", "server"])
def test_what_does_not_arrive_whole_is_not_kept(
    house: str, empty: str, tmp_path: Path, kind: str, lost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = empty if kind == "server" else str(tmp_path / "new.db")
    real = moving._Columns.write

    def careless(table: moving._Columns, opened: object, page: list[moving.RawRow]) -> None:
        kept = page[:-1] if table.name == lost else page
        real(table, opened, kept)  # type: ignore[arg-type]

    monkeypatch.setattr(moving._Columns, "write", careless)
    with pytest.raises(Trouble, match=f" {lost} differ"):
        move(house, target, silent)
    assert kind == "server" or not list(tmp_path.glob("new.db*"))
    if kind == "server":
        there = {table for table, found in content(target).items() if found}
        assert there == {"schema_version", "ledger_bounds"}  # as in each new database


def test_a_text_that_a_server_cannot_hold_is_a_sentence(house: str, empty: str) -> None:
    elsewhere(house, "UPDATE appeal SET message = 'a' || char(0) WHERE id = 2")
    with pytest.raises(Refused, match="NUL"):
        move(house, empty, silent)


def test_a_row_that_breaks_a_rule_is_a_sentence(house: str, empty: str) -> None:
    elsewhere(house, "PRAGMA foreign_keys = 0; ")
    elsewhere(house, "UPDATE appeal SET operator_id = 99 WHERE id = 2")
    with pytest.raises(Refused, match="A row of appeal breaks a rule"):
        move(house, empty, silent)


def test_the_command_tells_what_arrived(house: str, empty: str) -> None:
    command = [sys.executable, "-m", "leadboard.cli", "--db", house, "copy", "--to", empty]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split()[:2] for line in done.stdout.splitlines()[:4]] == [
        ["operator", "2"],
        ["source", "2"],
        ["operator_source", "2"],
        ["lead", "5"],
    ]
    assert done.stdout.endswith("The same on both sides.\n")
    again = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert (again.returncode, again.stderr.count("\n")) == (2, 1)
