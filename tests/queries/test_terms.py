"""What a filter asks for: words, terms, and terms that mean nothing."""

from datetime import UTC, datetime, timedelta

import pytest

from leadboard.queries.terms import (
    EVERYTHING,
    OF_LEADS,
    OF_OPERATORS,
    OF_WEIGHTS,
    AppealFilter,
    parse,
)

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("WAITING Closed", AppealFilter(is_waiting=True, is_closed=True)),
        ("OP:anna Src:vk", AppealFilter(operators=("anna",), sources=("vk",))),
        ("щз:анна", AppealFilter(operators=("анна",))),
        ("щзЖанна ЫКСЖвк", AppealFilter(operators=("анна",), sources=("вк",))),
        ("цфшештп", AppealFilter(is_waiting=True)),
        ("http://x 10:30 заказ:7 Жук", AppealFilter(("http://x", "10:30", "заказ:7", "Жук"))),
        (
            "since:2026-01-02T00:00Z since:2026-01-01",
            AppealFilter(since=datetime(2026, 1, 2, tzinfo=UTC)),
        ),
        ("older:15m", AppealFilter(older=timedelta(minutes=15))),
        ("Older:1h30m older:15m", AppealFilter(older=timedelta(minutes=90))),
        ("older:15м older:20с", AppealFilter(older=timedelta(minutes=15))),
        ("щдвукЖ2р", AppealFilter(older=timedelta(hours=2))),
        ("older:0s waiting", AppealFilter(is_waiting=True, older=timedelta())),
        ("ждёт ЗАКРЫТО", AppealFilter(is_waiting=True, is_closed=True)),
        ("Ждет", AppealFilter(is_waiting=True)),
        ("жд\u0435\u0308т", AppealFilter(is_waiting=True)),
        ("Оп:анна опер:кира ИСТ:вк", AppealFilter(operators=("анна", "кира"), sources=("вк",))),
        ("с:2026-01-01T00:00Z", AppealFilter(since=datetime(2026, 1, 1, tzinfo=UTC))),
        ("Старше:15м older:1h", AppealFilter(older=timedelta(hours=1))),
        ("СЖАТЬ опЖ с оп старше", AppealFilter(("СЖАТЬ", "опЖ", "с", "оп", "старше"))),
        ("закрытое с://x c:10:00", AppealFilter(("закрытое", "с://x", "c:10:00"))),
        ("\u200b \xad", EVERYTHING),
        ("source://x", AppealFilter(("source://x",))),
    ],
)
def test_terms_are_known_in_any_case_and_layout_and_words_stay_words(
    text: str, wanted: AppealFilter
) -> None:
    assert parse(text, NOW) == wanted
    assert not parse(text, NOW).faults


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("since:99", "since:99 is no date or time"),
        ("since:", "since: needs a date or time"),
        ("older:", "older: needs a length of time, such as older:45s, older:15m"),
        ("older:15", "older:15 is no length of time, such as older:45s, older:15m"),
        ("older:soon", "older:soon is no length of time"),
        ("older:10:00", "older:10:00 is no length of time"),
        ("Возраст:15м", "возраст: is no term: write older:15м"),
        ("старше:скоро", "older:скоро is no length of time"),
        ("с:", "since: needs a date or time"),
        ("ждёт:", "waiting: is no term: write waiting or closed"),
        ("op:", "op: needs a part of an operator's name"),
        ("src:\u200b", "src: needs a part of a source's name"),
        ("operator:kira", "operator: is no term: write op:kira"),
        ("Источник:вк", "источник: is no term: write src:вк"),
        ("is:waiting", "is: is no term: write waiting or closed"),
        ("closed:", "closed: is no term: write waiting or closed"),
    ],
)
def test_a_term_that_is_none_is_said_to_be_none_and_leaves_nothing_out(
    text: str, said: str
) -> None:
    wanted = parse(f"{text} курс", NOW)
    assert wanted == AppealFilter(("курс",))
    [fault] = wanted.faults
    assert fault.startswith(said)


def test_a_pane_knows_its_own_terms_only() -> None:
    text = "анна waiting closed op:b src:c since:10:00 older:5m"
    assert_each_pane_knows_its_own(text)


def test_a_pane_knows_the_same_terms_by_their_russian_names() -> None:
    assert_each_pane_knows_its_own("анна ждёт закрыто оп:b ист:c с:10:00 старше:5м")


def assert_each_pane_knows_its_own(text: str) -> None:
    for terms, faults in ((OF_LEADS, 6), (OF_OPERATORS, 5), (OF_WEIGHTS, 4)):
        wanted = parse(text, NOW, terms)
        assert wanted.words == ("анна",)
        assert len(wanted.faults) == faults
        assert not any((wanted.is_waiting, wanted.is_closed, wanted.since, wanted.older))


@pytest.mark.parametrize(
    ("text", "latest"),
    [
        ("", None),
        ("older:15m", NOW - timedelta(minutes=15)),
        ("older:9000000d", datetime.min.replace(tzinfo=UTC)),
    ],
)
def test_an_age_counts_from_the_moment_of_reading(text: str, latest: datetime | None) -> None:
    assert parse(text, NOW - timedelta(hours=5)).latest(NOW) == latest
