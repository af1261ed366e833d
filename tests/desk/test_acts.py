"""What a dispatcher can do: each act's effect, its record, and what it refuses."""

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from peewee import Database

import allocator
from leadboard import desk
from leadboard.allocation.journal import Journal
from leadboard.common.errors import Trouble
from leadboard.common.validation import MAX_LIMIT, MAX_WEIGHT
from leadboard.database.connection import database
from leadboard.desk import Done
from models import Operator
from tests.acts_model import (
    ACTOR,
    add_operator,
    add_source,
    arrive,
    assert_clean,
    assert_loads_count_open_appeals,
    assert_record_replays,
    changes_of,
    everything,
    holder_of,
    holders_of,
    last_event,
    load_of,
    newest_event_id,
    number,
    opened,
    refused,
    scalar,
    select,
    snapshot,
    subjects,
)

pytestmark = pytest.mark.every_engine

Act = Callable[["Team"], object]

LOADS = "(SELECT load FROM operator WHERE id = 1), (SELECT load FROM operator WHERE id = 3)"


@pytest.fixture(autouse=True)
def book(target: str) -> Iterator[str]:
    with opened(target) as path:
        yield path


@dataclass(frozen=True, slots=True)
class Team:
    """Vera has three open appeals of four; Boris is off; Gleb is new and serves nothing."""

    vera: int
    boris: int
    gleb: int
    bot: int
    site: int
    held: list[int]
    closed: int


@pytest.fixture
def team() -> Team:
    vera, boris, gleb = add_operator("Vera", 4), add_operator("Boris", 3), add_operator("Gleb", 2)
    bot, site = add_source("bot", (vera, 50), (boris, 0)), add_source("site")
    desk.set_active(boris, False, actor="setup")
    *held, closed = arrive(bot, 4)
    desk.close([closed], actor="setup")
    return Team(vera, boris, gleb, bot, site, held, closed)


