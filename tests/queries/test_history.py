"""The record of acts as people look through it: by words, by actor, and one act in full."""

import pytest
from peewee import Database

from allocator import submit
from leadboard import desk
from leadboard.common.errors import Missing
from leadboard.database.fields import now
from leadboard.queries import act_details, history
from leadboard.queries.act_details import details_of
from leadboard.queries.history import (
    ActFilter,
    EventRow,
    events_after,
    events_of,
    has_others,
    newest_event_id,
    newest_events,
    search_back,
    words_in,
)
from models import Event
from tests.support import Team, add_team

pytestmark = pytest.mark.every_engine


@pytest.fixture
def team(db: Database) -> Team:
    """Anna with one place and Boris with two; one appeal, which waits."""
    return add_team({"Anna": 0, "Boris": 0}, {"tg": {"Anna": 50}})


def notes(found: list[EventRow]) -> list[str]:
    return [row.note for row in found]


def sought(text: str, actor: str | None = None) -> ActFilter:
    return ActFilter(words_in(text), actor)


# --- looking for acts ---------------------------------------------------------------------------


def test_words_are_found_in_the_names_and_in_the_notes_in_any_case(team: Team) -> None:
    desk.change_operator(team.anna, max_load=3, actor="Pavel")
    desk.change_operator(team.boris, max_load=4, actor="Ирина")
    assert notes(newest_events(9, None, sought("PAVEL limit"))) == ["Anna: limit 0 → 3"]
    assert notes(newest_events(9, None, sought("ирина"))) == ["Boris: limit 0 → 4"]
    assert notes(newest_events(9, None, sought("→ limit"))) == [
        "Boris: limit 0 → 4",
        "Anna: limit 0 → 3",
    ]
    assert newest_events(9, None, sought("pavel boris")) == []


def test_letters_nobody_sees_are_no_words() -> None:
    assert words_in("\u200b anna\x00 ") == ("anna\ufffd",)


def test_pages_go_on_in_both_directions_also_among_what_is_found(team: Team) -> None:
    for limit in range(1, 8):
        desk.change_operator(team.anna, max_load=limit, actor="pavel")
        desk.change_operator(team.boris, max_load=limit, actor="irina")
    for wanted in (sought("anna limit"), sought("limit", "pavel"), ActFilter(actor="pavel")):
        page = newest_events(3, None, wanted)
        assert notes(page) == [f"Anna: limit {each - 1} → {each}" for each in (7, 6, 5)]
        below = newest_events(3, page[-1].id, wanted)
        assert notes(below) == [f"Anna: limit {each - 1} → {each}" for each in (4, 3, 2)]
        assert events_after(3, below[0].id, wanted) == page
        assert events_after(2, below[0].id, wanted) == page[1:]


@pytest.mark.parametrize("step", [1, 2, 7])
def test_a_search_goes_through_all_acts_in_bounded_parts(
    team: Team, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "STEP", step)
    monkeypatch.setattr(history, "STEPS", 2)
    for limit in (1, 2, 3):
        desk.change_operator(team.anna, max_load=limit, actor="pavel")
        desk.change_operator(team.boris, max_load=limit, actor="pavel")
    wanted, edge, found, parts = sought("anna pavel"), None, [], 0
    while parts == 0 or edge is not None:
        part = search_back(2, edge, wanted)
        found += part.rows
        edge, parts = part.edge, parts + 1
    assert notes(found) == [f"Anna: limit {each - 1} → {each}" for each in (3, 2, 1)]
    assert parts >= 2
    # Neither the parts nor the steps lose or repeat any.
    assert newest_events(9, None, wanted) == found
    assert events_after(9, 0, wanted) == found


