"""The desk without a screen: lists, details and acts as plain lines and as JSON."""

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import allocator
import models
from leadboard import desk
from leadboard.allocation import audit
from tests.support import add_team, arrive, holders, rows
from tests.support.hooks import add_hook
from tests.support.processes import ROOT, leadboard


@pytest.fixture
def target(tmp_path: Path) -> Iterator[str]:
    path = str(tmp_path / "t.db")
    opened = models.open_database(path)
    add_team({"Anna": 1, "Boris": 1}, {"tg": {"Anna": 70}, "vk": {"Boris": 1}})
    yield path
    opened.close()


def told(target: str, *arguments: str) -> str:
    done = leadboard(target, "--as", "vera", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_the_list_shows_what_is_open_one_line_each(target: str) -> None:
    ids = arrive(1, 3)
    told(target, "close", str(ids[0]))
    lines = told(target, "list").splitlines()
    assert [line.partition(":")[0].rpartition(" ")[0].rpartition(" ")[0] for line in lines] == [
        f"#{ids[1]} with Anna",
        f"#{ids[2]} waits",
    ]
    assert lines[0].endswith(": lead 1 via tg: hello")


def test_a_filter_finds_as_in_the_pane_newest_first(target: str) -> None:
    ids = arrive(1, 3)
    assert told(target, "list", "waiting").count("waits") == 2
    found = [
        json.loads(line)["id"] for line in told(target, "list", "--json", "hello").splitlines()
    ]
    assert found == ids[::-1]
    assert told(target, "list", "op:boris") == ""
    wrong = leadboard(target, "list", "older:soon")
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)


def test_a_list_that_is_cut_says_so(target: str) -> None:
    arrive(1, 3)
    done = leadboard(target, "list", "--limit", "2")
    assert done.stdout.count("\n") == 2
    assert done.stderr == "These are the first 2: --limit shows more.\n"


def test_a_long_message_is_cut_and_a_closed_output_is_no_failure(target: str) -> None:
    allocator.submit("tg_1", 1, "x" * 3_000)
    assert len(told(target, "list")) < 400
    add_hook("https://crm.example/in")
    for words in (["list", "--json"], ["hook", "list", "--json"]):
        command = [sys.executable, "-m", "leadboard.cli", "--db", target, *words]
        done = subprocess.run(f"{shlex.join(command)} >&-", shell=True, cwd=ROOT, check=False)
        assert done.returncode == 0
    nothing = leadboard(target, "show", "999")
    assert (nothing.returncode, nothing.stdout) == (2, "")


def test_strangers_text_is_plain(target: str) -> None:
    allocator.submit("evil\u202elead", 1, "\x1b[2J[bold]x[/]\nsecond")
    [line] = told(target, "list").splitlines()
    assert "\x1b" not in line
    assert line.endswith("[bold]x[/] second")
    assert "\x1b" not in told(target, "show", "1")


def test_an_appeal_is_shown_with_its_history(target: str) -> None:
    [first, second] = arrive(1, 2)
    told(target, "close", f"#{first}")
    shown = told(target, "show", str(second))
    assert "Operator  Anna" in shown
    assert "hello" in shown
    assert "assigned to Anna by lottery (close by vera)" in shown
    assert "█" not in shown
    found = json.loads(told(target, "show", str(second), "--json"))
    assert (found["operator"], found["source"], found["status"]) == ("Anna", "tg", "open")
    kinds = [line["type"] for line in found["history"]]
    assert kinds == ["appeal.received", "appeal.assigned"]


def test_acts_are_recorded_under_the_name_and_may_be_repeated(target: str) -> None:
    [first] = arrive(1)
    for arguments, first_word, second in (
        (["close"], "closed", "is closed already."),
        (["reopen"], "reopened", "is open already."),
        (["return", "--from", "Anna"], "returned", "meanwhile."),
        (["assign", "--to", "Boris"], "→ Boris", "Boris has appeal"),
    ):
        if arguments[0] == "return":
            told(target, "operator", "off", "Anna")
        word, *options = arguments
        assert first_word in told(target, word, str(first), *options)
        assert second in told(target, word, str(first), *options)
    done = rows("SELECT act, actor FROM event WHERE actor = 'vera' ORDER BY id")
    assert [act for act, _ in done] == ["close", "reopen", "change operator", "return", "assign"]
    assert desk.undo(actor="vera").note.startswith("Undone: Appeal #1")
    assert holders() == [None]
    assert audit.check() == []


