"""The bulk feed: what it stores, what it answers, and what it survives."""

import io
import json
import math
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadboard import desk
from leadboard.allocation.intake import Placed
from leadboard.cli import feed as feed_module
from leadboard.cli.feed import MAX_ID, Bad, Feed, FeedEntry, answer, parsed
from leadboard.cli.line_reader import MAX_LINE, Line, LineReader, Splitter
from leadboard.cli.signals import Stop
from leadboard.common.errors import Trouble
from leadboard.database import transactions
from leadboard.database.connection import database, rows
from models import Appeal, Lead, Operator, Source, open_database
from tests.support.processes import ROOT

APPEALS = 20_000

Answer = dict[str, Any]


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Path]:
    opened = open_database(tmp_path / "feed.db")
    yield tmp_path / "feed.db"
    opened.close()


def add_team(source: str, *team: tuple[int, int, bool]) -> None:
    """Add operators of (weight, limit, active) to a new source, named by their place."""
    desk.add_source(source, actor="test")
    source_id = Source.get(Source.name == source).id
    for number, (weight, limit, is_active) in enumerate(team):
        name = f"{source} {number}"
        desk.add_operator(name, limit, is_active=is_active, actor="test")
        operator_id = Operator.get(Operator.name == name).id
        desk.set_weight(operator_id, source_id, weight, actor="test")


def line(number: int, source: object = "tg", **more: object) -> str:
    return json.dumps({"external_id": f"lead {number}", "source": source, "message": "?", **more})


def start(db: Path, *arguments: str, **how: Any) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "leadboard.cli", "--db", str(db), "feed", *arguments],
        stdin=how.pop("stdin", subprocess.PIPE),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        **how,
    )


def feed(db: Path, text: str | bytes) -> tuple[list[Answer], int, str]:
    process = start(db)
    data = text.encode() if isinstance(text, str) else text
    out, err = process.communicate(data, timeout=60)
    return [json.loads(each) for each in out.splitlines()], process.returncode, err.decode()


def run_here(text: str, advance: Any = lambda _bytes, _appeals: None) -> tuple[list[Answer], Feed]:
    """Feed in this process, so that a test can meddle while it runs."""
    reading, writing = os.pipe()
    os.write(writing, text.encode())
    os.close(writing)
    output = io.BytesIO()
    running = Feed(LineReader(reading), output, stop=Stop(), advance=advance)
    try:
        running.run()
    finally:
        os.close(reading)
    return [json.loads(each) for each in output.getvalue().splitlines()], running


def loads() -> dict[str, int]:
    return dict(rows(Operator.select(Operator.name, Operator.load)))


def test_shares_follow_the_weights(db: Path, tmp_path: Path) -> None:
    plenty = APPEALS * 10
    add_team("tg", (70, plenty, True), (30, plenty, True), (0, plenty, True), (50, plenty, False))
    file = tmp_path / "appeals.jsonl"
    file.write_text("\n".join(line(number) for number in range(APPEALS)))
    process = start(db, str(file))
    out, err = process.communicate(timeout=120)
    answers = [json.loads(each) for each in out.splitlines()]
    got = Counter(each["operator"] for each in answers)
    assert (process.returncode, err, len(answers)) == (0, b"", APPEALS)
    assert [each["id"] for each in answers] == list(range(1, APPEALS + 1))
    assert set(got) == {"tg 0", "tg 1"}
    assert abs(got["tg 0"] - 0.7 * APPEALS) < 4 * math.sqrt(APPEALS * 0.7 * 0.3)
    assert loads() == {"tg 0": got["tg 0"], "tg 1": got["tg 1"], "tg 2": 0, "tg 3": 0}


def test_limits_leave_the_rest_waiting(db: Path) -> None:
    add_team("tg", (70, 5, True), (30, 7, True))
    answers, code, _ = feed(db, "\n".join(line(number) for number in range(100)))
    got = Counter(each["operator"] for each in answers)
    assert code == 0
    assert got == {"tg 0": 5, "tg 1": 7, None: 88}
    assert sum(each["operator_id"] is None for each in answers) == 88


def test_two_feeds_at_once_share_the_places(db: Path) -> None:
    add_team("tg", (70, 25, True), (30, 35, True))
    text = "\n".join(line(number) for number in range(150)).encode()
    processes = [start(db), start(db)]
    threads = [
        threading.Thread(target=each.communicate, args=(text,), kwargs={"timeout": 60})
        for each in processes
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each.returncode for each in processes] == [0, 0]
    assert loads() == {"tg 0": 25, "tg 1": 35}
    assert (Appeal.select().count(), Lead.select().count()) == (300, 150)


