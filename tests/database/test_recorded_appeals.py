"""How the record of one appeal becomes lines: several from one act, and some from no record."""

from typing import Any

import pytest

from leadboard.database.recorded_appeals import Columns, OldState, Recorded, ToldLine, lines_of

CAME, CLOSED = "2026-03-01T10:00:00.000000Z", "2026-03-05T00:00:00.000000Z"
ANNA, BORIS = 1, 2
WAITING = {"operator_id": None, "closed_at": None}
LEFT = {**WAITING, "roster_id": None, "draw": None}


def at(day: int) -> str:
    return f"2026-03-{day:02}T00:00:00.000000Z"


def held(operator: int, **columns: Any) -> Columns:
    return {"operator_id": operator, "closed_at": None, **columns}


def drawn(operator: int, roster: int, draw: int) -> Columns:
    return held(operator, roster_id=roster, draw=draw)


def act(
    event_id: int,
    before: Columns | None,
    after: Columns,
    *,
    reverses: int | None = None,
    part_of: int | None = None,
) -> Recorded:
    return Recorded(event_id, at(event_id), part_of, reverses, before, after)


def told(now: OldState, *recorded: Recorded) -> list[tuple[str, int | None, bool, int | None]]:
    """Return kind, operator, whether drawn, and event of each line, once they fit each other."""
    lines = lines_of(CAME, now, recorded)
    assert_one_way(lines, now)
    return [(line.kind, line.state.operator_id, line.drawn, line.event_id) for line in lines]


def assert_one_way(lines: list[ToldLine], now: OldState) -> None:
    """Check that each line begins where the one before ended, and the last ends at what is now."""
    assert lines[-1].state == now
    assert (lines[-1].kind == "withdrawn") == now.withdrawn
    assert [line.was_operator_id for line in lines] == [
        None,
        *(line.state.operator_id for line in lines[:-1]),
    ]
    order = [(line.at, line.turn) for line in lines]
    assert order == sorted(order)


# --- without a record ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (OldState(ANNA, None, 5, 7), [("received", ANNA, True)]),
        (OldState(None, None, 5, None), [("received", None, False)]),
        (OldState(ANNA, None, None, None), [("imported", ANNA, False)]),
        (OldState(None, None, None, None), [("imported", None, False)]),
        (OldState(ANNA, CLOSED, 5, 7), [("received", ANNA, True), ("closed", ANNA, False)]),
        (OldState(ANNA, CLOSED), [("imported", ANNA, False), ("closed", ANNA, False)]),
        (
            OldState(None, CLOSED, withdrawn=True),
            [("imported", None, False), ("withdrawn", None, False)],
        ),
    ],
    ids=str,
)
def test_an_appeal_without_a_record_tells_how_it_came(
    now: OldState, expected: list[tuple[str, int | None, bool]]
) -> None:
    assert [line[:3] for line in told(now)] == expected
    assert lines_of(CAME, now, ())[0].at == CAME


def test_whom_the_lottery_did_not_draw_got_it_later() -> None:
    assert told(OldState(ANNA, CLOSED, 5, None)) == [
        ("received", None, False, None),
        ("assigned", ANNA, False, None),
        ("closed", ANNA, False, None),
    ]


def test_what_was_closed_without_an_act_was_closed_then() -> None:
    *_, closing = lines_of(CAME, OldState(ANNA, CLOSED, 5, 7), ())
    assert closing.at == CLOSED


def test_nothing_is_closed_or_changed_before_it_came() -> None:
    *_, closing = lines_of(CAME, OldState(ANNA, at(1)[:-17], 5, 7), ())
    assert closing.at == CAME
    early = act(2, held(ANNA), held(BORIS))._replace(at=at(1)[:-17])
    assert [line.at for line in lines_of(CAME, OldState(BORIS, None, 5, 7), [early])] == [CAME] * 2


# --- one act, one line --------------------------------------------------------------------------