def test_only_what_somebody_still_has_is_closed_where_they_are_named(target: str) -> None:
    [first] = arrive(1)
    refused = leadboard(target, "close", str(first), "--from", "Boris")
    assert (refused.returncode, refused.stderr.count("went to Anna meanwhile")) == (2, 1)
    assert "closed" in told(target, "close", str(first), "--from", "Anna")


def test_an_appeal_is_named_by_its_source_and_key(target: str) -> None:
    allocator.submit("tg_1", 1, "x", "m1")
    allocator.submit("tg_2", 1, "x", "m1")
    several = leadboard(target, "close", "--source", "tg", "--key", "m1")
    assert (several.returncode, several.stderr.count("name the lead")) == (2, 1)
    named = ["--source", "tg", "--key", "m1", "--lead", "tg_2"]
    assert "#2 of tg_2" in told(target, "close", *named)
    done = json.loads(told(target, "close", *named, "--json"))
    assert (done["event"], done["changed"]) == (None, [])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["close", "99"], "There is no appeal #99."),
        (["close", "x"], "An appeal is named by its number, such as 12, not by x."),
        (["close"], "Name an appeal: by its number, or by --source and --key."),
        (["close", "1", "--key", "a"], "not both."),
        (["assign", "1", "--to", "Nobody"], "There is no operator Nobody."),
        (["assign", "2", "--to", "Anna"], "Anna is full (1/1)."),
        (["operator", "limit", "Anna", "2000000"], "The limit must be between 0 and 1,000,000."),
        (["show", "99", "--json"], "There is no appeal #99."),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    target: str, arguments: list[str], sentence: str
) -> None:
    arrive(1, 2)
    before = rows("SELECT count(*) FROM event")
    done = leadboard(target, "--as", "vera", *arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert sentence in done.stderr
    assert rows("SELECT count(*) FROM event") == before


def test_operators_are_shown_and_switched(target: str) -> None:
    arrive(1, 2)
    assert told(target, "operator", "list") == "Anna: 1 of 1\nBoris: 0 of 1\n"
    assert told(target, "operator", "limit", "Anna", "2") == (
        "Anna: limit 1 → 2; 1 waiting handed out.\n"
    )
    assert told(target, "operator", "off", "Anna", "--return") == (
        "Anna is off, 2 appeals returned.\n"
    )
    done = json.loads(told(target, "operator", "on", "1", "--json"))
    assert done["note"] == "Anna is on; 2 waiting handed out"
    assert done["changed"] == [1]
    desk.change_operator(2, contact="tg:555", actor="x")
    assert "Boris: 0 of 1, tg:555" in told(target, "operator", "list")
    listed = [json.loads(line) for line in told(target, "operator", "list", "--json").splitlines()]
    assert [(each["name"], each["load"], each["contact"]) for each in listed] == [
        ("Anna", 2, ""),
        ("Boris", 0, "tg:555"),
    ]


def test_checks_answer_in_json(target: str) -> None:
    arrive(1, 2)
    assert json.loads(told(target, "check", "--json")) == {"holds": True, "findings": []}
    verified = json.loads(told(target, "verify", "--json"))
    assert (verified["lines"], verified["even"], verified["findings"]) == (2, True, [])
    rows("UPDATE operator SET load = 5 WHERE id = 2")
    wrong = leadboard(target, "check", "--json")
    [finding] = json.loads(wrong.stdout)["findings"]
    assert (wrong.returncode, finding["mendable"]) == (1, True)
    assert json.loads(told(target, "paths", "--json"))["database"] == target
