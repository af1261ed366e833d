"""Warnings: raised and lowered only by what has held for two minutes."""

from collections.abc import Sequence

from leadboard.foresight.forecast import Outlook
from leadboard.foresight.lookout import Lookout


def looks(*chances: float, step: float = 0.5, median: float = 40) -> Sequence[bool]:
    """Return whether a source is warned of, for chances half a minute apart."""
    lookout = Lookout()
    return [
        lookout.look(at * step, {1: Outlook(median=median, soon=chance)})[1].is_near
        for at, chance in enumerate(chances)
    ]


def test_a_warning_comes_once_the_chance_has_held_for_two_minutes() -> None:
    assert looks(*[0.5] * 6) == [False] * 4 + [True] * 2


def test_a_moment_below_begins_the_two_minutes_anew() -> None:
    assert not any(looks(*[0.9] * 4, 0.49, *[0.9] * 4))


def test_a_warning_goes_only_once_the_chance_was_low_for_two_minutes() -> None:
    raised = [0.6] * 5
    assert all(looks(*raised, *[0.41] * 20)[4:])
    assert all(looks(*raised, *[0.1] * 4, 0.6, *[0.1] * 4)[4:])
    assert looks(*raised, *[0.1] * 5)[-1] is False


def test_a_warning_is_close_from_a_quarter_of_an_hour_and_stays_so_up_to_twenty_minutes() -> None:
    lookout = Lookout()
    seen = [
        lookout.look(minute, {1: Outlook(median=median, soon=0.9)})[1].is_close
        for minute, median in enumerate([10, 10, 16, 14, 19, 21, 19])
    ]
    # Two minutes pass before it is a warning at all.
    assert seen == [False, False, False, True, True, False, False]


def test_sources_are_watched_apart_and_forgotten_when_they_go() -> None:
    lookout = Lookout()
    likely, unlikely = Outlook(soon=0.9), Outlook(soon=0.1)
    for minute in range(3):
        warned = lookout.look(minute, {1: likely, 2: unlikely})
    assert (warned[1].is_near, warned[2].is_near) == (True, False)
    lookout.look(3, {2: unlikely})
    assert not lookout.look(4, {1: likely})[1].is_near
