"""Why an appeal went where it went, and what would let one that waits go."""

from collections.abc import Iterator

import pytest

from leadboard import desk
from leadboard.allocation.handouts import hand_out_batch
from leadboard.desk import recording
from leadboard.queries.explanation import Way, explain
from tests.support import ACTOR, add_operator, add_source, arrive, holder_of, opened, rows, scalar
from tests.support.acts import newest_event_id, refused
from tui.dialogs.details import REMEDIES

pytestmark = pytest.mark.every_engine


@pytest.fixture(autouse=True)
def book(target: str) -> Iterator[str]:
    with opened(target) as path:
        yield path


def test_the_roster_shows_chances_and_who_was_left_out_and_why() -> None:
    anna, boris = add_operator("Anna", 9), add_operator("Boris", 9)
    full, off, zero = add_operator("Full", 0), add_operator("Off", 9), add_operator("Zero", 9)
    bot = add_source("bot", (anna, 70), (boris, 30), (full, 5), (off, 5), (zero, 0))
    desk.change_operator(off, is_active=False, actor=ACTOR)
    (appeal,) = arrive(bot)
    found = explain(appeal)
    assert [(each.name, each.weight, each.share, each.reason) for each in found.roster] == [
        ("Anna", 70, 0.7, None),
        ("Boris", 30, 0.3, None),
        ("Full", 5, 0.0, "full"),
        ("Off", 5, 0.0, "inactive"),
        ("Zero", 0, 0.0, "zero weight"),
    ]
    drawn = [each.operator_id for each in found.roster if each.was_drawn]
    assert drawn == [holder_of(appeal)] == [anna if (found.draw or 0) < 70 else boris]
    assert (found.appeal.source, found.appeal.external_id, found.appeal.message) == (
        "bot",
        "lead 0",
        "hello",
    )
    assert found.remedies == ()


def test_what_nobody_could_take_has_a_roster_and_no_draw() -> None:
    bot = add_source("bot", (add_operator("Full", 0), 5))
    (appeal,) = arrive(bot)
    found = explain(appeal)
    assert (found.appeal.operator, found.draw) == (None, None)
    assert [(each.reason, each.was_drawn) for each in found.roster] == [("full", False)]


def test_a_source_that_nobody_serves_gives_an_empty_roster() -> None:
    (appeal,) = arrive(add_source())
    assert tuple(explain(appeal).roster) == ()


def test_the_roster_stays_as_it_was_when_weights_change() -> None:
    anna = add_operator("Anna")
    bot = add_source("bot", (anna, 70))
    (appeal,) = arrive(bot)
    desk.set_weight(anna, bot, 1, actor=ACTOR)
    assert [each.weight for each in explain(appeal).roster] == [70]


def test_an_appeal_assigned_by_hand_keeps_its_draw_and_says_so_in_its_history() -> None:
    anna, boris = add_operator("Anna"), add_operator("Boris")
    (appeal,) = arrive(add_source("bot", (anna, 1)))
    desk.assign([appeal], boris, actor="Vera")
    found = explain(appeal)
    assert found.appeal.operator == "Boris"
    assert [each.name for each in found.roster if each.was_drawn] == ["Anna"]
    assert [each.words for each in found.since] == [
        "received, drawn for Anna",
        "moved from Anna to Boris by Vera (assign)",
    ]


def history(appeal_id: int) -> list[str]:
    return [each.words for each in explain(appeal_id).since]


def test_the_history_says_what_became_of_an_appeal_and_by_whom() -> None:
    anna, boris = add_operator("Anna", 1), add_operator("Boris", 1)
    bot = add_source("bot", (anna, 1))
    held, waits = arrive(bot, 2)
    desk.give_back([held], actor="boris")
    desk.assign([held], boris, actor="pavel")
    desk.close([waits], actor="vera")
    desk.reopen([waits], actor="vera")
    desk.assign([waits], boris, force=True, actor="vera")
    assert history(held) == [
        "received, drawn for Anna",
        "returned from Anna by boris (return)",
        "assigned to Anna by lottery (return by boris)",
        "moved from Anna to Boris by pavel (assign)",
    ]
    assert history(waits) == [
        "received, waiting",
        "assigned to Anna by lottery (assign by pavel)",
        "closed by vera (close)",
        "reopened by vera (reopen), with Anna",
        "moved from Anna to Boris by vera (assign, by force)",
    ]
    desk.submit("77", bot, "hello", actor="anna")
    desk.undo(actor="anna")
    assert history(3) == ["received by anna (submit), drawn for Anna", "withdrawn by anna (undo)"]


