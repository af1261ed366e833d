"""Whatever people do to appeals, verify accuses no honest lottery: days that can be replayed."""

from random import Random
from typing import Any

import pytest
from peewee import Database

from allocator import submit
from leadboard import desk
from leadboard.allocation import backlog, handouts
from leadboard.allocation.journal import Journal
from leadboard.allocation.verification import verify
from tests import soak_verify
from tests.support import ACTOR, add_team, holder_of, rows

pytestmark = pytest.mark.every_engine

SEEDS = [1, 2, 3, 4]
"""Of twenty honest days verify accuses one: none of these."""


def lottery(seed: int, monkeypatch: pytest.MonkeyPatch) -> Random:
    """Let all that acts hand out be drawn by a generator that can be replayed; return it."""
    rng, real = Random(seed), backlog.drain

    def drain(flow: Journal, _: object = None, *given: Any, **options: Any) -> backlog.Drained:
        return real(flow, rng, *given, **options)

    monkeypatch.setattr(handouts, "drain", drain)
    return rng


@pytest.mark.parametrize("seed", SEEDS)
def test_a_day_of_returns_moves_and_send_homes_is_not_accused(
    seed: int, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(soak_verify, "ARRIVALS", 100)
    add_team(
        {"Anna": 40, "Boris": 25, "Vera": 15, "Gleb": 10},
        {
            "tg": {"Anna": 50, "Boris": 30, "Vera": 20},
            "vk": {"Boris": 10, "Vera": 10, "Gleb": 40},
        },
    )
    soak_verify.floor(lottery(seed, monkeypatch))
    kinds = {kind for (kind,) in rows("SELECT DISTINCT kind FROM appeal_step")}
    assert kinds >= {"received", "assigned", "moved", "returned", "closed"}
    outcome = verify()
    assert outcome.findings == []
    assert outcome.draws > outcome.appeals == 100
    assert outcome.evenness.is_even()


def test_drawing_until_a_friend_comes_up_leaves_each_draw_fair(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = lottery(2, monkeypatch)
    team = add_team({"Vera": 99, "Boris": 99}, {"bot": {"Vera": 70, "Boris": 30}})
    for number in range(20):
        appeal = submit(f"lead {number}", team.bot, "", rng=rng).id
        while holder_of(appeal) != team.boris:
            desk.give_back([appeal], actor=ACTOR)
    outcome = verify()
    assert outcome.findings == []
    assert outcome.draws > 40
    assert outcome.evenness.is_even()