def test_each_act_has_its_line_with_what_it_left_alone() -> None:
    now = OldState(BORIS, None, 5, 7)
    closed = {"operator_id": BORIS, "closed_at": at(3)}
    recorded = (
        act(2, held(ANNA), held(BORIS)),
        act(3, held(BORIS), closed),
        act(4, closed, held(BORIS)),
    )
    assert told(now, *recorded) == [
        ("received", ANNA, True, None),
        ("moved", BORIS, False, 2),
        ("closed", BORIS, False, 3),
        ("reopened", BORIS, False, 4),
    ]
    assert {line.state[2:4] for line in lines_of(CAME, now, recorded)} == {(5, 7)}
    assert [line.at for line in lines_of(CAME, now, recorded)[1:]] == [at(2), at(3), at(4)]


def test_what_was_entered_by_hand_is_received_by_its_act() -> None:
    assert told(OldState(ANNA, None, 5, 7), act(1, None, drawn(ANNA, 5, 7))) == [
        ("received", ANNA, True, 1)
    ]


def test_what_was_entered_by_hand_and_undone_is_withdrawn() -> None:
    open_, gone = held(ANNA, withdrawn=False), {"operator_id": ANNA, "closed_at": at(2)}
    recorded = (
        act(1, None, drawn(ANNA, 5, 7)),
        act(2, open_, {**gone, "withdrawn": True}, reverses=1),
    )
    assert told(OldState(ANNA, at(2), 5, 7, withdrawn=True), *recorded) == [
        ("received", ANNA, True, 1),
        ("withdrawn", ANNA, False, 2),
    ]
    back = act(3, {**gone, "withdrawn": True}, open_, reverses=2)
    assert told(OldState(ANNA, None, 5, 7), *recorded, back)[2:] == [("reopened", ANNA, False, 3)]


def test_a_hand_out_is_drawn() -> None:
    before = {**WAITING, "roster_id": 4, "draw": None}
    assert told(OldState(BORIS, None, 5, 7), act(2, before, drawn(BORIS, 5, 7))) == [
        ("received", None, False, None),
        ("assigned", BORIS, True, 2),
    ]


# --- one act, several lines ---------------------------------------------------------------------


@pytest.mark.parametrize("after", [drawn(BORIS, 6, 3), drawn(ANNA, 5, 7)], ids=["other", "same"])
def test_what_was_returned_and_drawn_again_at_once_was_both(after: Columns) -> None:
    operator = after["operator_id"]
    now = OldState(operator, None, after["roster_id"], after["draw"])
    assert told(now, act(2, drawn(ANNA, 5, 7), after)) == [
        ("received", ANNA, True, None),
        ("returned", None, False, 2),
        ("assigned", operator, True, 2),
    ]


def test_what_was_reopened_and_drawn_again_at_once_was_both() -> None:
    before = {**drawn(ANNA, 5, 7), "closed_at": at(1)}
    assert told(OldState(BORIS, None, 6, 3), act(2, before, drawn(BORIS, 6, 3)))[1:] == [
        ("closed", ANNA, False, None),
        ("reopened", None, False, 2),
        ("assigned", BORIS, True, 2),
    ]


def test_what_an_act_did_comes_before_what_it_let_through() -> None:
    lines = lines_of(CAME, OldState(BORIS, None, 6, 3), [act(2, LEFT, drawn(BORIS, 6, 3))])
    given = lines_of(CAME, OldState(None), [act(2, drawn(ANNA, 5, 7), LEFT)])
    assert given[-1].turn < lines[-1].turn


# --- undo and redo ------------------------------------------------------------------------------


def test_an_undo_that_brings_a_draw_back_draws_nothing() -> None:
    recorded = (
        act(2, drawn(ANNA, 5, 7), LEFT),
        act(3, LEFT, drawn(ANNA, 5, 7), reverses=2),
    )
    assert told(OldState(ANNA, None, 5, 7), *recorded)[1:] == [
        ("returned", None, False, 2),
        ("assigned", ANNA, False, 3),
    ]


