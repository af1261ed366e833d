"""The ledger has one line for each change of an appeal, whoever made it, and no other."""

import io
from collections.abc import Callable

import pytest
from peewee import Database

import allocator
from leadboard import desk
from leadboard.allocation import audit, backlog, handouts, ledger
from leadboard.allocation.intake import Draft
from leadboard.allocation.ledger import settle
from leadboard.api.writer import Writer
from leadboard.cli.feed import Bad, FeedEntry, store_batch
from leadboard.common.errors import Refused, Trouble
from leadboard.database.transactions import transact
from leadboard.transfer.appeals import plan_appeals
from tests.support import ACTOR, Team, add_operator, add_team, arrive, dump, rows
from tests.support.acts import assert_clean, refused
from tests.support.lines import new_lines

pytestmark = pytest.mark.every_engine

HELD, WAITS, CLOSED = 1, 2, 3


@pytest.fixture
def team(db: Database) -> Team:
    """Anna has appeal 1, and had 3, which is closed; 2 waits, since nobody serves its source."""
    team = add_team({"Anna": 2, "Boris": 2, "Vera": 2}, {"tg": {"Anna": 1}, "lonely": {}})
    desk.change_operator(team.vera, is_active=False, actor=ACTOR)
    arrive(team.tg), arrive(team.lonely), arrive(team.tg)
    desk.close([CLOSED], actor=ACTOR)
    return team


# --- acts, taken back and done again -----------------------------------------------------------


Act = Callable[[Team], object]

ACTS: dict[str, tuple[Act, list[str], list[str], list[str]]] = {
    "entered by hand": (
        lambda team: desk.submit("77", team.tg, "hello", actor=ACTOR),
        ["#4 received: nobody → Anna, drawn, by submit"],
        ["#4 withdrawn: Anna → Anna, by undo"],
        ["#4 reopened: Anna → Anna, by redo"],
    ),
    "entered by hand for nobody": (
        lambda team: desk.submit("77", team.lonely, "hello", actor=ACTOR),
        ["#4 received: nobody → nobody, by submit"],
        ["#4 withdrawn: nobody → nobody, by undo"],
        ["#4 reopened: nobody → nobody, by redo"],
    ),
    "given to somebody": (
        lambda team: desk.assign([WAITS], team.boris, actor=ACTOR),
        ["#2 assigned: nobody → Boris, by assign"],
        ["#2 returned: Boris → nobody, by undo"],
        ["#2 assigned: nobody → Boris, by redo"],
    ),
    "moved": (
        lambda team: desk.assign([HELD, WAITS], team.boris, actor=ACTOR),
        ["#1 moved: Anna → Boris, by assign", "#2 assigned: nobody → Boris, by assign"],
        ["#1 moved: Boris → Anna, by undo", "#2 returned: Boris → nobody, by undo"],
        ["#1 moved: Anna → Boris, by redo", "#2 assigned: nobody → Boris, by redo"],
    ),
    "moved by force": (
        lambda team: desk.assign([HELD], team.vera, force=True, actor=ACTOR),
        ["#1 moved: Anna → Vera, by assign"],
        ["#1 moved: Vera → Anna, by undo"],
        ["#1 moved: Anna → Vera, by redo"],
    ),
    "returned and drawn again": (
        lambda team: (
            desk.set_weights([(team.boris, team.tg, 1), (team.anna, team.tg, None)], actor=ACTOR),
            desk.give_back([HELD], actor=ACTOR),
        ),
        ["#1 returned: Anna → nobody, by return", "#1 assigned: nobody → Boris, drawn, by return"],
        ["#1 moved: Boris → Anna, by undo"],
        ["#1 moved: Anna → Boris, by redo"],
    ),
    "sent home": (
        lambda team: desk.send_home([team.anna], actor=ACTOR),
        ["#1 returned: Anna → nobody, by send home"],
        ["#1 assigned: nobody → Anna, by undo"],
        ["#1 returned: Anna → nobody, by redo"],
    ),
    "closed": (
        lambda team: desk.close([HELD, WAITS], actor=ACTOR),
        ["#1 closed: Anna → Anna, by close", "#2 closed: nobody → nobody, by close"],
        ["#1 reopened: Anna → Anna, by undo", "#2 reopened: nobody → nobody, by undo"],
        ["#1 closed: Anna → Anna, by redo", "#2 closed: nobody → nobody, by redo"],
    ),
    "reopened": (
        lambda team: desk.reopen([CLOSED], actor=ACTOR),
        ["#3 reopened: Anna → Anna, by reopen"],
        ["#3 closed: Anna → Anna, by undo"],
        ["#3 reopened: Anna → Anna, by redo"],
    ),
    "reopened without room": (
        lambda team: (
            desk.change_operator(team.anna, max_load=1, actor=ACTOR),
            desk.reopen([CLOSED], actor=ACTOR),
        ),
        ["#3 reopened: Anna → nobody, by reopen"],
        ["#3 closed: nobody → Anna, by undo"],
        ["#3 reopened: Anna → nobody, by redo"],
    ),
    "reopened for somebody else": (
        lambda team: (
            desk.change_operator(team.anna, is_active=False, actor=ACTOR),
            desk.set_weight(team.boris, team.tg, 1, actor=ACTOR),
            desk.reopen([CLOSED], actor=ACTOR),
        ),
        [
            "#3 reopened: Anna → nobody, by reopen",
            "#3 assigned: nobody → Boris, drawn, by reopen",
        ],
        ["#3 closed: Boris → Anna, by undo"],
        ["#3 reopened: Anna → Boris, by redo"],
    ),
    "let through by a weight": (
        lambda team: desk.set_weight(team.boris, team.lonely, 1, actor=ACTOR),
        ["#2 assigned: nobody → Boris, drawn, by weight"],
        ["#2 returned: Boris → nobody, by undo"],
        ["#2 assigned: nobody → Boris, by redo"],
    ),
    "nothing about appeals": (
        lambda team: desk.change_operator(team.anna, max_load=9, actor=ACTOR),
        [],
        [],
        [],
    ),
}