NEW = 10**6
"""No row has this id."""

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
        "Dora added, limit 0",
        "SELECT is_active, max_load FROM operator WHERE name = 'Dora'",
        (0, 0),
    ),
    "edit_operator": (
        lambda team: desk.edit_operator(team.vera, "Vera K", 9, actor=ACTOR),
        "edit operator",
        "Vera is now Vera K: limit 4 → 9",
        "SELECT name, max_load, load FROM operator WHERE id = 1",
        ("Vera K", 9, 3),
    ),
    "rename_operator": (
        lambda team: desk.rename_operator(team.vera, "Vera K", actor=ACTOR),
        "rename operator",
        "Vera is now Vera K",
        "SELECT name, max_load FROM operator WHERE id = 1",
        ("Vera K", 4),
    ),
    "set_limit": (
        lambda team: desk.set_limit(team.vera, 8, actor=ACTOR),
        "limit",
        "Vera: limit 4 → 8",
        "SELECT max_load FROM operator WHERE id = 1",
        (8,),
    ),
    "step_limit": (
        lambda team: desk.step_limit(team.vera, -2, actor=ACTOR),
        "limit",
        "Vera: limit 4 → 2",
        "SELECT max_load, load FROM operator WHERE id = 1",
        (2, 3),
    ),
    "set_active": (
        lambda team: desk.set_active(team.vera, False, actor=ACTOR),
        "on or off",
        "Vera is off and keeps 3 appeals",
        "SELECT is_active, load FROM operator WHERE id = 1",
        (0, 3),
    ),
    "toggle_active": (
        lambda team: desk.toggle_active(team.boris, actor=ACTOR),
        "on or off",
        "Boris is on",
        "SELECT is_active FROM operator WHERE id = 2",
        (1,),
    ),
    "send_home": (
        lambda team: desk.send_home(team.vera, actor=ACTOR),
        "send home",
        "Vera is off, 3 appeals returned",
        "SELECT is_active, load FROM operator WHERE id = 1",
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
    "rename_source": (
        lambda team: desk.rename_source(team.bot, "telegram", actor=ACTOR),
        "rename source",
        "Source bot is now telegram",
        "SELECT name FROM source WHERE id = 1",
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
        "SELECT weight FROM operator_source WHERE source_id = 2",
        (30,),
    ),
    "step_weight": (
        lambda team: desk.step_weight(team.vera, team.bot, 7, actor=ACTOR),
        "weight",
        "Vera · bot: weight 50 → 57",
        "SELECT weight FROM operator_source WHERE operator_id = 1",
        (57,),
    ),
    "unlink": (
        lambda team: desk.unlink(team.vera, team.bot, actor=ACTOR),
        "weight",
        "Vera · bot: weight 50 → none",
        "SELECT count(*) FROM operator_source WHERE operator_id = 1",
        (0,),
    ),
    "spread": (
        lambda team: desk.spread(team.bot, actor=ACTOR),
        "spread",
        "bot: 2 operators at weight 25 each",
        "SELECT min(weight), max(weight) FROM operator_source",
        (25, 25),
    ),
    "replace_weight": (
        lambda team: desk.replace_weight(team.vera, team.bot, 50, 30, actor=ACTOR),
        "weight",
        "Vera · bot: weight 50 → 30",
        "SELECT weight FROM operator_source WHERE operator_id = 1 AND source_id = 1",
        (30,),
    ),
    "replace_weight by what it is": (
        lambda team: desk.replace_weight(team.gleb, team.site, None, 30, actor=ACTOR),
        "weight",
        "Gleb · site: weight none → 30",
        "SELECT weight FROM operator_source WHERE operator_id = 3 AND source_id = 2",
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
    "import_operators": (
        lambda team: desk.import_operators(
            [(team.vera, {"max_load": 9}), (None, DORA)], actor=ACTOR
        ),
        "import operators",
        "Operators imported: 1 added, 1 changed",
        "SELECT (SELECT max_load FROM operator WHERE id = 1), max_load FROM operator"
        " WHERE name = 'Dora'",
        (9, 7),
    ),
    "change_operator": (
        lambda team: desk.change_operator(
            team.vera, {"name": " Vera K ", "max_load": 9, "is_active": False}, actor=ACTOR
        ),
        "change operator",
        "Vera: name Vera → Vera K, limit 4 → 9, active True → False",
        "SELECT name, max_load FROM operator WHERE id = 1",
        ("Vera K", 9),
    ),
    "import_sources": (
        lambda team: desk.import_sources(
            [(team.site, {"name": "web"}), (None, {"name": " vk "})], actor=ACTOR
        ),
        "import sources",
        "Sources imported: 1 added, 1 changed",
        "SELECT (SELECT name FROM source ORDER BY id DESC LIMIT 1), "
        "(SELECT name FROM source WHERE id = 2)",
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
    assert select(query) == [expected]
    assert newest_event_id() == events + 1
    assert last_event() == (ACTOR, verb, note, 0)
    assert_record_replays(newest_event_id(), before, subjects())
    assert_clean()


def test_returning_an_appeal_lets_the_lottery_give_it_again(team: Team) -> None:
    desk.set_weight(team.vera, team.bot, MAX_WEIGHT, actor="setup")
    before = subjects()
    done = desk.give_back([1], actor=ACTOR)
    assert done.event_id is not None
    assert last_event() == (
        ACTOR,
        "return",
        "Appeal #1 of lead 0 (bot) returned, now with Vera; 1 waiting handed out",
        0,
    )
    assert_record_replays(done.event_id, before, subjects())
    assert_clean()


def test_a_return_that_draws_the_same_ticket_again_is_recorded_and_undone(team: Team) -> None:
    only = add_source("phone", (team.gleb, 1))
    [appeal] = arrive(only, 1)
    before = snapshot()
    done = desk.give_back([appeal], actor=ACTOR)
    assert snapshot() == before
    assert done.event_id == newest_event_id()
    assert list(changes_of(newest_event_id())) == [f"appeal:{appeal}"]
    assert desk.undo(actor=ACTOR).event_id == newest_event_id()
    assert desk.redo(actor=ACTOR).event_id == newest_event_id()
    assert snapshot() == before
    assert_clean()


def test_an_appeal_returned_while_nobody_is_eligible_waits_without_its_old_draw(
    team: Team,
) -> None:
    desk.set_active(team.vera, False, actor=ACTOR)
    done = desk.give_back(team.held[:2], actor=ACTOR)
    assert done.note == "2 appeals returned, 2 waiting"
    assert (
        select("SELECT operator_id, roster_id, draw FROM appeal WHERE id <= 2")
        == [(None, None, None)] * 2
    )
    assert load_of(team.vera) == 1


def test_every_act_is_tested_for_its_effect() -> None:
    tested = {name.split()[0] for name in EFFECTS} | {"give_back"}
    assert tested == set(desk.__all__) - {"Done", "undo", "redo"}


# --- refusals: a sentence, and nothing changed -------------------------------------------------

LONG = "x" * 81

REFUSALS: dict[str, Act] = {
    "a weight that is another now": lambda t: desk.replace_weight(
        t.vera, t.bot, 49, 30, actor=ACTOR
    ),
    "a weight that was there and is not": lambda t: desk.replace_weight(
        t.gleb, t.bot, 49, 30, actor=ACTOR
    ),
    "a weight that was not there and is": lambda t: desk.replace_weight(
        t.vera, t.bot, None, 30, actor=ACTOR
    ),
    "an operator without a name": lambda _: desk.add_operator(" ", 1, actor=ACTOR),
    "an operator whose name is no text": lambda _: desk.add_operator(7, 1, actor=ACTOR),
    "an operator with a long name": lambda _: desk.add_operator(LONG, 1, actor=ACTOR),
    "an operator with an escape": lambda _: desk.add_operator("a\x1b[1m", 1, actor=ACTOR),
    "an operator twice": lambda _: desk.add_operator("Vera", 1, actor=ACTOR),
    "an operator with a negative limit": lambda _: desk.add_operator("D", -1, actor=ACTOR),
    "an operator with a vast limit": lambda _: desk.add_operator("D", MAX_LIMIT + 1, actor=ACTOR),
    "an operator with a limit of text": lambda _: desk.add_operator("D", "5", actor=ACTOR),
    "an operator with a limit of truth": lambda _: desk.add_operator("D", True, actor=ACTOR),
    "an operator with half a limit": lambda _: desk.add_operator("D", 1.5, actor=ACTOR),
    "editing nobody": lambda _: desk.edit_operator(NEW, "D", 1, actor=ACTOR),
    "editing to a taken name": lambda t: desk.edit_operator(t.gleb, "Vera", 1, actor=ACTOR),
    "editing to a bad limit": lambda t: desk.edit_operator(t.gleb, "Gleb", None, actor=ACTOR),
    "renaming nobody": lambda _: desk.rename_operator(NEW, "D", actor=ACTOR),
    "renaming to a taken name": lambda t: desk.rename_operator(t.gleb, "Vera", actor=ACTOR),
    "renaming to nothing": lambda t: desk.rename_operator(t.gleb, "", actor=ACTOR),
    "limiting nobody": lambda _: desk.set_limit(NEW, 1, actor=ACTOR),
    "a negative limit": lambda t: desk.set_limit(t.gleb, -1, actor=ACTOR),
    "stepping nobody's limit": lambda _: desk.step_limit(NEW, 1, actor=ACTOR),
    "stepping a limit too far": lambda t: desk.step_limit(t.gleb, MAX_LIMIT, actor=ACTOR),
    "switching nobody": lambda _: desk.set_active(NEW, True, actor=ACTOR),
    "toggling nobody": lambda _: desk.toggle_active(NEW, actor=ACTOR),
    "sending nobody home": lambda _: desk.send_home(NEW, actor=ACTOR),
    "deleting nobody": lambda _: desk.delete_operator(NEW, actor=ACTOR),
    "deleting who has appeals": lambda t: desk.delete_operator(t.vera, actor=ACTOR),
    "a source without a name": lambda _: desk.add_source("\t", actor=ACTOR),
    "a source twice": lambda _: desk.add_source("bot", actor=ACTOR),
    "renaming no source": lambda _: desk.rename_source(NEW, "vk", actor=ACTOR),
    "renaming a source to a taken name": lambda t: desk.rename_source(t.site, "bot", actor=ACTOR),
    "deleting no source": lambda _: desk.delete_source(NEW, actor=ACTOR),
    "deleting a source with appeals": lambda t: desk.delete_source(t.bot, actor=ACTOR),
    "a weight for nobody": lambda t: desk.set_weight(NEW, t.bot, 1, actor=ACTOR),
    "a weight for no source": lambda t: desk.set_weight(t.vera, NEW, 1, actor=ACTOR),
    "a negative weight": lambda t: desk.set_weight(t.vera, t.bot, -1, actor=ACTOR),
    "a vast weight": lambda t: desk.set_weight(t.vera, t.bot, MAX_WEIGHT + 1, actor=ACTOR),
    "a weight of text": lambda t: desk.set_weight(t.vera, t.bot, "7", actor=ACTOR),
    "stepping nobody's weight": lambda t: desk.step_weight(NEW, t.bot, 1, actor=ACTOR),
    "unlinking nobody": lambda t: desk.unlink(NEW, t.bot, actor=ACTOR),
    "unlinking from no source": lambda t: desk.unlink(t.vera, NEW, actor=ACTOR),
    "spreading no source": lambda _: desk.spread(NEW, actor=ACTOR),
    "spreading a source nobody serves": lambda t: desk.spread(t.site, actor=ACTOR),
    "an appeal of nobody": lambda t: desk.submit("", t.bot, "hi", actor=ACTOR),
    "an appeal of no source": lambda _: desk.submit("77", NEW, "hi", actor=ACTOR),
    "an appeal whose text is a number": lambda t: desk.submit("77", t.bot, 7, actor=ACTOR),
    "an appeal too long": lambda t: desk.submit("77", t.bot, "x" * 10_001, actor=ACTOR),
    "an appeal with an empty key": lambda t: desk.submit("77", t.bot, "hi", "", actor=ACTOR),
    "assigning nothing": lambda t: desk.assign([], t.gleb, actor=ACTOR),
    "assigning no appeal": lambda t: desk.assign([NEW], t.gleb, actor=ACTOR),
    "assigning to nobody": lambda _: desk.assign([1], NEW, actor=ACTOR),
    "assigning to nobody by force": lambda _: desk.assign([1], NEW, force=True, actor=ACTOR),
    "assigning to its holder": lambda t: desk.assign([1], t.vera, actor=ACTOR),
    "assigning a closed one": lambda t: desk.assign([t.closed], t.gleb, actor=ACTOR),
    "assigning to one who is off": lambda t: desk.assign([1], t.boris, actor=ACTOR),
    "assigning too many": lambda t: desk.assign(t.held, t.gleb, actor=ACTOR),
    "assigning one of several gone": lambda t: desk.assign([1, NEW], t.gleb, actor=ACTOR),
    "returning nothing": lambda _: desk.give_back([], actor=ACTOR),
    "returning no appeal": lambda _: desk.give_back([NEW], actor=ACTOR),
    "returning a closed one": lambda t: desk.give_back([t.closed], actor=ACTOR),
    "returning one of several gone": lambda _: desk.give_back([1, NEW], actor=ACTOR),
    "closing nothing": lambda _: desk.close([], actor=ACTOR),
    "closing no appeal": lambda _: desk.close([NEW], actor=ACTOR),
    "closing a closed one": lambda t: desk.close([t.closed], actor=ACTOR),
    "closing one of several gone": lambda _: desk.close([1, NEW], actor=ACTOR),
    "reopening nothing": lambda _: desk.reopen([], actor=ACTOR),
    "reopening no appeal": lambda _: desk.reopen([NEW], actor=ACTOR),
    "reopening an open one": lambda _: desk.reopen([1], actor=ACTOR),
    "undoing nothing of mine": lambda _: desk.undo(actor=ACTOR),
    "undoing no event": lambda _: desk.undo(NEW, actor=ACTOR),
    "redoing nothing of mine": lambda _: desk.redo(actor=ACTOR),
    "redoing what stands": lambda _: desk.redo(1, actor=ACTOR),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_is_a_sentence_and_changes_nothing(team: Team, name: str) -> None:
    with refused():
        REFUSALS[name](team)
    assert_clean()


def test_returning_what_waits_is_refused(team: Team) -> None:
    (waiting,) = arrive(team.site)
    with refused("waiting already"):
        desk.give_back([waiting], actor=ACTOR)


# --- acts that have nothing to do --------------------------------------------------------------

IDLE: dict[str, Act] = {
    "the same name": lambda t: desk.rename_operator(t.vera, " Vera ", actor=ACTOR),
    "the same name and limit": lambda t: desk.edit_operator(t.vera, "Vera", 4, actor=ACTOR),
    "the same limit": lambda t: desk.set_limit(t.vera, 4, actor=ACTOR),
    "no step of the limit": lambda t: desk.step_limit(t.vera, 0, actor=ACTOR),
    "on already": lambda t: desk.set_active(t.vera, True, actor=ACTOR),
    "home already": lambda t: desk.send_home(t.boris, actor=ACTOR),
    "the same source name": lambda t: desk.rename_source(t.bot, "bot", actor=ACTOR),
    "the weight that somebody else has set": lambda t: desk.replace_weight(
        t.vera, t.bot, 7, 50, actor=ACTOR
    ),
    "the same weight": lambda t: desk.set_weight(t.vera, t.bot, 50, actor=ACTOR),
    "no step of the weight": lambda t: desk.step_weight(t.vera, t.bot, 0, actor=ACTOR),
    "a step below zero": lambda t: desk.step_weight(t.boris, t.bot, -1, actor=ACTOR),
    "no link to take away": lambda t: desk.unlink(t.gleb, t.bot, actor=ACTOR),
}


@pytest.mark.parametrize("name", IDLE)
def test_an_act_with_nothing_to_do_is_not_recorded(team: Team, name: str) -> None:
    before = everything()
    done = IDLE[name](team)
    assert isinstance(done, Done)
    assert done.event_id is None
    assert everything() == before


def test_spreading_what_is_even_already_is_not_recorded(team: Team) -> None:
    desk.spread(team.bot, actor=ACTOR)
    before = everything()
    assert desk.spread(team.bot, actor=ACTOR).event_id is None
    assert everything() == before


def test_a_message_sent_twice_by_hand_is_recorded_once(team: Team) -> None:
    first = desk.submit("77", team.bot, "hello", "k1", actor=ACTOR)
    before = everything()
    second = desk.submit("77", team.bot, "again", "k1", actor=ACTOR)
    assert (second.id, second.is_repeat, second.differs) == (first.id, True, True)
    assert everything() == before


# --- limits, and who is on ---------------------------------------------------------------------


def test_a_limit_below_the_load_sheds_nobody(team: Team) -> None:
    desk.set_limit(team.vera, 1, actor=ACTOR)
    assert load_of(team.vera) == 3
    assert holders_of(team.held) == [team.vera] * 3
    assert holders_of(arrive(team.bot)) == [None]


def test_who_is_switched_off_keeps_his_appeals_and_gets_no_more(team: Team) -> None:
    desk.set_active(team.vera, False, actor=ACTOR)
    assert holders_of(team.held) == [team.vera] * 3
    assert holders_of(arrive(team.bot)) == [None]


def test_sending_home_hands_the_appeals_to_others_as_far_as_they_have_room(team: Team) -> None:
    desk.set_weight(team.gleb, team.bot, 1, actor=ACTOR)
    done = desk.send_home(team.vera, actor=ACTOR)
    assert done.note == "Vera is off, 3 appeals returned; 2 waiting handed out"
    assert holders_of(team.held) == [team.gleb, team.gleb, None]
    assert (load_of(team.vera), load_of(team.gleb)) == (0, 2)


def test_a_step_of_the_limit_stops_at_zero(team: Team) -> None:
    assert desk.step_limit(team.gleb, -100, actor=ACTOR).note == "Gleb: limit 2 → 0"


def test_a_step_of_the_weight_stops_at_both_ends(team: Team) -> None:
    desk.step_weight(team.vera, team.bot, MAX_WEIGHT, actor=ACTOR)
    assert scalar("SELECT weight FROM operator_source WHERE operator_id = ?", team.vera) == (
        MAX_WEIGHT
    )
    desk.step_weight(team.vera, team.bot, -2 * MAX_WEIGHT, actor=ACTOR)
    assert scalar("SELECT weight FROM operator_source WHERE operator_id = ?", team.vera) == 0


def test_a_step_of_a_weight_that_is_not_there_counts_from_zero(team: Team) -> None:
    desk.step_weight(team.gleb, team.bot, 3, actor=ACTOR)
    assert scalar("SELECT weight FROM operator_source WHERE operator_id = ?", team.gleb) == 3


@pytest.mark.parametrize(
    ("weights", "even"), [((0, 0), 1), ((1, 0), 1), ((10, 20), 15), ((7, 8, 9), 8), ((1, 2, 4), 2)]
)
def test_spreading_keeps_the_sum_as_near_as_may_be(weights: tuple[int, ...], even: int) -> None:
    links = [(add_operator(f"op {each}"), weight) for each, weight in enumerate(weights)]
    source = add_source("s", *links)
    desk.spread(source, actor=ACTOR)
    assert select("SELECT DISTINCT weight FROM operator_source") == [(even,)]


# --- what frees a place hands out what waits, oldest first --------------------------------------


@dataclass(frozen=True, slots=True)
class Crowd:
    """Vera holds one of one; Boris is off; six appeals wait at two sources, one served by none."""

    vera: int
    boris: int
    gleb: int
    bot: int
    held: int
    waiting: list[int]


@pytest.fixture
def crowd() -> Crowd:
    vera, boris, gleb = add_operator("Vera", 1), add_operator("Boris", 1), add_operator("Gleb", 1)
    bot = add_source("bot", (vera, 10), (boris, 0))
    lonely = add_source("lonely")
    desk.set_active(gleb, False, actor="setup")
    desk.set_weight(gleb, bot, 10, actor="setup")
    (held,) = arrive(bot)
    waiting = []
    for _ in range(3):
        arrive(lonely)
        waiting += arrive(bot)
    return Crowd(vera, boris, gleb, bot, held, waiting)


FREEING: dict[str, tuple[Callable[[Crowd], object], int]] = {
    "raising a limit": (lambda c: desk.set_limit(c.vera, 2, actor=ACTOR), 1),
    "stepping a limit up": (lambda c: desk.step_limit(c.vera, 1, actor=ACTOR), 1),
    "editing a limit up": (lambda c: desk.edit_operator(c.vera, "V", 3, actor=ACTOR), 2),
    "activating": (lambda c: desk.set_active(c.gleb, True, actor=ACTOR), 1),
    "toggling on": (lambda c: desk.toggle_active(c.gleb, actor=ACTOR), 1),
    "raising a weight": (lambda c: desk.set_weight(c.boris, c.bot, 1, actor=ACTOR), 1),
    "stepping a weight up": (lambda c: desk.step_weight(c.boris, c.bot, 1, actor=ACTOR), 1),
    "spreading": (lambda c: desk.spread(c.bot, actor=ACTOR), 1),
    "closing": (lambda c: desk.close([c.held], actor=ACTOR), 1),
    "moving to another": (lambda c: desk.assign([c.held], c.boris, actor=ACTOR), 1),
}


@pytest.mark.parametrize("name", FREEING)
def test_what_frees_a_place_gives_it_to_who_waited_longest(crowd: Crowd, name: str) -> None:
    act, given = FREEING[name]
    before = subjects()
    act(crowd)
    holders = holders_of(crowd.waiting)
    assert [holder is not None for holder in holders] == [True] * given + [False] * (3 - given)
    assert_record_replays(newest_event_id(), before, subjects())
    assert {f"appeal:{each}" for each in crowd.waiting[:given]} <= set(
        changes_of(newest_event_id())
    )
    assert str(last_event()[2]).endswith(f"; {given} waiting handed out")
    assert_clean()


def test_adding_a_weight_gives_the_oldest_to_the_new_one(crowd: Crowd) -> None:
    dora = add_operator("Dora", 2)
    desk.set_weight(dora, crowd.bot, 5, actor=ACTOR)
    assert holders_of(crowd.waiting) == [dora, dora, None]


def test_a_returned_appeal_goes_before_the_younger_ones(crowd: Crowd) -> None:
    desk.give_back([crowd.held], actor=ACTOR)
    assert holder_of(crowd.held) == crowd.vera
    assert holders_of(crowd.waiting) == [None] * 3


def test_an_arrival_does_not_go_before_those_who_wait(crowd: Crowd) -> None:
    (late,) = arrive(crowd.bot)
    desk.set_limit(crowd.vera, 3, actor=ACTOR)
    assert holders_of([*crowd.waiting, late]) == [crowd.vera, crowd.vera, None, None]


def test_a_drain_larger_than_a_batch_goes_on_in_further_transactions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    count = 2 * allocator.DRAIN_BATCH + 7
    vera = add_operator("Vera", 0)
    bot = add_source("bot", (vera, 1))
    waiting = arrive(bot, count)
    transactions = _count_drains(monkeypatch)
    done = desk.set_limit(vera, count, actor=ACTOR)
    assert set(holders_of(waiting)) == {vera}
    assert load_of(vera) == count
    assert done.note == f"Vera: limit 0 → {count}; {count} waiting handed out"
    assert transactions == [allocator.DRAIN_BATCH, allocator.DRAIN_BATCH, 7]
    assert_clean()


def _count_drains(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    given: list[int] = []
    real = allocator.drain

    def counted(*arguments: object, **options: object) -> allocator.Drained:
        drained = real(*arguments, **options)  # type: ignore[arg-type]
        given.append(drained.given)
        return drained

    monkeypatch.setattr("leadboard.allocation.handouts.drain", counted)
    return given


# --- assigning ---------------------------------------------------------------------------------


def test_assigning_takes_all_or_none(team: Team) -> None:
    with refused("Gleb is full (2/2)"):
        desk.assign(team.held, team.gleb, actor=ACTOR)
    assert holders_of(team.held) == [team.vera] * 3


def test_assigning_over_the_limit_by_force_is_recorded_and_counted(team: Team) -> None:
    done = desk.assign(team.held, team.gleb, force=True, actor=ACTOR)
    assert done.note == "3 appeals → Gleb by force"
    assert last_event() == (ACTOR, "assign", "3 appeals → Gleb by force", 1)
    assert (load_of(team.gleb), Operator.get_by_id(team.gleb).max_load) == (3, 2)
    assert_clean()


def test_assigning_to_one_who_is_off_takes_force(team: Team) -> None:
    with refused("Boris is off"):
        desk.assign([1], team.boris, actor=ACTOR)
    desk.assign([1], team.boris, force=True, actor=ACTOR)
    assert holder_of(1) == team.boris
    assert last_event()[3] == 1


def test_assigning_passes_over_what_he_has_already(team: Team) -> None:
    desk.assign([1], team.gleb, actor=ACTOR)
    desk.assign([1, 2], team.gleb, actor=ACTOR)
    assert load_of(team.gleb) == 2
    assert set(changes_of(newest_event_id())) == {"appeal:2"}


def test_assigning_one_that_waits_takes_a_place(team: Team) -> None:
    (waiting,) = arrive(team.site)
    desk.assign([waiting], team.gleb, actor=ACTOR)
    assert (holder_of(waiting), load_of(team.gleb)) == (team.gleb, 1)


def test_the_same_appeal_named_twice_is_moved_once(team: Team) -> None:
    desk.assign([1, 1], team.gleb, actor=ACTOR)
    desk.close([1, 1], actor=ACTOR)
    assert (load_of(team.vera), load_of(team.gleb)) == (2, 0)


# --- closing and reopening ---------------------------------------------------------------------


def test_closing_twice_releases_once(team: Team) -> None:
    desk.close([1], actor=ACTOR)
    with refused("closed already"):
        desk.close([1], actor=ACTOR)
    assert load_of(team.vera) == 2


def test_closing_several_passes_over_those_already_closed(team: Team) -> None:
    desk.close([team.closed, *team.held], actor=ACTOR)
    assert load_of(team.vera) == 0
    assert set(changes_of(newest_event_id())) == {f"appeal:{each}" for each in team.held}
    with refused("closed already"):
        desk.close(team.held, actor=ACTOR)


def test_the_note_of_a_bulk_act_counts_what_it_really_closed(team: Team) -> None:
    desk.close([team.closed, team.held[0]], actor=ACTOR)
    assert "2 appeals" not in str(last_event()[2])


def test_closing_one_that_waits_frees_no_place(team: Team) -> None:
    (waiting,) = arrive(team.site)
    desk.close([waiting], actor=ACTOR)
    assert load_of(team.vera) == 3


def test_reopening_above_the_limit_makes_it_wait_and_says_why(team: Team) -> None:
    desk.set_limit(team.vera, 3, actor=ACTOR)
    done = desk.reopen([team.closed], actor=ACTOR)
    assert done.note == "Appeal #4 of lead 3 (bot) reopened: Vera is full (3/3), waiting"
    assert (holder_of(team.closed), load_of(team.vera)) == (None, 3)


def test_reopening_for_one_who_is_off_makes_it_wait_and_says_why(team: Team) -> None:
    desk.set_active(team.vera, False, actor=ACTOR)
    assert desk.reopen([team.closed], actor=ACTOR).note == (
        "Appeal #4 of lead 3 (bot) reopened: Vera is off, waiting"
    )


def test_what_cannot_go_back_when_reopened_goes_to_another_who_can(team: Team) -> None:
    desk.set_limit(team.vera, 3, actor=ACTOR)
    desk.set_weight(team.gleb, team.bot, 1, actor=ACTOR)
    desk.reopen([team.closed], actor=ACTOR)
    assert holder_of(team.closed) == team.gleb


def test_reopening_several_fills_the_room_there_is(team: Team) -> None:
    desk.close(team.held, actor=ACTOR)
    desk.set_limit(team.vera, 2, actor=ACTOR)
    done = desk.reopen([*team.held, team.closed], actor=ACTOR)
    assert done.note == "4 appeals reopened, 2 waiting"
    assert holders_of([*team.held, team.closed]) == [team.vera, team.vera, None, None]
    assert_clean()


def test_what_was_withdrawn_is_not_reopened(team: Team) -> None:
    placed = desk.submit("77", team.bot, "hello", actor=ACTOR)
    desk.undo(actor=ACTOR)
    with refused("withdrawn"):
        desk.reopen([placed.id], actor=ACTOR)


# --- deleting ----------------------------------------------------------------------------------


def test_who_only_ever_had_appeals_that_were_moved_away_is_not_deleted(team: Team) -> None:
    desk.assign([1], team.gleb, actor=ACTOR)
    desk.assign([1], team.vera, actor=ACTOR)
    with refused("has had appeals"):
        desk.delete_operator(team.gleb, actor=ACTOR)


def test_who_only_ever_had_appeals_that_were_returned_is_not_deleted(team: Team) -> None:
    desk.set_weight(team.gleb, team.bot, 1, actor=ACTOR)
    desk.send_home(team.vera, actor=ACTOR)
    desk.send_home(team.gleb, actor=ACTOR)
    with refused("has had appeals"):
        desk.delete_operator(team.gleb, actor=ACTOR)


def test_who_has_only_closed_appeals_is_not_deleted(team: Team) -> None:
    desk.close(team.held, actor=ACTOR)
    with refused("has had appeals"):
        desk.delete_operator(team.vera, actor=ACTOR)


def test_the_history_of_operator_1_does_not_keep_operator_11() -> None:
    ids = [add_operator(f"op {each}") for each in range(12)]
    source = add_source("s")
    (appeal,) = arrive(source)
    desk.assign([appeal], ids[0], actor=ACTOR)
    desk.assign([appeal], ids[1], actor=ACTOR)
    desk.delete_operator(ids[10], actor=ACTOR)
    with refused():
        desk.delete_operator(ids[0], actor=ACTOR)


def test_ids_of_the_deleted_are_never_given_again(team: Team) -> None:
    desk.delete_operator(team.gleb, actor=ACTOR)
    desk.delete_source(team.site, actor=ACTOR)
    assert add_operator("Dora") > team.gleb
    assert add_source("vk") > team.site


def test_deleting_a_source_takes_its_weights_along(team: Team) -> None:
    desk.set_weight(team.gleb, team.site, 3, actor=ACTOR)
    before = subjects()
    desk.delete_source(team.site, actor=ACTOR)
    assert number("SELECT count(*) FROM operator_source WHERE source_id = ?", team.site) == 0
    assert_record_replays(newest_event_id(), before, subjects())


def test_a_failure_in_the_middle_of_an_act_leaves_nothing_behind(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = everything()

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("leadboard.allocation.handouts.drain", fail)
    with pytest.raises(RuntimeError):
        desk.close(team.held, actor=ACTOR)
    assert everything() == before
    assert snapshot()["operator"] == before["operator"]


# --- ids that no row can have ------------------------------------------------------------------

VAST = 2**63

VAST_IDS: dict[str, Act] = {
    "an operator": lambda _: desk.set_limit(VAST, 1, actor=ACTOR),
    "a source": lambda _: desk.rename_source(VAST, "vk", actor=ACTOR),
    "a weight": lambda t: desk.set_weight(VAST, t.bot, 1, actor=ACTOR),
    "an appeal": lambda _: desk.close([VAST], actor=ACTOR),
    "the operator of an appeal": lambda _: desk.assign([1], VAST, actor=ACTOR),
    "the source of an appeal": lambda _: desk.submit("77", VAST, "hi", actor=ACTOR),
    "an event": lambda _: desk.undo(VAST, actor=ACTOR),
}


@pytest.mark.parametrize("name", VAST_IDS)
def test_an_id_beyond_64_bits_is_refused_like_any_other_that_is_not_there(
    team: Team, name: str
) -> None:
    with refused():
        VAST_IDS[name](team)


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
    before, passing = everything(), 0
    while _breaks_off(act, team, passing):
        assert everything() == before, f"after {passing} statements"
        passing += 1
    assert passing > 3
    assert select(query) == [expected]
    assert_clean()


# --- what an act does not touch ------------------------------------------------------------------


def test_switching_on_whom_nothing_waits_for_changes_only_him(team: Team) -> None:
    before = everything()
    desk.set_active(team.boris, True, actor=ACTOR)
    after = everything()
    assert {name for name in before if before[name] != after[name]} == {
        "operator",
        "event",
        "event_change",
    }
    assert set(changes_of(newest_event_id())) == {f"operator:{team.boris}"}


def test_unlinking_keeps_the_appeals_and_gives_no_more(team: Team) -> None:
    desk.unlink(team.vera, team.bot, actor=ACTOR)
    assert holders_of(team.held) == [team.vera] * 3
    assert holders_of(arrive(team.bot)) == [None]


def test_a_weight_of_zero_keeps_the_appeals_and_gives_no_more(team: Team) -> None:
    desk.set_weight(team.vera, team.bot, 0, actor=ACTOR)
    assert holders_of(team.held) == [team.vera] * 3
    assert holders_of(arrive(team.bot)) == [None]


def test_a_forced_appeal_counts_so_that_the_next_ones_wait(team: Team) -> None:
    desk.set_weight(team.gleb, team.site, 1, actor=ACTOR)
    desk.assign(team.held, team.gleb, force=True, actor=ACTOR)
    assert holders_of(arrive(team.site)) == [None]
    desk.close([team.held[0]], actor=ACTOR)
    assert holder_of(5) is None
    desk.close([team.held[1]], actor=ACTOR)
    assert holder_of(5) == team.gleb


def test_names_that_differ_only_in_how_they_are_composed_are_the_same(team: Team) -> None:
    add_operator("Jos\u00e9")
    with refused("taken"):
        desk.add_operator(" Jose\u0301", 1, actor=ACTOR)


def test_an_operator_and_a_source_may_share_a_name(team: Team) -> None:
    assert desk.add_source("Vera", actor=ACTOR).event_id is not None


def test_spreading_reaches_neither_other_sources_nor_who_is_not_linked(team: Team) -> None:
    desk.set_weight(team.gleb, team.site, 9, actor=ACTOR)
    desk.spread(team.bot, actor=ACTOR)
    assert select("SELECT operator_id, source_id, weight FROM operator_source ORDER BY 1, 2") == [
        (team.vera, team.bot, 25),
        (team.boris, team.bot, 25),
        (team.gleb, team.site, 9),
    ]


def test_an_act_is_answered_as_done_although_handing_out_the_rest_met_trouble(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vera = add_operator("Vera", 0)
    bot = add_source("bot", (vera, 1))
    waiting = arrive(bot, allocator.DRAIN_BATCH + 1)
    real, calls = allocator.drain, 0

    def drain_once(journal: Journal, **options: int) -> allocator.Drained:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise Trouble("The disk is full.")
        assert calls == 1
        return real(journal, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("leadboard.allocation.handouts.drain", drain_once)
    done = desk.set_limit(vera, 1_000, actor=ACTOR)
    assert done.event_id == newest_event_id()
    assert holders_of(waiting)[-2:] == [vera, None]
    assert_loads_count_open_appeals()