def test_an_answer_says_who_got_it(db: Path) -> None:
    add_team("tg", (1, 10, True))
    (got,), code, _ = feed(db, line(1))
    assert code == 0
    assert list(got) == ["id", "lead_id", "source_id", "operator_id", "operator", "timestamp"]
    assert (got["id"], got["lead_id"], got["source_id"], got["operator"]) == (1, 1, 1, "tg 0")
    assert got["timestamp"].endswith("Z")
    assert datetime.now(UTC) - datetime.fromisoformat(got["timestamp"]) < timedelta(minutes=1)


def test_bad_lines_stop_nothing(db: Path) -> None:
    add_team("tg", (1, 10, True))
    text = b"\n".join(
        [
            b"\xef\xbb\xbf" + line(1).encode() + b"\r",
            b"",
            b"{",
            line(2, "nowhere").encode(),
            line(3, 1).encode(),
            b"\xff\xfe",
            line(4, 77).encode(),
            b'{"external_id": "x", "source": "tg"}',
            line(5, key=["nested"]).encode(),
            line(6, extra={"ignored": True}).encode(),
        ]
    )
    answers, code, err = feed(db, text)
    assert (code, err) == (1, "")
    assert [each.get("id", each.get("line")) for each in answers] == [1, 3, 4, 2, 6, 7, 8, 9, 3]
    assert {each["line"]: each["error"] for each in answers if "error" in each} == {
        3: "The line is not valid JSON: Expecting property name enclosed in double quotes, "
        "column 2.",
        4: "There is no source nowhere.",
        6: "The line is not valid UTF-8.",
        7: "There is no source #77.",
        8: "The field message is missing.",
        9: "The key must be text.",
    }
    assert Appeal.select().count() == 3


def test_a_key_sent_twice_is_one_appeal(db: Path) -> None:
    add_team("tg", (1, 10, True))
    answers, code, _ = feed(db, "\n".join([line(1, key="m1"), line(1, key="m1"), line(2, key=7)]))
    again, _, _ = feed(db, line(1, key="m1"))
    assert code == 0
    assert answers[0] == answers[1] == again[0]
    assert loads() == {"tg 0": 2}