@pytest.mark.parametrize("name", ACTS)
def test_an_act_its_undo_and_its_redo_leave_a_line_for_each_change(name: str, team: Team) -> None:
    act, done, undone, redone = ACTS[name]
    steps: list[Act] = [act, lambda _: desk.undo(actor=ACTOR), lambda _: desk.redo(actor=ACTOR)]
    for step, lines in zip(steps, (done, undone, redone), strict=True):
        with new_lines() as found:
            step(team)
        assert found == lines
        assert_clean()


# --- doors -------------------------------------------------------------------------------------


def test_a_bots_appeal_is_received_without_an_act(team: Team) -> None:
    with new_lines() as found:
        allocator.submit("77", team.tg, "hello", "key")
        allocator.submit("77", team.lonely, "hello")
        assert allocator.submit("77", team.tg, "hello", "key").is_repeat
    assert found == ["#4 received: nobody → Anna, drawn", "#5 received: nobody → nobody"]
    assert_clean()


def drafts(team: Team) -> list[Draft]:
    """Return one appeal that is drawn, one that waits, one that is known and one for nowhere."""
    return [
        Draft("a", team.tg, "hello", "key"),
        Draft("b", team.lonely, "hello"),
        Draft("a", team.tg, "hello", "key"),
        Draft("c", 99, "hello"),
    ]


TOGETHER = ["#4 received: nobody → Anna, drawn", "#5 received: nobody → nobody"]


def test_of_a_batch_each_that_is_stored_has_a_line(team: Team) -> None:
    with new_lines() as found:
        transact(lambda: allocator.place_all(drafts(team)))
    assert found == TOGETHER
    assert_clean()


def test_of_a_feed_each_that_is_stored_has_a_line(team: Team) -> None:
    entries = [FeedEntry(1, "tg", "a", "hello", None), FeedEntry(2, "lonely", "b", "hello", None)]
    with new_lines() as found:
        store_batch([*entries, FeedEntry(3, "gone", "c", "hi", None), Bad(4, "no JSON")], None)
    assert found == TOGETHER
    assert_clean()


async def test_of_what_comes_by_http_each_that_is_stored_has_a_line(team: Team) -> None:
    writer = Writer()
    with new_lines() as found:
        for draft in drafts(team):
            if draft.source_id == 99:
                with pytest.raises(Refused):
                    await writer.store(draft)
            else:
                await writer.store(draft)
        await writer.close()
    assert found == TOGETHER
    assert_clean()


def test_of_an_import_each_appeal_has_its_lines_and_the_rest_by_whom_it_was_handed_out(
    team: Team,
) -> None:
    table = (
        "external_id,source,operator,status,closed_at\n"
        "a,tg,,,\n"
        "b,lonely,Boris,open,\n"
        "c,tg,Boris,closed,2020-01-02T03:04:05Z\n"
        "d,tg,,closed,2020-01-02T03:04:05Z\n"
        "e,tg,Anna,withdrawn,2020-01-02T03:04:05Z\n"
    )
    plan = plan_appeals(io.BytesIO(table.encode()), "csv")
    with new_lines() as found:
        plan.act(ACTOR)
    assert found == [
        "#4 imported: nobody → nobody",
        "#5 imported: nobody → Boris",
        "#6 imported: nobody → Boris",
        "#6 closed: Boris → Boris",
        "#7 imported: nobody → nobody",
        "#7 closed: nobody → nobody",
        "#8 imported: nobody → Anna",
        "#8 withdrawn: Anna → Anna",
        "#4 assigned: nobody → Anna, drawn, by hand out",
    ]
    assert_clean()