def test_others_are_whoever_else_has_done_one_of_the_newest_acts(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert has_others("anna")  # the fixtures' setup
    monkeypatch.setattr(history, "LATEST", 2)
    for limit in (1, 2):
        desk.change_operator(team.boris, max_load=limit, actor="anna")
    assert not has_others("anna")
    assert has_others("pavel")


def test_what_the_lottery_does_by_itself_is_no_other_dispatcher(db: Database) -> None:
    Event.insert(at=now(), actor="lottery", act="hand out", note="1 handed out").execute()
    assert not has_others("anna")


def test_an_act_knows_what_it_is_about_and_whether_it_is_undone(team: Team) -> None:
    done = desk.change_operator(team.anna, max_load=3, actor="pavel")
    desk.undo(done.event_id, actor="irina")
    undo, act = newest_events(2)
    assert act.is_undone
    assert not undo.is_undone
    assert undo.target is not None
    assert (undo.meant.id, undo.target.actor) == (act.id, "pavel")
    assert undo.target.note == act.note == "Anna: limit 0 → 3"
    desk.redo(done.event_id, actor="irina")
    assert not events_of([act.id])[0].is_undone
    assert newest_event_id() == undo.id + 1


# --- one act in full ----------------------------------------------------------------------------


def changes_of(event_id: int | None) -> list[str]:
    assert event_id is not None
    return list(details_of(event_id).changes)


def test_changes_of_an_operator_are_in_words(team: Team) -> None:
    done = desk.change_operator(
        team.anna, name="Vera", max_load=3, is_active=False, note="till\n16:00", actor="pavel"
    )
    assert changes_of(done.event_id) == [
        "Operator Vera: name Anna → Vera, on → off, limit 0 → 3, note “” → “till 16:00”"
    ]


def test_who_was_added_or_deleted_is_called_as_they_were_then(team: Team) -> None:
    added = desk.add_operator("Dora", 7, note="new", actor="pavel")
    deleted = desk.delete_operator(added.result, actor="pavel")
    assert changes_of(added.event_id) == ["Operator Dora: added, on, limit 7, note “new”"]
    assert changes_of(deleted.event_id) == ["Operator Dora: deleted, on, limit 7, note “new”"]
    source = desk.add_source("vk", actor="pavel")
    assert changes_of(source.event_id) == ["Source vk: added"]


def test_weights_name_their_operator_and_source_also_when_they_are_gone(team: Team) -> None:
    vk = desk.add_source("vk", actor="pavel").result
    weight = desk.set_weight(team.boris, vk, 70, actor="pavel")
    gone = desk.delete_source(vk, actor="pavel")
    assert changes_of(weight.event_id) == ["Boris · vk (deleted): weight none → 70"]
    assert changes_of(gone.event_id) == [
        "Source vk: deleted",
        "Boris · vk (deleted): weight 70 → none",
    ]


def test_changes_of_appeals_say_who_had_them_before_and_after(team: Team) -> None:
    appeal = submit("lead_1", team.tg, "hello").id
    raised = desk.change_operator(team.anna, max_load=1, actor="pavel")
    assert changes_of(raised.event_id) == [
        "Operator Anna: limit 0 → 1",
        f"Appeal #{appeal} of lead_1 (tg): waiting → with Anna by lottery",
    ]
    desk.change_operator(team.boris, max_load=1, actor="pavel")
    moved = desk.assign([appeal], team.boris, actor="pavel")
    assert changes_of(moved.event_id) == [
        f"Appeal #{appeal} of lead_1 (tg): with Anna → with Boris"
    ]
    closed = desk.close([appeal], actor="pavel")
    assert changes_of(closed.event_id) == [f"Appeal #{appeal} of lead_1 (tg): with Boris → closed"]
    opened = desk.reopen([appeal], actor="pavel")
    assert changes_of(opened.event_id) == [f"Appeal #{appeal} of lead_1 (tg): closed → with Boris"]
    entered = desk.submit("lead_2", team.tg, "hi", actor="pavel")
    undone = desk.undo(entered.event_id, actor="pavel")
    assert changes_of(entered.event_id)[0].endswith(
        "of lead_2 (tg): received → with Anna by lottery"
    )
    assert changes_of(undone.event_id)[0].endswith("of lead_2 (tg): with Anna → withdrawn")


def test_an_act_over_a_limit_and_what_reversed_it_are_told(team: Team) -> None:
    appeal = submit("lead_1", team.tg, "hello").id
    forced = desk.assign([appeal], team.boris, force=True, actor="pavel")
    assert forced.event_id is not None
    desk.undo(forced.event_id, actor="irina")
    desk.redo(forced.event_id, actor="pavel")
    found = details_of(forced.event_id)
    assert found.is_forced
    assert [(each.act, each.actor) for each in found.reversals] == [
        ("redo", "pavel"),
        ("undo", "irina"),
    ]
    undo = details_of(found.reversals[1].id)
    assert undo.event.target is not None
    assert undo.event.target.id == forced.event_id


def test_of_an_act_with_very_many_changes_the_first_are_listed(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(act_details, "MOST_CHANGES", 2)
    ids = [submit(f"lead_{each}", team.tg, "").id for each in range(3)]
    done = desk.close(ids, actor="pavel")
    assert done.event_id is not None
    found = details_of(done.event_id)
    assert (len(found.changes), found.has_more) == (2, True)


def test_what_strangers_wrote_is_cleaned_in_the_words(team: Team) -> None:
    done = desk.change_operator(team.anna, note="\x1b]0;x\x07[b]", actor="pa\x1bvel")
    assert done.event_id is not None
    found = details_of(done.event_id)
    assert found.changes == ["Operator Anna: note “” → “␛]0;x␇[b]”"]
    assert found.event.actor == "pa␛vel"


def test_there_is_no_act_with_another_number(team: Team) -> None:
    with pytest.raises(Missing, match="There is no act #999"):
        details_of(999)
