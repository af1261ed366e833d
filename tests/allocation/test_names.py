"""Names that look the same: taken, found and named, also those of earlier versions."""

import io
import json
import sqlite3
from collections.abc import Callable

import pytest
from peewee import Database

from allocator import submit
from leadboard import desk
from leadboard.allocation import audit, names
from leadboard.allocation.intake import Placed
from leadboard.allocation.names import ids_by_name
from leadboard.cli.feed import parsed, store_batch
from leadboard.cli.line_reader import Line
from leadboard.common.errors import Refused
from leadboard.database.connection import database
from leadboard.entities import OPERATOR, SOURCE, Entity
from leadboard.transfer.appeals import plan_appeals
from leadboard.transfer.leads import plan_leads
from leadboard.transfer.team import plan_operators, plan_sources, plan_weights
from models import Source
from tests.support import ACTOR, Team, add_team, dump, elsewhere, rows
from tests.support.tables import PLANS, out

pytestmark = pytest.mark.every_engine


def old_twins(target: str) -> None:
    """Store names as an earlier version took them."""
    team = add_team({"Anna": 5, "Boris": 5}, {"tg": {"Anna": 1}, "vk": {}})
    submit("+7", team.tg, "m")
    elsewhere(target, "INSERT INTO operator (name, max_load) VALUES ('Anna\u200b', 5)")
    elsewhere(target, "INSERT INTO source (name) VALUES ('si\u00adte')")
    for lead in ("\u202a+7", "+7\u200b", "8\u00a09", "8\u20099", "9\ufeff"):
        elsewhere(target, f"INSERT INTO lead (external_id) VALUES ('{lead}')")


@pytest.mark.parametrize("page", [1, 2, 5_000])
def test_check_names_those_that_look_the_same(
    db: Database, target: str, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(names, "PAGE", page)
    old_twins(target)
    assert [(each.sentence, each.is_mendable) for each in audit.check()] == [
        ("Operators #1 and #3 look the same, as Anna: rename one.", False),
        ("Leads #1, #2 and #3 look the same, as +7.", False),
        ("Leads #4 and #5 look the same, as 8 9.", False),
    ]


def test_check_counts_what_it_does_not_name(
    db: Database, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(names, "MOST_GROUPS", 1)
    monkeypatch.setattr(names, "MOST_IDS", 2)
    old_twins(target)
    assert [each.sentence for each in audit.check()][1:] == [
        "Leads #1, #2 and 1 more look the same, as +7.",
        "Leads: 1 more names have look-alikes.",
    ]


def test_an_old_name_is_found_by_how_it_reads(db: Database, target: str) -> None:
    old_twins(target)
    team = Team()
    site = team["si\u00adte"]
    assert ids_by_name(Source) == {
        "tg": team.tg,
        "vk": team.vk,
        "site": site,
        "si\u00adte": site,
    }
    sent = json.dumps({"external_id": "a", "source": "site\u200b", "message": ""}).encode()
    [placed] = store_batch([parsed(Line(1, sent))], None)
    assert isinstance(placed, Placed)
    assert placed.source_id == site
    file = b"external_id,source,operator\nb,site,Anna\n"
    plan_appeals(io.BytesIO(file), "csv", force=True).act(ACTOR)
    assert rows("SELECT source_id, operator_id FROM appeal ORDER BY id DESC LIMIT 1") == [
        (site, team.anna)
    ]
    plan_weights(io.BytesIO(b"operator,site\nBoris,9\n"), "csv").act(ACTOR)
    assert rows("SELECT operator_id, weight FROM operator_source WHERE source_id = ?", site) == [
        (team.boris, 9)
    ]


def test_a_name_that_looks_like_an_old_one_is_taken(db: Database, target: str) -> None:
    old_twins(target)
    before = dump()
    acts: list[Callable[[], object]] = [
        lambda: desk.add_source("site", actor=ACTOR),
        lambda: desk.change_source(Team().tg, name="si\u00adte", actor=ACTOR),
        lambda: desk.change_operator(Team().boris, name="Anna", max_load=5, actor=ACTOR),
    ]
    for act in acts:
        with pytest.raises(Refused, match="taken"):
            act()
    assert dump() == before
    desk.change_source(Team()["si\u00adte"], name="site", actor=ACTOR)  # itself, made plain
    assert rows("SELECT name FROM source WHERE id = 3") == [("site",)]


def test_an_old_name_that_undo_brings_back_is_taken_again(db: Database, target: str) -> None:
    old_twins(target)
    desk.change_source(Team()["si\u00adte"], name="shop", actor=ACTOR)
    desk.undo(actor=ACTOR)
    with pytest.raises(Refused, match="taken"):
        desk.add_source("site", actor=ACTOR)
    renaming = desk.change_source(Team()["si\u00adte"], name="shop", actor=ACTOR).event_id
    desk.add_source("site", actor=ACTOR)
    with pytest.raises(Refused, match="taken"):
        desk.undo(renaming, actor=ACTOR)
    assert rows("SELECT name FROM source WHERE id > 2 ORDER BY id") == [("shop",), ("site",)]


@pytest.mark.sqlite
@pytest.mark.parametrize("entity", [OPERATOR, SOURCE])
def test_many_names_in_one_act_are_not_each_compared_with_all_others(
    db: Database, entity: Entity
) -> None:
    ticks: list[int] = []
    raw: sqlite3.Connection = database.cursor().connection

    def steps(first: int, size: int) -> int:
        """Return what adding so many rows takes, in hundreds of SQLite's own steps."""
        ticks.clear()
        fresh = {"max_load": 1} if entity is OPERATOR else {}
        added = range(first, first + size)
        wanted = [(None, {"name": f"N{each}", **fresh}) for each in added]
        desk.import_rows(entity, wanted, actor=ACTOR)
        return len(ticks)

    raw.set_progress_handler(lambda: ticks.append(1), 100)
    few, many = steps(0, 100), steps(1_000, 1_600)
    raw.set_progress_handler(None, 0)
    assert 0 < many < 32 * few


def test_an_old_file_exported_and_imported_again_changes_nothing(db: Database, target: str) -> None:
    old_twins(target)
    submit("\u202a+7", Team()["si\u00adte"], "n")
    before = dump()
    for what in ("operators", "sources", "weights", "leads", "appeals"):
        for form in ("csv", "json"):
            plan = PLANS[what](io.BytesIO(out(what, form).encode()), form)
            assert plan.changes == 0, (what, form, plan.words)
    assert dump() == before


def test_files_take_names_that_look_the_same_once(db: Database) -> None:
    file = "name,max_load\nAnna,5\nAnna\u200b,6\n".encode()
    with pytest.raises(Refused, match="row 3, column name: row 2 is about the same"):
        plan_operators(io.BytesIO(file), "csv")
    plan_sources(io.BytesIO("name\nVera\u00a0P\n".encode()), "csv").act(ACTOR)
    plan_leads(io.BytesIO("external_id\n+7\n\u202a+7\u202c\n".encode()), "csv").act(ACTOR)
    assert rows("SELECT name FROM source") == [("Vera P",)]
    assert rows("SELECT external_id FROM lead") == [("+7",)]