def test_a_bot_that_waits_for_each_answer_gets_it(db: Path) -> None:
    add_team("tg", (1, 10, True))
    process = start(db)
    assert process.stdin
    assert process.stdout
    for number in range(1, 4):
        process.stdin.write(line(number).encode() + b"\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["id"] == number
        assert Appeal.select().count() == number
    process.stdin.close()
    assert process.wait(10) == 0


def test_a_reader_that_leaves_early_is_no_error(db: Path, tmp_path: Path) -> None:
    add_team("tg", (1, 10_000, True))
    file = tmp_path / "appeals.jsonl"
    file.write_text("\n".join(line(number) for number in range(2_000)))
    process = start(db, str(file))
    assert process.stdout
    assert process.stderr
    process.stdout.readline()
    process.stdout.close()
    assert (process.wait(20), process.stderr.read()) == (0, b"")
    process.stderr.close()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_loses_no_answered_appeal(
    db: Path, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    add_team("tg", (1, 10_000, True))
    file = tmp_path / "appeals.jsonl"
    file.write_text("\n".join(line(number) for number in range(5_000)))
    process = start(db, str(file))
    assert process.stdout
    first = process.stdout.readline()
    process.send_signal(number)
    answered = [json.loads(each)["id"] for each in [first, *process.stdout]]
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (code, b"")
    assert answered == [appeal_id for (appeal_id,) in rows(Appeal.select(Appeal.id))]
    assert len(answered) < 5_000


def test_a_signal_ends_the_waiting_for_input(db: Path) -> None:
    add_team("tg", (1, 10, True))
    process = start(db)
    assert process.stdin
    assert process.stdout
    process.stdin.write(line(1).encode() + b"\n")
    process.stdin.flush()
    process.stdout.readline()
    process.terminate()
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (143, b"", b"")


def test_a_locked_database_is_waited_for(
    db: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    add_team("tg", (1, 10, True))
    monkeypatch.setattr(transactions, "PATIENCE", 0.05)
    other = sqlite3.connect(db, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.5, lambda: other.execute("ROLLBACK"))
    release.start()
    answers, running = run_here(line(1))
    release.join()
    other.close()
    told = "leadboard: The database is locked by another program; still trying.\n"
    assert (answers[0]["operator"], running.bad, capsys.readouterr().err) == ("tg 0", 0, told)


def in_batches_of(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_module, "SMALLEST_BATCH", size)
    monkeypatch.setattr(feed_module, "LARGEST_BATCH", size)


def test_a_full_disk_stops_the_feed_and_names_the_line(
    db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_team("tg", (1, 10_000, True))
    in_batches_of(10, monkeypatch)
    pages = database.execute_sql("PRAGMA page_count").fetchone()[0]
    database.execute_sql(f"PRAGMA max_page_count = {pages + 8}")
    text = "\n".join(line(number, message="x" * 900) for number in range(60))
    with pytest.raises(Trouble, match=r"; nothing from line \d+ on was stored\.$") as caught:
        run_here(text)
    stored = Appeal.select().count()
    assert 0 < stored < 60
    assert f"from line {stored + 1} on" in str(caught.value)


def test_a_source_is_looked_up_afresh(db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_team("tg", (1, 10, True))
    in_batches_of(1, monkeypatch)

    def rename(_: int, appeals: int) -> None:
        if appeals == 1:
            desk.change_source(1, name="telegram", actor="test")

    text = "\n".join([line(1), line(2), line(3, "telegram"), line(4, 1)])
    answers, running = run_here(text, rename)
    assert [each.get("error") for each in answers] == [None, "There is no source tg.", None, None]
    assert running.bad == 1


def test_an_endless_line_is_not_kept_in_memory(db: Path) -> None:
    add_team("tg", (1, 10, True))
    text = line(1, message="x" * (3 * MAX_LINE)) + "\n" + line(2)
    (long, short), code, _ = feed(db, text)
    assert long == {"error": f"The line is longer than {MAX_LINE:,} bytes.", "line": 1}
    assert (short["operator"], code) == ("tg 0", 1)


def test_answers_hold_nothing_a_terminal_obeys() -> None:
    placed = Placed(1, 1, 1, 1, "a\x9b31m\u202eb", datetime.now(UTC))
    assert answer(placed).isascii()
    assert json.loads(answer(placed))["operator"] == "a\x9b31m\u202eb"
    assert "Анна" in answer(Placed(1, 1, 1, 1, "Анна", datetime.now(UTC))).decode()


@given(st.lists(st.binary(max_size=40)), st.integers(1, 9))
def test_lines_do_not_depend_on_how_they_arrive(pieces: list[bytes], size: int) -> None:
    stream = b"\n".join(pieces)
    splitter = Splitter()
    for begin in range(0, len(stream), size):
        splitter.push(stream[begin : begin + size])
    splitter.end()
    expected = stream.split(b"\n")
    if not expected[-1]:
        expected.pop()
    assert list(splitter.finished) == [Line(i, each) for i, each in enumerate(expected, 1)]


@given(st.binary(max_size=200))
def test_any_bytes_get_a_verdict(content: bytes) -> None:
    assert isinstance(parsed(Line(1, content)), Bad)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


# The first run of all builds hypothesis its table of letters, which takes a second or two.
@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.dictionaries(st.sampled_from(["external_id", "source", "message", "key"]), anything))
def test_any_object_gets_a_verdict(fields: dict[str, object]) -> None:
    verdict = parsed(Line(3, json.dumps(fields).encode()))
    if isinstance(verdict, Bad):
        assert verdict.number == 3
        assert verdict.sentence.endswith(".")
        return
    assert isinstance(verdict, FeedEntry)
    assert isinstance(fields["message"], str)
    assert isinstance(verdict.source, str) or 1 <= verdict.source <= MAX_ID
    verdict.external_id.encode()


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 100_000,
        b"1" * 100_000,
        b'{"external_id": NaN, "source": 1, "message": ""}',
        b'{"external_id": true, "source": 1, "message": ""}',
        b'{"external_id": "a", "source": 1.5, "message": ""}',
        b'{"external_id": "a", "source": true, "message": ""}',
        b'{"external_id": "a", "source": "\\ud800", "message": ""}',
        b'{"external_id": "a", "source": 9223372036854775808, "message": ""}',
        b'{"external_id": "a", "source": 1, "message": {"text": "nested"}}',
        b'{"external_id": null, "source": 1, "message": ""}',
    ],
)
def test_wrong_types_are_refused(content: bytes) -> None:
    assert isinstance(parsed(Line(1, content)), Bad)
