"""What a desk needs before its first appeal: read from the board alone."""

import pytest

import allocator
from leadboard import desk
from leadboard.queries import board
from leadboard.queries.first_steps import FirstStep, is_bare, missing, possible
from tests.support import ACTOR

pytestmark = pytest.mark.every_engine


def now_missing() -> list[str]:
    return [step.value for step in missing(board.board(board.Board(counts=board.counts())))]


def now_possible() -> set[FirstStep]:
    return set(possible(board.board(board.Board(counts=board.counts()))))


@pytest.mark.usefixtures("db")
def test_each_act_takes_one_step_and_makes_the_next_possible() -> None:
    assert is_bare(board.board())
    assert now_missing() == ["source", "operator", "weights", "appeal"]
    assert now_possible() == {FirstStep.SOURCE, FirstStep.OPERATOR}
    desk.add_source("tg", actor=ACTOR)
    assert not is_bare(board.board())
    assert now_missing() == ["operator", "weights", "appeal"]
    assert now_possible() == {FirstStep.SOURCE, FirstStep.OPERATOR, FirstStep.APPEAL}
    desk.add_operator("Anna", 3, actor=ACTOR)
    assert now_possible() == set(FirstStep)
    desk.set_weight(1, 1, 0, actor=ACTOR)
    assert now_missing() == ["weights", "appeal"]
    desk.set_weight(1, 1, 7, actor=ACTOR)
    assert now_missing() == ["appeal"]
    allocator.submit("tg_1", 1, "hello")
    assert now_missing() == []


@pytest.mark.usefixtures("db")
def test_appeals_that_nobody_has_counted_yet_are_not_said_to_be_missing() -> None:
    desk.add_source("tg", actor=ACTOR)
    assert FirstStep.APPEAL not in missing(board.board())