def test_a_file_that_is_only_looked_at_leaves_no_line(team: Team) -> None:
    with new_lines() as found:
        plan_appeals(io.BytesIO(b"external_id,source\na,tg\n"), "csv")
    assert found == []


# --- hand-outs ---------------------------------------------------------------------------------


def test_what_an_arrival_lets_through_is_handed_out_ahead_of_it(team: Team) -> None:
    rows("INSERT INTO operator_source VALUES (?, ?, 1)", team.boris, team.lonely)
    with new_lines() as found:
        arrive(team.lonely)
    assert found == [
        "#2 assigned: nobody → Boris, drawn, by hand out",
        "#4 received: nobody → Boris, drawn",
    ]
    assert_clean()


def test_a_drain_of_several_batches_leaves_one_line_for_each(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = backlog.drain
    monkeypatch.setattr(handouts, "drain", lambda flow, **_: real(flow, batch=2))
    waiting = [WAITS, *arrive(team.lonely, 4)]
    gleb = add_operator("Gleb", 9)
    with new_lines() as found:
        done = desk.set_weight(gleb, team.lonely, 1, actor=ACTOR)
    assert found[:2] == [f"#{each} assigned: nobody → Gleb, drawn, by weight" for each in (2, 4)]
    assert found[2:] == [
        f"#{each} assigned: nobody → Gleb, drawn, by hand out" for each in (5, 6, 7)
    ]
    parts = rows("SELECT count(*) FROM event WHERE part_of_id = ?", done.event_id)
    assert (waiting, parts) == ([2, 4, 5, 6, 7], [(2,)])
    assert_clean()
    with new_lines() as taken_back:
        desk.undo(actor=ACTOR)
    assert taken_back == [f"#{each} returned: Gleb → nobody, by undo" for each in waiting]


# --- what leaves none --------------------------------------------------------------------------


REFUSALS: dict[str, Act] = {
    "closed already": lambda _: desk.close([CLOSED], actor=ACTOR),
    "open already": lambda _: desk.reopen([HELD], actor=ACTOR),
    "waiting already": lambda _: desk.give_back([WAITS], actor=ACTOR),
    "Anna has appeal": lambda team: desk.assign([HELD], team.anna, actor=ACTOR),
    "Vera is off": lambda team: desk.assign([HELD, WAITS], team.vera, actor=ACTOR),
    "no operator #99": lambda _: desk.assign([HELD], 99, actor=ACTOR),
    "no source #99": lambda _: desk.submit("77", 99, "hello", actor=ACTOR),
    "no source #98": lambda _: allocator.submit("77", 98, "hello"),
    "nothing of yours to redo": lambda _: desk.redo(actor=ACTOR),
}


@pytest.mark.parametrize("words", REFUSALS)
def test_what_is_refused_leaves_no_line(words: str, team: Team) -> None:
    with new_lines() as found, refused(words):
        REFUSALS[words](team)
    assert found == []


BROKEN_OFF: dict[str, Act] = {
    "a bot": lambda team: allocator.submit("77", team.tg, "hello"),
    "a batch": lambda team: transact(lambda: allocator.place_all(drafts(team))),
    "an act": lambda team: desk.assign([HELD, WAITS], team.boris, actor=ACTOR),
    "a hand-out": lambda team: desk.set_weight(team.boris, team.lonely, 1, actor=ACTOR),
    "an undo": lambda _: desk.undo(actor=ACTOR),
}


def and_then_end(write: Callable[..., None]) -> Callable[..., None]:
    """Return what writes lines, after which the program is ended."""

    def written(*given: object) -> None:
        write(*given)
        raise Trouble("The program was ended.")

    return written


@pytest.mark.parametrize("name", BROKEN_OFF)
def test_what_breaks_off_behind_its_lines_leaves_none(
    name: str, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = dump()
    monkeypatch.setattr(ledger, "write", and_then_end(ledger.write))
    monkeypatch.setattr(allocator, "write_arrivals", and_then_end(ledger.write_arrivals))
    with pytest.raises(Trouble, match="was ended"):
        BROKEN_OFF[name](team)
    assert dump() == before
    assert audit.check() == []


# --- undo of what the ledger no longer knows ---------------------------------------------------


@pytest.mark.parametrize("is_said", [True, False], ids=["pruned", "lost"])
def test_what_the_ledger_no_longer_knows_is_not_undone(team: Team, is_said: bool) -> None:
    desk.close([HELD], actor=ACTOR)
    settle()
    rows("DELETE FROM change WHERE appeal_id = ? AND kind = 'received'", HELD)
    if is_said:
        rows("UPDATE ledger_bounds SET pruned = 1")
    with refused("The ledger does not tell what appeal #1 was before: it stays as it is."):
        desk.undo(actor=ACTOR)