def test_an_arrival_has_no_act_and_the_lottery_by_itself_none_of_anybody() -> None:
    bot = add_source("bot")
    anna = add_operator("Anna", 1)
    (appeal,) = arrive(bot)
    [arrival] = explain(appeal).since
    assert (arrival.kind, arrival.operator) == ("received", None)
    assert (arrival.actor, arrival.act, arrival.note) == (None, None, None)
    # As another program would, so that the next arrival finds a place for both.
    rows("INSERT INTO operator_source (operator_id, source_id, weight) VALUES (?, ?, 1)", anna, bot)
    arrive(bot)
    assert history(appeal) == ["received, waiting", "assigned to Anna by lottery"]


def test_a_part_names_the_act_that_it_belongs_to(monkeypatch: pytest.MonkeyPatch) -> None:
    anna = add_operator("Anna", 9)
    bot = add_source("bot")
    appeals = arrive(bot, 3)
    monkeypatch.setattr(recording, "hand_out_batch", lambda *_: hand_out_batch(1))
    desk.set_weight(anna, bot, 1, actor="pavel")
    assert rows("SELECT act FROM event WHERE part_of_id IS NOT NULL") == [("hand out",)] * 2
    for appeal in appeals:
        assert history(appeal)[1:] == ["assigned to Anna by lottery (weight by pavel)"]


def test_names_in_the_history_are_cleaned_and_never_markup() -> None:
    anna = add_operator("Anna", 1)
    (appeal,) = arrive(add_source("bot", (anna, 1)))
    rows("UPDATE operator SET name = ?", "[/b]\x1b]0;A")
    assert history(appeal) == ["received, drawn for [/b]␛]0;A"]


def test_the_history_lists_every_act_on_the_appeal_in_order() -> None:
    boris = add_operator("Boris")
    source = add_source()
    placed = desk.submit("77", source, "hello", actor="anna").result
    desk.assign([placed.id], boris, actor="anna")
    desk.close([placed.id], actor="vera")
    desk.undo(actor="vera")
    other = arrive(source)
    desk.close(other, actor="anna")
    found = explain(placed.id)
    assert [(each.actor, each.act) for each in found.since] == [
        ("anna", "submit"),
        ("anna", "assign"),
        ("vera", "close"),
        ("vera", "undo"),
    ]
    assert [each.at for each in found.since] == sorted(each.at for each in found.since)
    assert found.since[1].note == f"Appeal #{placed.id} of 77 (bot) → Boris"


def test_an_act_that_took_an_appeal_and_gave_it_out_again_has_a_line_for_each() -> None:
    (appeal,) = arrive(add_source("bot", (add_operator("Anna"), 1)))
    desk.give_back([appeal], actor="vera")
    kinds = rows("SELECT kind FROM appeal_step WHERE appeal_id = ? ORDER BY place", appeal)
    assert kinds == [("received",), ("returned",), ("assigned",)]
    assert [(each.actor, each.act, each.words) for each in explain(appeal).since] == [
        (None, None, "received, drawn for Anna"),
        ("vera", "return", "returned from Anna by vera (return)"),
        ("vera", "return", "assigned to Anna by lottery (return by vera)"),
    ]


