"""Statistics of spans, against a slow model that knows each appeal by all of its lines."""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import ceil
from typing import NamedTuple

import pytest
from peewee import Database

from allocator import submit
from leadboard import desk
from leadboard.allocation import audit, pruning
from leadboard.allocation.ledger import settle
from leadboard.common.errors import Refused
from leadboard.database.fields import as_if_at, moment_of
from leadboard.queries import statistics_fold
from leadboard.queries.lengths import Spread
from leadboard.queries.spans import TimeSpan, marks_of
from leadboard.queries.statistics import Gathering, Statistics
from tests.support import ACTOR, Team, add_team, counted_statements, elsewhere, number, rows
from tests.support.tables import take

pytestmark = pytest.mark.every_engine

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
"""A Wednesday."""


@pytest.fixture(autouse=True)
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A zone whose midnight is in the middle of an hour of UTC."""
    import time

    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def at(minutes: float) -> AbstractContextManager[None]:
    """Let what follows be done so many minutes after noon."""
    return as_if_at(NOON + timedelta(minutes=minutes))


@pytest.fixture
def team(db: Database) -> Team:
    """Anna, who gets every appeal of the bot while she has room, and Boris those of the site."""
    with at(-60 * 24 * 40):
        return add_team({"Anna": 3, "Boris": 6}, {"bot": {"Anna": 1}, "site": {"Boris": 1}})


def told(span: TimeSpan, minutes: float, source_id: int | None = None) -> Statistics:
    with at(minutes):
        return Gathering(span).told(source_id)


# --- the model ----------------------------------------------------------------------------------


class Step(NamedTuple):
    at: datetime
    kind: str
    operator: int | None
    closed_at: datetime | None
    drawn: bool
    act: str | None


class Told(NamedTuple):
    """An appeal by all of its lines."""

    source: int
    steps: list[Step]


def ledger() -> tuple[dict[int, Told], list[tuple[int, Step]]]:
    """Return every appeal with its lines, and all lines in their order."""
    found = rows(
        "SELECT s.appeal_id, a.source_id, s.at, s.kind, s.operator_id, s.closed_at, s.drawn, e.act "
        "FROM appeal_step s JOIN appeal a ON a.id = s.appeal_id "
        "LEFT JOIN event e ON e.id = s.event_id ORDER BY s.place"
    )
    appeals: dict[int, Told] = {}
    order = []
    for appeal, source, moment, kind, operator, closed, drawn, act in found:
        ended = None if closed is None else moment_of(str(closed))
        step = Step(moment_of(str(moment)), str(kind), operator, ended, bool(drawn), act)  # type: ignore[arg-type]
        appeals.setdefault(int(str(appeal)), Told(int(str(source)), [])).steps.append(step)
        order.append((int(str(appeal)), step))
    return appeals, order


class Closing(NamedTuple):
    at: datetime
    operator: int | None
    took: timedelta | None


def waits_of(steps: Sequence[Step]) -> tuple[datetime, int, timedelta] | None:
    """Return when an appeal was given for the first time, to whom, and how long it had waited."""
    if steps[0].kind != "received":
        return None
    for step in steps:
        if step.operator is not None and step.kind != "reopened":
            return step.at, step.operator, step.at - steps[0].at
        if step.kind == "reopened" and step.act not in ("undo", "redo"):
            return None
    return None


def closings_of(steps: Sequence[Step]) -> list[Closing]:
    """Return the closings of an appeal that were not undone, and how long it had been held."""
    closings: list[Closing] = []
    held: datetime | None = None
    for before, step in zip([None, *steps], steps, strict=False):
        was = before.kind if before else ""
        if step.kind == "closed" and step.act != "undo" and was != "imported":
            ended = step.closed_at or step.at
            took = ended - held if held and step.operator else None
            closings.append(Closing(ended, step.operator, took))
        elif step.kind == "reopened" and step.act == "undo" and was == "closed":
            closings.pop()
        elif step.kind in ("received", "assigned", "moved"):
            held = step.at
        elif step.kind == "reopened" and step.act != "undo" and was != "withdrawn":
            held = step.at if step.operator else None
        elif step.closed_at is None and step.kind != "reopened":
            held = None
    return closings


def quantile(lengths: Sequence[timedelta], part: float) -> timedelta:
    return sorted(lengths)[ceil(len(lengths) * part) - 1]


def assert_spread(found: Spread, lengths: Sequence[timedelta]) -> None:
    assert found.count == len(lengths)
    assert found.longer == sum(each >= timedelta(seconds=1) for each in lengths)
    for got, part in ((found.median, 0.5), (found.p90, 0.9)):
        if got is None:
            assert not lengths
        else:
            right = quantile(lengths, part)
            assert abs(got - right) <= right / 100 + timedelta(seconds=1)


def states(order: Sequence[tuple[int, Step]]) -> Iterator[tuple[Step, dict[int, int | None]]]:
    """Yield each line and who has each open appeal after it, None for nobody."""
    held: dict[int, int | None] = {}
    for appeal, step in order:
        if step.closed_at is None:
            held[appeal] = step.operator
        else:
            held.pop(appeal, None)
        yield step, held


def assert_as_the_model_has_it(span: TimeSpan, minutes: float, source: int | None) -> Statistics:
    found = told(span, minutes, source)
    appeals, order = ledger()
    chosen = {key: each for key, each in appeals.items() if source in (None, each.source)}
    order = [(appeal, step) for appeal, step in order if appeal in chosen]
    start = found.parts[0].start
    edges = [each.start for each in found.parts] + [datetime.max.replace(tzinfo=UTC)]

    def counted(moments: Sequence[datetime]) -> list[int]:
        return [sum(low <= each < high for each in moments) for low, high in pairwise(edges)]

    received = [step.at for _, step in order if step.kind == "received"]
    assert [each.received for each in found.parts] == counted(received)
    closings = [each for appeal in chosen.values() for each in closings_of(appeal.steps)]
    assert [each.closed for each in found.parts] == counted([each.at for each in closings])
    _assert_lengths(found, chosen, [each for each in closings if each.at >= start], start)
    _assert_waiting(found, order, edges)
    _assert_loads(found, order)
    return found


def _assert_lengths(
    found: Statistics, chosen: Mapping[int, Told], closings: Sequence[Closing], start: datetime
) -> None:
    waits = [wait for each in chosen.values() if (wait := waits_of(each.steps))]
    waits = [each for each in waits if each[0] >= start]
    took = [each for each in closings if each.took is not None]
    assert_spread(found.whole.waited, [length for _, _, length in waits])
    assert_spread(found.whole.handled, [each.took for each in took if each.took is not None])
    for each in found.operators:
        assert_spread(each.waited, [length for _, who, length in waits if who == each.id])
        lengths = [one.took for one in took if one.operator == each.id and one.took is not None]
        assert_spread(each.handled, lengths)
    by_hand = Counter(
        step.operator
        for told in chosen.values()
        for step in told.steps
        if step.at >= start and step.operator and not step.drawn
        if step.kind in ("received", "assigned", "moved")
    )
    assert {each.id: each.by_hand for each in found.operators if each.by_hand} == by_hand
    assert found.whole.by_hand == by_hand.total()


def _assert_waiting(
    found: Statistics, order: Sequence[tuple[int, Step]], edges: Sequence[datetime]
) -> None:
    most: dict[int, int] = defaultdict(int)
    for step, held in states(order):
        waiting = list(held.values()).count(None)
        for at, (low, high) in enumerate(pairwise(edges)):
            # The last line before a part says how many wait when it begins.
            if step.at < low:
                most[at] = waiting
            elif step.at < high:
                most[at] = max(most[at], waiting)
    now = [each.waiting for each in found.parts if each.start <= found.marks[-1]]
    assert now == [most[at] for at in range(len(now))]
    assert (
        found.waiting == ([0] + [list(held.values()).count(None) for _, held in states(order)])[-1]
    )
    assert all(each.waiting is None for each in found.parts[len(now) :])


def _assert_loads(found: Statistics, order: Sequence[tuple[int, Step]]) -> None:
    for each in found.operators:
        levels = [0] * (len(found.marks) + 1)
        for step, held in states(order):
            load = list(held.values()).count(each.id)
            levels = [
                load if at == len(found.marks) or step.at < found.marks[at] else level
                for at, level in enumerate(levels)
            ]
        assert list(each.loads or [0] * len(levels)) == levels


# --- what it tells ------------------------------------------------------------------------------


def test_arrivals_closings_and_waits_of_a_morning(team: Team) -> None:
    with at(0):
        for each in range(5):
            submit(f"tg_{each}", team.bot, "")
    with at(90):
        desk.close([1, 2], actor=ACTOR)
    found = told(TimeSpan.TODAY, 100)
    # Noon is 17:45 in Kathmandu.
    assert {
        each.start.astimezone().hour: each.received for each in found.parts if each.received
    } == {17: 5}
    assert {each.start.astimezone().hour: each.closed for each in found.parts if each.closed} == {
        19: 2
    }
    assert [each.waiting for each in found.parts][16:21] == [0, 2, 2, 2, None]
    assert found.unit == "hour"
    assert found.whole.waited == Spread(5, 2, timedelta(), timedelta(minutes=90, seconds=8))
    assert found.operators[0].name == "Anna"
    assert found.operators[0].loads[-8:] == (0, 3, 3, 3, 3, 3, 3, 3)


def test_a_closing_that_was_undone_does_not_count_until_it_is_done_again(team: Team) -> None:
    with at(0):
        submit("tg_1", team.bot, "")
    with at(10):
        desk.close([1], actor=ACTOR)
    assert told(TimeSpan.TODAY, 11).closed == 1
    with at(12):
        desk.undo(actor=ACTOR)
    found = told(TimeSpan.TODAY, 13)
    assert (found.closed, found.whole.handled.count) == (0, 0)
    with at(20):
        desk.redo(actor=ACTOR)
    found = assert_as_the_model_has_it(TimeSpan.TODAY, 21, None)
    assert (found.closed, found.whole.handled.count) == (1, 1)
    with at(30):
        desk.reopen([1], actor=ACTOR)
    with at(31):
        desk.undo(actor=ACTOR)
    assert assert_as_the_model_has_it(TimeSpan.TODAY, 32, None).closed == 1


def test_appeals_from_a_file_neither_arrive_nor_are_closed(team: Team) -> None:
    with at(5):
        take(
            "appeals",
            "external_id,source,operator,status,timestamp,closed_at\n"
            "tg_1,site,Boris,open,2026-01-01T00:00:00Z,\n"
            "tg_2,site,Boris,closed,2026-01-01T00:00:00Z,2026-01-02T00:00:00Z\n",
        )
    found = assert_as_the_model_has_it(TimeSpan.TODAY, 6, None)
    assert (found.received, found.closed) == (0, 0)
    assert found.operators[1].loads[-1] == 1


def test_a_repair_gives_nothing_to_anybody(team: Team) -> None:
    with at(1):
        submit("tg_1", team.bot, "")
        settle()
    rows("DELETE FROM change")
    with at(10):
        assert audit.repair(ACTOR) == []
    found = told(TimeSpan.TODAY, 12)
    assert set(found.operators[0].loads) == {1}
    assert found.received == 0


@pytest.mark.parametrize("seed", range(4))
def test_any_history_is_as_the_model_has_it(
    team: Team, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So few that most beginnings are looked up.
    monkeypatch.setattr(statistics_fold, "KEPT", 4 if seed % 2 else 100_000)
    rng = random.Random(seed)
    # From last month on: the longer ago, the more seldom.
    moments = sorted(-rng.expovariate(1 / 2000) for _ in range(200))
    for minutes in moments:
        with at(minutes), suppress(Refused):
            _anything(rng, team)
        if rng.random() < 0.1:
            settle()
    for span in TimeSpan:
        for source in (None, team.bot):
            assert_as_the_model_has_it(span, 1, source)
    whole = told(TimeSpan.ALL, 1)
    assert min(whole.received, whole.closed, whole.whole.by_hand, whole.whole.waited.count) > 0


def _anything(rng: random.Random, team: Team) -> None:
    """Do something to appeals at random; much of it is refused."""
    newest = number("SELECT coalesce(max(id), 1) FROM appeal")
    one = [rng.randint(max(1, newest - 9), newest)]
    acts: list[Callable[[], object]] = [
        *[lambda: submit(f"tg_{rng.random()}", rng.choice([team.bot, team.site]), "")] * 3,
        lambda: desk.submit("tg_x", team.bot, "", actor=ACTOR),
        lambda: desk.submit_to("tg_y", team.bot, "", None, team.boris, actor=ACTOR),
        lambda: desk.close(one, actor=ACTOR),
        lambda: desk.close(one, actor=ACTOR),
        lambda: desk.reopen(one, actor=ACTOR),
        lambda: desk.give_back(one, actor=ACTOR),
        lambda: desk.assign(one, rng.choice([team.anna, team.boris]), actor=ACTOR),
        lambda: desk.toggle_active([team.anna], actor=ACTOR),
        lambda: desk.undo(actor=ACTOR),
        lambda: desk.redo(actor=ACTOR),
    ]
    rng.choice(acts)()


def test_it_goes_on_with_what_is_new_and_reads_only_that(team: Team) -> None:
    gathering = Gathering(TimeSpan.TODAY)
    with at(0):
        submit("tg_1", team.bot, "")
        assert gathering.told().received == 1
    with at(20):
        desk.close([1], actor=ACTOR)
        submit("tg_2", team.site, "")
        with counted_statements() as statements:
            assert not gathering.catch_up()
            found = gathering.told()
        assert (found.received, found.closed) == (2, 1)
        assert found == Gathering(TimeSpan.TODAY).told()
        assert len([each for each in statements if '"seq" > ' in each]) <= 2
        assert not gathering.is_over
    with at(60 * 12):
        assert gathering.is_over


def test_a_portion_is_read_at_a_time(team: Team) -> None:
    with at(0):
        for each in range(10):
            submit(f"tg_{each}", team.bot, "")
    with at(1):
        gathering, seen = Gathering(TimeSpan.ALL), []
        while gathering.catch_up(3):
            seen.append(gathering.progress)
        assert seen == [0.3, 0.6, 0.9]
        assert gathering.told().received == 10


def test_what_was_pruned_or_made_by_an_upgrade_is_said(team: Team) -> None:
    with at(-60 * 24 * 10):
        submit("tg_1", team.bot, "")
        desk.close([1], actor=ACTOR)
    with at(0):
        submit("tg_2", team.bot, "")
        assert told(TimeSpan.ALL, 1).remarks == ()
        edge = pruning.edge_of(NOON - timedelta(days=1))
        pruning.prune(edge, NOON - timedelta(days=1), ACTOR, lambda *_: None)
    found = told(TimeSpan.ALL, 1)
    assert found.remarks == ("The ledger was pruned: nothing before 25.11.2026 17:45 is counted.",)
    assert (found.received, found.closed) == (1, 0)
    rows("UPDATE ledger_bounds SET rebuilt = 3")
    assert "made by an upgrade" in told(TimeSpan.ALL, 1).remarks[-1]


def test_an_empty_ledger_has_statistics_too(team: Team) -> None:
    for span in TimeSpan:
        found = told(span, 0)
        assert (found.received, found.closed, found.whole.waited) == (0, 0, Spread())
        assert {each.waiting for each in found.parts} <= {0, None}


def test_text_that_is_no_moment_is_left_out(team: Team, target: str) -> None:
    with at(0):
        submit("tg_1", team.bot, "")
        submit("tg_2", team.bot, "")
        settle()
    elsewhere(target, "UPDATE change SET at = 'yesterday' WHERE seq = 1")
    assert told(TimeSpan.TODAY, 1).received == 1
    assert told(TimeSpan.ALL, 1).received == 1


# --- spans --------------------------------------------------------------------------------------


def hours(span: TimeSpan, now: datetime, first: datetime | None = None) -> Sequence[str]:
    """Return the local beginnings of the parts of a span."""
    marks = marks_of(span, now, first)
    return [f"{marks.starts[each].astimezone():%d.%m. %H:%M}" for each in marks.parts]


@pytest.mark.sqlite
def test_spans_begin_at_local_midnight() -> None:
    assert hours(TimeSpan.TODAY, NOON)[:2] == ["25.11. 00:00", "25.11. 01:00"]
    assert len(hours(TimeSpan.TODAY, NOON)) == 24
    assert hours(TimeSpan.WEEK, NOON)[0] == "23.11. 00:00"
    assert len(hours(TimeSpan.WEEK, NOON)) == 7
    assert hours(TimeSpan.MONTH, NOON)[0] == "01.11. 00:00"
    assert len(hours(TimeSpan.MONTH, NOON)) == 30
    assert hours(TimeSpan.MONTH, datetime(2026, 12, 31, 12, tzinfo=UTC))[-1] == "31.12. 00:00"


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("days", "unit", "most"),
    [(1, "hour", 48), (20, "day", 31), (80, "day", 92), (300, "week", 106), (4000, "month", 150)],
)
def test_all_time_is_cut_as_suits_its_length(days: int, unit: str, most: int) -> None:
    marks = marks_of(TimeSpan.ALL, NOON, NOON - timedelta(days=days))
    assert marks.unit == unit
    assert len(marks.parts) <= most
    assert len(marks.starts) <= 732
    assert list(marks.starts) == sorted(set(marks.starts))
    assert marks.parts[0] == 0


@pytest.mark.sqlite
def test_a_day_has_as_many_hours_as_the_clocks_give_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    assert len(hours(TimeSpan.TODAY, datetime(2026, 3, 29, 12, tzinfo=UTC))) == 23
    assert len(hours(TimeSpan.TODAY, datetime(2026, 10, 25, 12, tzinfo=UTC))) == 25
    assert len(hours(TimeSpan.MONTH, datetime(2026, 10, 25, 12, tzinfo=UTC))) == 31


@pytest.mark.sqlite
def test_all_time_reaches_back_a_century_at_most() -> None:
    first = datetime(1, 1, 1, tzinfo=UTC)
    assert len(marks_of(TimeSpan.ALL, NOON, first).parts) <= 1202
