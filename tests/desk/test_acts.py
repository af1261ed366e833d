"""Every act of the desk: what it changes, what the record says of it, and that it is whole."""

import sqlite3
from collections.abc import Callable

import pytest
from peewee import Database

from leadboard import desk
from leadboard.common.errors import Trouble
from leadboard.database.connection import database
from leadboard.entities import OPERATOR, SOURCE
from tests.desk.conftest import Team
from tests.support import ACTOR, dump, rows
from tests.support.acts import (
    assert_clean,
    assert_record_replays,
    last_event,
    newest_event_id,
    snapshot,
    subjects,
)

pytestmark = pytest.mark.every_engine


Act = Callable[["Team"], object]


LOADS = (
    "(SELECT load FROM operator WHERE name = 'Vera'),"
    " (SELECT load FROM operator WHERE name = 'Gleb')"
)
PAIRS = "operator_source JOIN operator o ON o.id = operator_id JOIN source s ON s.id = source_id"


# --- each act: what it does, and what the record says of it ------------------------------------


DORA = {"name": " Dora ", "max_load": 7, "is_active": True}


EFFECTS: dict[str, tuple[Act, str, str, str, object]] = {
    "add_operator": (
        lambda _: desk.add_operator("  Dora ", 7, actor=ACTOR),
        "add operator",
        "Dora added, limit 7",
        "SELECT name, is_active, max_load, load FROM operator WHERE name = 'Dora'",
        ("Dora", 1, 7, 0),
    ),
    "add_operator off": (
        lambda _: desk.add_operator("Dora", 0, is_active=False, actor=ACTOR),
        "add operator",
        "Dora added, limit 0, off",
        "SELECT is_active, max_load FROM operator WHERE name = 'Dora'",
        (0, 0),
    ),
    "change_operator name and limit": (
        lambda team: desk.change_operator(team.vera, name="Vera K", max_load=9, actor=ACTOR),
        "change operator",
        "Vera is now Vera K, limit 4 → 9",
        "SELECT name, max_load, load FROM operator WHERE name = 'Vera K'",
        ("Vera K", 9, 3),
    ),
    "change_operator name": (
        lambda team: desk.change_operator(team.vera, name="Vera K", actor=ACTOR),
        "change operator",
        "Vera is now Vera K",
        "SELECT name, max_load FROM operator WHERE name = 'Vera K'",
        ("Vera K", 4),
    ),
    "change_operator limit": (
        lambda team: desk.change_operator(team.vera, max_load=8, actor=ACTOR),
        "change operator",
        "Vera: limit 4 → 8",
        "SELECT max_load FROM operator WHERE name = 'Vera'",
        (8,),
    ),
    "step_limit": (
        lambda team: desk.step_limit(team.vera, -2, actor=ACTOR),
        "change operator",
        "Vera: limit 4 → 2",
        "SELECT max_load, load FROM operator WHERE name = 'Vera'",
        (2, 3),
    ),
    "change_operator off": (
        lambda team: desk.change_operator(team.vera, is_active=False, actor=ACTOR),
        "change operator",
        "Vera is off and keeps 3 appeals",
        "SELECT is_active, load FROM operator WHERE name = 'Vera'",
        (0, 3),
    ),
    "toggle_active": (
        lambda team: desk.toggle_active([team.boris], actor=ACTOR),
        "change operator",
        "Boris is on",
        "SELECT is_active FROM operator WHERE name = 'Boris'",
        (1,),
    ),
    "send_home": (
        lambda team: desk.send_home([team.vera], actor=ACTOR),
        "send home",
        "Vera is off, 3 appeals returned",
        "SELECT is_active, load FROM operator WHERE name = 'Vera'",
        (0, 0),
    ),
    "delete_operator": (
        lambda team: desk.delete_operator(team.boris, actor=ACTOR),
        "delete operator",
        "Boris deleted",
        "SELECT (SELECT count(*) FROM operator), (SELECT count(*) FROM operator_source)",
        (2, 1),
    ),
    "add_source": (
        lambda _: desk.add_source("vk", actor=ACTOR),
        "add source",
        "Source vk added",
        "SELECT count(*) FROM source WHERE name = 'vk'",
        (1,),
    ),
    "change_source": (
        lambda team: desk.change_source(team.bot, name="telegram", actor=ACTOR),
        "change source",
        "Source bot is now telegram",
        "SELECT name FROM source WHERE name <> 'site'",
        ("telegram",),
    ),
    "delete_source": (
        lambda team: desk.delete_source(team.site, actor=ACTOR),
        "delete source",
        "Source site deleted",
        "SELECT count(*) FROM source",
        (1,),
    ),
    "set_weight": (
        lambda team: desk.set_weight(team.gleb, team.site, 30, actor=ACTOR),
        "weight",
        "Gleb · site: weight none → 30",
        f"SELECT weight FROM {PAIRS} WHERE s.name = 'site'",
        (30,),
    ),
    "step_weight": (
        lambda team: desk.step_weight(team.vera, team.bot, 7, actor=ACTOR),
        "weight",
        "Vera · bot: weight 50 → 57",
        f"SELECT weight FROM {PAIRS} WHERE o.name = 'Vera'",
        (57,),
    ),
    "unlink": (
        lambda team: desk.unlink(team.vera, team.bot, actor=ACTOR),
        "weight",
        "Vera · bot: weight 50 → none",
        f"SELECT count(*) FROM {PAIRS} WHERE o.name = 'Vera'",
        (0,),
    ),
    "spread": (
        lambda team: desk.spread(team.bot, actor=ACTOR),
        "spread",
        "bot: 2 operators at weight 25 each",
        "SELECT min(weight), max(weight) FROM operator_source",
        (25, 25),
    ),
    "spread_row": (
        lambda team: desk.spread_row(team.boris, actor=ACTOR),
        "spread row",
        "Boris: 1 source at weight 1 each",
        f"SELECT weight FROM {PAIRS} WHERE o.name = 'Boris'",
        (1,),
    ),
    "scale": (
        lambda team: desk.scale(team.bot, "0.5", actor=ACTOR),
        "scale",
        "bot: weights of 2 operators times 0.5",
        f"SELECT weight FROM {PAIRS} WHERE o.name = 'Vera'",
        (25,),
    ),
    "scale_row": (
        lambda team: desk.scale_row(team.vera, "150%", actor=ACTOR),
        "scale row",
        "Vera: weights of 1 source times 1.5",
        f"SELECT weight FROM {PAIRS} WHERE o.name = 'Vera'",
        (75,),
    ),
    "replace_weight": (
        lambda team: desk.replace_weight(team.vera, team.bot, 50, 30, actor=ACTOR),
        "weight",
        "Vera · bot: weight 50 → 30",
        f"SELECT weight FROM {PAIRS} WHERE o.name = 'Vera' AND s.name = 'bot'",
        (30,),
    ),
    "replace_weight by what it is": (
        lambda team: desk.replace_weight(team.gleb, team.site, None, 30, actor=ACTOR),
        "weight",
        "Gleb · site: weight none → 30",
        f"SELECT weight FROM {PAIRS} WHERE o.name = 'Gleb' AND s.name = 'site'",
        (30,),
    ),
    "set_weights": (
        lambda team: desk.set_weights(
            [(team.vera, team.bot, 9), (team.gleb, team.site, 3)], actor=ACTOR
        ),
        "weights",
        "2 weights set",
        "SELECT sum(weight) FROM operator_source WHERE weight IN (9, 3)",
        (12,),
    ),
    "import_rows of operators": (
        lambda team: desk.import_rows(
            OPERATOR, [(team.vera, {"max_load": 9}), (None, DORA)], actor=ACTOR
        ),
        "import operators",
        "Operators imported: 1 added, 1 changed",
        "SELECT (SELECT max_load FROM operator WHERE name = 'Vera'), max_load FROM operator"
        " WHERE name = 'Dora'",
        (9, 7),
    ),
    "change_operator": (
        lambda team: desk.change_operator(
            team.vera, **{"name": " Vera K ", "max_load": 9, "is_active": False}, actor=ACTOR
        ),
        "change operator",
        "Vera is now Vera K, limit 4 → 9, on → off",
        "SELECT name, max_load FROM operator WHERE name = 'Vera K'",
        ("Vera K", 9),
    ),
    "import_rows of sources": (
        lambda team: desk.import_rows(
            SOURCE, [(team.site, {"name": "web"}), (None, {"name": " vk "})], actor=ACTOR
        ),
        "import sources",
        "Sources imported: 1 added, 1 changed",
        "SELECT (SELECT name FROM source ORDER BY id DESC LIMIT 1), "
        "(SELECT name FROM source WHERE name = 'web')",
        ("vk", "web"),
    ),
    "submit": (
        lambda team: desk.submit(" 77 ", team.bot, "hello", "k", actor=ACTOR),
        "submit",
        "Appeal #5 of 77 (bot) entered, Vera",
        "SELECT operator_id, source_id, message, key, external_id, closed_at"
        " FROM appeal JOIN lead ON lead.id = lead_id ORDER BY appeal.id DESC LIMIT 1",
        (1, 1, "hello", "k", "77", None),
    ),
    "submit for nobody": (
        lambda team: desk.submit("77", team.site, "hello", actor=ACTOR),
        "submit",
        "Appeal #5 of 77 (site) entered, waiting",
        "SELECT operator_id, source_id, key FROM appeal ORDER BY id DESC LIMIT 1",
        (None, 2, None),
    ),
    "submit_to": (
        lambda team: desk.submit_to(" 77 ", team.bot, "hello", "k", team.gleb, actor=ACTOR),
        "submit",
        "Appeal #5 of 77 (bot) entered, given to Gleb",
        f"SELECT operator_id, roster_id, draw, key, closed_at, {LOADS}"
        " FROM appeal ORDER BY id DESC LIMIT 1",
        (3, None, None, "k", None, 3, 1),
    ),
    "assign": (
        lambda team: desk.assign([1], team.gleb, actor=ACTOR),
        "assign",
        "Appeal #1 of lead 0 (bot) → Gleb",
        f"SELECT (SELECT operator_id FROM appeal WHERE id = 1), {LOADS}",
        (3, 2, 1),
    ),
    "assign several": (
        lambda team: desk.assign([1, 2], team.gleb, actor=ACTOR),
        "assign",
        "2 appeals → Gleb",
        f"SELECT {LOADS}",
        (1, 2),
    ),
    "close": (
        lambda team: desk.close([1], actor=ACTOR),
        "close",
        "Appeal #1 of lead 0 (bot) closed",
        "SELECT closed_at > timestamp, operator_id, withdrawn FROM appeal WHERE id = 1",
        (1, 1, 0),
    ),
    "reopen": (
        lambda team: desk.reopen([team.closed], actor=ACTOR),
        "reopen",
        "Appeal #4 of lead 3 (bot) reopened, now with Vera",
        "SELECT closed_at, operator_id FROM appeal WHERE id = 4",
        (None, 1),
    ),
}