def test_what_waits_names_each_single_act_that_would_let_it_go() -> None:
    names = ("Full", "Off", "Zero", "Stranger", "Off and full", "Off and strange")
    full, off, zero, stranger, both, far = (add_operator(name, 1) for name in names)
    elsewhere = add_source("elsewhere")
    desk.assign(arrive(elsewhere), full, actor=ACTOR)
    desk.assign(arrive(elsewhere), both, actor=ACTOR)
    for each in (off, both, far):
        desk.change_operator(each, is_active=False, actor=ACTOR)
    bot = add_source("bot", (full, 5), (off, 5), (zero, 0), (both, 5))
    (appeal,) = arrive(bot)
    assert [(each.words, each.way, each.arguments) for each in explain(appeal).remedies] == [
        ("Raise Full's limit 1 → 2", Way.RAISE_LIMIT, (full, 1)),
        ("Switch Off on", Way.SWITCH_ON, (off,)),
        ("Give Zero weight 1", Way.LINK, (zero, bot, 1)),
        ("Give Stranger weight 1", Way.LINK, (stranger, bot, 1)),
    ]


@pytest.mark.parametrize("number", range(5))
def test_each_remedy_lets_the_appeal_go_when_it_is_done(number: int) -> None:
    full, over, off, zero, stranger = (add_operator(name, 1) for name in "ABCDE")
    elsewhere = add_source("elsewhere")
    desk.assign(arrive(elsewhere), full, actor=ACTOR)
    desk.assign(arrive(elsewhere, 3), over, force=True, actor=ACTOR)
    desk.change_operator(off, is_active=False, actor=ACTOR)
    bot = add_source("bot", (full, 5), (over, 5), (off, 5), (zero, 0))
    (appeal,) = arrive(bot)
    remedy = explain(appeal).remedies[number]
    events = newest_event_id()
    REMEDIES[remedy.way](*remedy.arguments, actor="t")
    assert holder_of(appeal) == (full, over, off, zero, stranger)[number]
    assert explain(appeal).remedies == ()
    assert newest_event_id() == events + 1


def test_nothing_but_what_waits_has_remedies() -> None:
    add_operator("Full", 0)
    (appeal,) = arrive(add_source())
    desk.close([appeal], actor=ACTOR)
    assert explain(appeal).remedies == ()


def test_a_withdrawn_appeal_says_so() -> None:
    placed = desk.submit("77", add_source(), "hello", actor=ACTOR).result
    desk.undo(actor=ACTOR)
    found = explain(placed.id)
    assert found.appeal.withdrawn
    assert found.appeal.closed_at is not None


def test_who_was_deleted_since_stands_on_the_roster_still() -> None:
    anna, boris = add_operator("Anna", 0), add_operator("Boris")
    (appeal,) = arrive(add_source("bot", (anna, 5), (boris, 5)))
    desk.delete_operator(anna, actor=ACTOR)
    assert [(each.operator_id, each.weight, each.reason) for each in explain(appeal).roster] == [
        (anna, 5, "full"),
        (boris, 5, None),
    ]
    assert explain(appeal).roster[0].name.endswith("(deleted)")


def test_text_of_strangers_comes_out_harmless() -> None:
    desk.add_operator("Anna", 1, actor=ACTOR)
    source = add_source("bot", (1, 1))
    desk.submit("77", source, "hello", actor="e\x1bvil")
    for table, column, name in (
        ("operator", "name", "An\u202ena"),
        ("source", "name", "b\u200bot"),
        ("lead", "external_id", "7\u202e7"),
    ):
        rows(f"UPDATE {table} SET {column} = ?", name)
    found = explain(1)
    assert (found.appeal.source, found.appeal.external_id, found.appeal.operator) == (
        "bot",
        "77",
        "Anna",
    )
    assert found.since[0].actor == "e\u241bvil"
    assert "\u202e" not in str(found.since[0].note)
    assert found.since[0].words == "received by e\u241bvil (submit), drawn for Anna"
    assert [each.name for each in found.roster] == ["Anna"]
    assert scalar("SELECT name FROM operator") == "An\u202ena"


@pytest.mark.parametrize("number", [0, -1, 7, 2**62])
def test_an_appeal_that_is_not_there_is_refused(number: int) -> None:
    with refused(f"There is no appeal #{number}"):
        explain(number)