def test_an_undo_gives_out_what_waits_after_it() -> None:
    assigned = (
        act(2, drawn(ANNA, 5, 7), LEFT),
        act(3, WAITING, held(BORIS)),
        # The appeal goes back to waiting, and at once to whom the lottery drew.
        act(4, held(BORIS), drawn(ANNA, 8, 1), reverses=3),
    )
    assert told(OldState(ANNA, None, 8, 1), *assigned)[2:] == [
        ("assigned", BORIS, False, 3),
        ("returned", None, False, 4),
        ("assigned", ANNA, True, 4),
    ]


def test_an_undo_of_something_else_may_hand_out_as_any_act() -> None:
    recorded = (
        act(2, drawn(ANNA, 5, 7), LEFT),
        act(4, LEFT, drawn(BORIS, 8, 1), reverses=3),
    )
    assert told(OldState(BORIS, None, 8, 1), *recorded)[2:] == [("assigned", BORIS, True, 4)]


def test_an_undo_takes_back_all_parts_of_an_act() -> None:
    recorded = (
        act(2, drawn(ANNA, 5, 7), LEFT),
        act(3, LEFT, drawn(BORIS, 8, 1), part_of=2),
        act(4, drawn(BORIS, 8, 1), drawn(ANNA, 5, 7), reverses=2),
    )
    assert told(OldState(ANNA, None, 5, 7), *recorded)[2:] == [
        ("assigned", BORIS, True, 3),
        ("moved", ANNA, False, 4),
    ]


# --- what is missing between acts ---------------------------------------------------------------


def test_a_hand_out_that_version_1_did_not_record_is_put_between() -> None:
    recorded = (act(2, drawn(ANNA, 5, 7), LEFT), act(4, held(BORIS), held(ANNA)))
    lines = lines_of(CAME, OldState(ANNA, None, 8, 1), recorded)
    assert told(OldState(ANNA, None, 8, 1), *recorded)[1:] == [
        ("returned", None, False, 2),
        ("assigned", BORIS, True, None),
        ("moved", ANNA, False, 4),
    ]
    assert (lines[2].at, lines[2].state[2:4]) == (at(2), (8, 1))


def test_an_act_that_version_1_recorded_before_it_was_done_is_put_right() -> None:
    # The drain of act 2 went on after act 3, and was written into the record of act 2.
    recorded = (
        act(2, drawn(ANNA, 5, 7), drawn(BORIS, 8, 1)),
        act(3, WAITING, held(ANNA)),
        act(4, {**held(ANNA), "roster_id": None, "draw": None}, LEFT),
    )
    assert [line[0] for line in told(OldState(BORIS, None, 8, 1), *recorded)] == [
        *("received", "returned", "assigned"),
        *("returned", "assigned", "returned", "assigned"),
    ]


@pytest.mark.parametrize(
    ("now", "kinds"),
    [
        (OldState(BORIS, None, 5, 7), ["moved"]),
        (OldState(BORIS, at(9), 5, 7), ["moved", "closed"]),
        (OldState(None, None), ["returned"]),
        (OldState(ANNA, at(9), 5, 7, withdrawn=True), ["withdrawn"]),
    ],
    ids=str,
)
def test_what_another_program_did_since_is_put_behind(now: OldState, kinds: list[str]) -> None:
    closed = {"operator_id": ANNA, "closed_at": at(2)}
    recorded = (act(2, held(ANNA), closed), act(3, closed, held(ANNA)))
    assert told(now, *recorded)[1:3] == [("closed", ANNA, False, 2), ("reopened", ANNA, False, 3)]
    assert told(now, *recorded)[3:] == [(kind, now.operator_id, False, None) for kind in kinds]


def test_what_another_program_opened_again_waits_or_is_held() -> None:
    closing = act(2, held(ANNA), {"operator_id": ANNA, "closed_at": at(2)})
    assert told(OldState(None, None), closing)[2:] == [("reopened", None, False, None)]
    assert told(OldState(BORIS, None, 5, 7), closing)[2:] == [
        ("reopened", ANNA, False, None),
        ("moved", BORIS, False, None),
    ]