@pytest.mark.parametrize("name", EFFECTS)
def test_an_act_changes_its_rows_and_records_itself(team: Team, name: str) -> None:
    act, verb, note, query, expected = EFFECTS[name]
    events, before = newest_event_id(), subjects()
    act(team)
    assert rows(query) == [expected]
    assert newest_event_id() == events + 1
    assert last_event() == (ACTOR, verb, note, 0)
    assert_record_replays(newest_event_id(), before, subjects())
    assert_clean()


def test_every_act_is_tested_for_its_effect() -> None:
    tested = {name.split()[0] for name in EFFECTS} | {"give_back"}
    assert tested == set(desk.__all__) - {"Done", "undo", "redo"}


def test_a_failure_in_the_middle_of_an_act_leaves_nothing_behind(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = dump()

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("leadboard.allocation.handouts.drain", fail)
    with pytest.raises(RuntimeError):
        desk.close(team.held, actor=ACTOR)
    assert dump() == before
    assert snapshot()["operator"] == before["operator"]


# --- an act is stored whole or not at all, wherever it breaks off --------------------------------


class Failing:
    """Lets so many statements pass, and fails the next as a broken disk would."""

    def __init__(self, passing: int) -> None:
        self.left = passing

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        store = type(database.obj)
        real: Callable[..., object] = store.execute_sql

        def execute(base: Database, sql: str, *rest: object) -> object:
            self.left -= 1
            if self.left < 0:
                error = sqlite3.OperationalError("disk I/O error")
                error.sqlite_errorname = "SQLITE_IOERR_WRITE"
                raise error
            return real(base, sql, *rest)

        monkeypatch.setattr(store, "execute_sql", execute)


def _breaks_off(act: Act, team: Team, passing: int) -> bool:
    with pytest.MonkeyPatch.context() as patched:
        Failing(passing).install(patched)
        try:
            act(team)
        except Trouble:
            return True
    return False


@pytest.mark.parametrize("name", EFFECTS)
def test_an_act_that_breaks_off_at_any_statement_leaves_nothing_behind(
    team: Team, name: str
) -> None:
    act, _, _, query, expected = EFFECTS[name]
    before, passing = dump(), 0
    while _breaks_off(act, team, passing):
        assert dump() == before, f"after {passing} statements"
        passing += 1
    assert passing > 3
    assert rows(query) == [expected]
    assert_clean()
