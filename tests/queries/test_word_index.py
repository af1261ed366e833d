"""The index of words: it finds what looking through everything finds, and is only ever a cache."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from peewee import Database

import models
from allocator import submit
from bench.generate import Sizes, generate
from leadboard import desk
from leadboard.common.validation import storable
from leadboard.database.fields import now
from leadboard.queries import appeals as appeals_queries
from leadboard.queries import leads
from leadboard.queries.terms import parse
from leadboard.queries.word_index import SearchIndex, index_of_database
from tests.common.test_case_folding import CASES
from tests.support import ACTOR, Team, add_team, rows
from tests.support.screen import open_desk
from tui.screen import background

pytestmark = pytest.mark.every_engine

LETTERS = "абвАБ ёЁ\"'*():^-+ßſ İx0\0\ud800🙂ийй\u0301\u200b\xadﬁ１가\u1100\u1161"


@pytest.fixture
def index(db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SearchIndex:
    monkeypatch.setattr("leadboard.database.connection.OVERTAKING", 0)
    add_team({"Anna": 2, "Boris": 900}, {"tg": {"Anna": 1, "Boris": 1}, "vk": {"Boris": 1}})
    return SearchIndex(tmp_path / "words")


def found(text: str, index: SearchIndex | None, limit: int = 100) -> list[int]:
    wanted = parse(storable(text), now())
    return [each.id for each in appeals_queries.newest_appeals(limit, None, wanted, index)]


def caught_up(index: SearchIndex, batch: int = 7) -> None:
    while index.catch_up(batch):
        pass


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    messages=st.lists(st.text(LETTERS, max_size=12), max_size=12),
    word=st.text(LETTERS, min_size=1, max_size=6),
    indexed=st.integers(0, 12),
)
def test_the_index_finds_what_looking_through_everything_finds(
    index: SearchIndex, messages: Sequence[str], word: str, indexed: int
) -> None:
    for number, message in enumerate(messages):
        if number == indexed:
            caught_up(index)
        submit(f"lead {number}", 1 + number % 2, message)
    for text in (word, f"{word} op:boris", f"{word} src:vk", f"{word} waiting", f"{word} closed"):
        everything = found(text, None, 10_000)
        assert found(text, index, 10_000) == everything
        assert found(text, index, 3) == everything[:3]


def test_every_way_of_looking_finds_what_a_reader_finds(index: SearchIndex) -> None:
    team = Team()
    appeals: dict[str, int] = {}
    for text, _, _ in CASES:
        if text not in appeals:
            appeals[text] = submit(f"lead {len(appeals)}", team.tg, f"до {text} после").id
    ways: tuple[SearchIndex | None, ...] = (None, index)
    caught_up(index)
    for text, word, is_found in CASES:
        for way in ways:
            assert (appeals[text] in found(word, way)) is is_found, (text, word, way)


def test_leads_operators_and_sources_are_found_in_any_case_and_form(index: SearchIndex) -> None:
    team = add_team({"Артём Й": 5}, {"ВКонтакте": {"Артём Й": 1}})
    submit("AbC-Ё", team["ВКонтакте"], "x")
    submit("other", team.tg, "x")
    caught_up(index)
    for text in ("bc-е", "aBc-ё", "артем", "op:АРТЕМ", "src:вконт", "op:и\u0306", "контакт"):
        assert found(text, None) == found(text, index) == [1], text
    for word in ("abc-е", "ABC"):
        assert [each.external_id for each in leads.newest_leads(9, words=[word])] == ["AbC-Ё"]
        assert [each.external_id for each in leads.leads_after(9, 0, [word])] == ["AbC-Ё"]
    assert leads.newest_leads(9, words=["absent"]) == []


def test_pages_go_on_beyond_what_a_closer_look_leaves_out(index: SearchIndex) -> None:
    team = Team()
    wanted = [
        submit(f"l{n}", team.tg, "й" if n % 5 == 0 else "и\u0301\u200b").id for n in range(40)
    ][::5]
    submit("йо", team.tg, "x")
    submit("ио\u0301", team.tg, "x")
    assert found("й", None, 3) == [41, *wanted[::-1]][:3]
    assert found("й", None) == [41, *wanted[::-1]]
    upwards = appeals_queries.appeals_after(4, 0, parse("й", now()), None)
    assert [each.id for each in upwards] == wanted[:4][::-1]
    assert [each.id for each in leads.newest_leads(1, words=["йо"])] == [41]


@pytest.mark.parametrize("text", ["курс", "чек", "waiting", "src:tg", "absent", "курс op:boris"])
def test_hits_are_counted_up_to_a_bound(index: SearchIndex, text: str) -> None:
    team = Team()
    for number in range(30):
        submit(f"lead {number}", team.tg, "курс" if number % 3 else "чек")
        if number == 20:
            caught_up(index)
    hits = len(found(text, None))
    for way in (None, index):
        assert appeals_queries.count_appeals(100, parse(text, now()), way) == (hits, True)
        assert appeals_queries.count_appeals(5, parse(text, now()), way) == (
            min(hits, 5),
            hits <= 5,
        )
    assert leads.count_leads(100, ["LEAD"]) == (30, True)
    assert leads.count_leads(29, ["LEAD"]) == (29, False)


def test_counting_goes_on_step_by_step_until_it_has_taken_too_long(
    index: SearchIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = Team()
    for number in range(20):
        submit(f"lead {number}", team.tg, "курс")
    monkeypatch.setattr("leadboard.queries.filters.STEP", 7)
    assert appeals_queries.count_appeals(100, parse("курс", now())) == (20, True)
    monkeypatch.setattr("leadboard.queries.filters.PATIENCE", 0)
    assert appeals_queries.count_appeals(100, parse("курс", now())) == (0, False)


def test_an_index_made_by_other_rules_is_made_anew(
    index: SearchIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = Team()
    submit("a", team.tg, "курс")
    caught_up(index)
    monkeypatch.setattr("leadboard.queries.word_index._VERSION", 7)
    other = SearchIndex(tmp_path / "words")
    assert other.mark == 0
    caught_up(other)
    assert found("КУРС", other) == [1]
    assert SearchIndex(tmp_path / "words").mark == 1


def test_an_index_of_the_time_before_rules_had_versions_is_made_anew(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "old")) as old:
        old.executescript(
            "CREATE TABLE words(text); CREATE TABLE state (mark, first, last);"
            "INSERT INTO state VALUES (9, '', ''); PRAGMA user_version = 1"
        )
    assert SearchIndex(tmp_path / "old").mark == 0


def test_pages_of_what_the_index_finds_join_without_a_gap(index: SearchIndex) -> None:
    team = Team()
    for number in range(60):
        submit(f"lead {number}", team.tg, "курс" if number % 3 else "чек")
        if number == 40:
            caught_up(index)
    wanted = parse("КУРС", now())
    pages: list[int] = []
    before: int | None = None
    while page := appeals_queries.newest_appeals(4, before, wanted, index):
        pages += [each.id for each in page]
        before = pages[-1]
    assert pages == found("курс", None)
    upwards: list[int] = []
    while page := appeals_queries.appeals_after(4, upwards[-1] if upwards else 0, wanted, index):
        upwards += [each.id for each in reversed(page)]
    assert upwards == pages[::-1]


def test_a_lead_is_found_by_a_part_of_its_id(index: SearchIndex) -> None:
    team = Team()
    submit("tg_123456789", team.tg, "x")
    submit("vk_77", team.tg, "x")
    caught_up(index)
    assert found("34567", index) == [1]


def test_an_index_of_another_database_is_made_anew(index: SearchIndex) -> None:
    team = Team()
    submit("a", team.tg, "старый курс")
    submit("b", team.tg, "чек")
    caught_up(index)
    rows("UPDATE appeal SET timestamp = '2020-01-01T00:00:00.000000Z', message = 'новый заказ'")
    index.check()
    assert index.mark == 0
    caught_up(index)
    assert found("заказ", index) == [2, 1]
    assert index.newest(["старый"], 9, 99) == []


def test_an_index_ahead_of_a_restored_backup_is_made_anew(index: SearchIndex) -> None:
    team = Team()
    for number in range(4):
        submit(f"lead {number}", team.tg, "текст")
    caught_up(index)
    for table in ("change", "pending_change"):
        rows(f"DELETE FROM {table} WHERE appeal_id > 2")
    rows("DELETE FROM appeal WHERE id > 2")
    index.check()
    assert index.mark == 0


def test_two_programs_fill_one_index_together(index: SearchIndex, tmp_path: Path) -> None:
    team = Team()
    other = SearchIndex(tmp_path / "words")
    for number in range(30):
        submit(f"lead {number}", team.tg, f"слово{number}")
    while index.catch_up(4) or other.catch_up(3):
        pass
    assert [other.newest([f"слово{number}"], 99, 99)[-1] for number in range(30)] == list(
        range(1, 31)
    )


def test_a_damaged_index_is_made_anew(db: Database, tmp_path: Path) -> None:
    (tmp_path / "words").write_bytes(b"not a database at all" * 99)
    index = SearchIndex(tmp_path / "words")
    assert index.mark == 0
    assert (tmp_path / "words").stat().st_mode & 0o777 == 0o600


def test_an_index_that_fails_while_one_searches_only_makes_it_slower(
    index: SearchIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = Team()
    submit("a", team.tg, "курс")
    caught_up(index)

    def fail(*_: object) -> list[int]:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(index, "_ids", fail)
    assert found("курс", index) == [1]


def test_where_nothing_can_be_kept_there_is_no_index(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr("platformdirs.user_cache_path", lambda _: tmp_path / "file")
    assert index_of_database() is None


async def test_a_desk_on_many_appeals_finds_a_rare_word_by_its_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platformdirs.user_cache_path", lambda _: tmp_path / "cache")
    monkeypatch.setattr(background, "WORTH_INDEXING", 100)
    monkeypatch.setattr(background, "AGAIN", 0.02)
    path = tmp_path / "many.db"
    generate(path, Sizes(appeals=3_000))
    opened = models.open_database(path)
    desk.add_source("rare", actor=ACTOR)
    submit("someone", 6, "единственное слово")
    opened.close()
    async with open_desk(path) as shown:
        await shown.until(lambda: shown.app.index is not None and shown.app.index.mark == 3_001)
        await shown.press("f4", "slash", *"единственное")
        await shown.until(lambda: "someone" in shown.text)
        await shown.elsewhere(submit, "another", 6, "единственное и второе")
        await shown.until(lambda: "another" in shown.text)
