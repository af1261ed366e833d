"""Error bars of shares: 95 of 100 fair lotteries lie within, whatever z there is."""

import pytest

from leadboard.queries.share_bars import bars_of
from leadboard.queries.shares import OperatorShare, Shares


def bars(*people: OperatorShare) -> list[tuple[float, float, float, float]]:
    shares = Shares(None, None, 100, 100, 0, 1.0, 1.0, None, people, "")
    return [(each.low, each.due, each.high, each.got) for each in bars_of(shares)]


def share(due: float, got: int, z: float | None, free: int = 100) -> OperatorShare:
    return OperatorShare(1, "Anna", due, got, free, z, None, 0, 0, 0)


def test_the_reach_is_that_of_z() -> None:
    assert bars(share(50.0, 60, 2.0)) == [(0.402, 0.5, 0.598, 0.6)]
    assert bars(share(50.0, 40, -2.0)) == [(0.402, 0.5, 0.598, 0.4)]


def test_where_nothing_is_off_it_is_that_of_one_roster() -> None:
    [(low, due, high, got)] = bars(share(50.0, 50, 0.0))
    assert (due, got) == (0.5, 0.5)
    assert [low, high] == pytest.approx([0.402, 0.598])


def test_it_ends_at_nothing_and_at_all() -> None:
    [(low, _, high, _)] = bars(share(1.0, 2, 1.0))
    assert (low, high) == (0.0, 0.0296)
    assert bars(share(99.0, 100, 1.0))[0][2] == 1.0


def test_who_had_no_choice_made_about_them_has_none() -> None:
    assert bars(share(0.0, 0, None, free=0), share(10.0, 10, None)) == []
