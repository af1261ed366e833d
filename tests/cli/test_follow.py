"""Following the ledger from the command line: what is written, from where, and until when."""

import json
import os
import signal
import subprocess
import sys
from typing import Any

import pytest

from allocator import place_all
from leadboard import desk
from leadboard.allocation.intake import Draft
from leadboard.database.transactions import transact
from tests.support import ACTOR, Team, add_team, arrive, opened, rows
from tests.support.processes import ROOT, leadboard

pytestmark = pytest.mark.every_engine


@pytest.fixture
def floor(target: str) -> str:
    """Anna has one place and Boris none; of three appeals one is closed, and one moves on."""
    with opened(target):
        team = add_team({"Anna": 1, "Boris": 0}, {"tg": {"Anna": 1}})
        arrive(team.tg, 3)
        desk.close([1], actor=ACTOR)
        desk.assign([2], team.boris, force=True, actor=ACTOR)
        desk.change_operator(team.anna, is_active=False, actor=ACTOR)
        desk.give_back([2], actor=ACTOR)
    return target


def followed(target: str, *options: str) -> list[dict[str, Any]]:
    """Return the lines of the ledger up to the present."""
    done = leadboard(target, "follow", "--once", *options)
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]


def kinds(lines: list[dict[str, Any]]) -> list[str]:
    return [line["type"].removeprefix("appeal.") for line in lines]


def test_each_line_says_what_happened_and_why(floor: str) -> None:
    lines = followed(floor, "--since", "start")
    assert kinds(lines) == [
        *("received", "received", "received"),
        *("closed", "assigned", "moved", "assigned", "returned"),
    ]
    assert [line["seq"] for line in lines] == list(range(1, 9))
    assigned = lines[4]
    assert assigned["timestamp"].endswith("Z")
    assert assigned["data"]["appeal"] | {"received": None} == {
        "id": 2,
        "key": None,
        "external_id": "lead 1",
        "source": "tg",
        "source_id": 1,
        "received": None,
        "status": "open",
        "operator": {"id": 1, "name": "Anna", "contact": ""},
    }
    assert assigned["data"]["was"] == {"status": "waiting", "operator": None}
    assert assigned["data"]["drawn"] is True
    cause = assigned["data"]["cause"]
    assert (cause["act"], cause["actor"]) == ("close", ACTOR)
    arrival = lines[0]["data"]
    assert (arrival["was"], arrival["cause"], arrival["drawn"]) == (None, None, True)


def test_one_goes_on_behind_the_last_line_that_one_has(floor: str) -> None:
    everything = followed(floor, "--since", "start")
    for seq in (0, 1, 5, len(everything)):
        assert followed(floor, "--since", str(seq)) == everything[seq:]
    assert followed(floor) == []
    assert followed(floor, "--since", "now") == []


def test_lines_are_chosen_by_source_operator_and_kind(floor: str) -> None:
    with opened(floor):
        team = Team()
        lines = followed(floor, "--since", "start", "--operator", "Boris")
        assert kinds(lines) == ["moved", "returned"]
        assert followed(floor, "--since", "start", "--operator", str(team.boris)) == lines
    assert kinds(followed(floor, "--since", "0", "--kind", "closed", "--kind", "appeal.moved")) == [
        "closed",
        "moved",
    ]
    assert len(followed(floor, "--since", "start", "--source", "tg")) == 8


def test_a_message_comes_only_when_it_is_asked_for_and_is_cut(floor: str) -> None:
    with opened(floor):
        rows("UPDATE appeal SET message = ? WHERE id = 1", "\x1b[31m" + "я" * 9_000)
    assert "message" not in followed(floor, "--since", "start")[0]["data"]["appeal"]
    done = leadboard(floor, "follow", "--once", "--since", "start", "--messages")
    assert "\x1b" not in done.stdout
    message = json.loads(done.stdout.splitlines()[0])["data"]["appeal"]["message"]
    assert message == "\x1b[31m" + "я" * 1_995


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--since", "soon"], "neither a number"),
        (["--since", "-1"], "neither a number"),
        (["--source", "nowhere"], "There is no source nowhere."),
        (["--operator", "99"], "There is no operator 99."),
        (["--kind", "lost"], "No line is lost"),
    ],
)
def test_what_cannot_be_followed_is_a_sentence(floor: str, options: list[str], words: str) -> None:
    done = leadboard(floor, "follow", "--once", *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr


def test_a_place_that_was_pruned_is_a_sentence_and_exit_3(floor: str) -> None:
    assert leadboard(floor, "prune", "--before", "2100-01-01").stdout == "5 lines deleted.\n"
    done = leadboard(floor, "follow", "--once", "--since", "2")
    assert (done.returncode, done.stdout) == (3, "")
    assert "The ledger was pruned up to 7: what followed 2 is gone." in done.stderr
    assert kinds(followed(floor, "--since", "start")) == ["returned"]
    assert kinds(followed(floor, "--since", "7")) == ["returned"]


def test_a_place_beyond_the_ledger_is_that_of_another_one(floor: str) -> None:
    done = leadboard(floor, "follow", "--once", "--since", "9")
    assert (done.returncode, done.stdout) == (3, "")
    assert "The ledger ends before 9" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_happens_is_written_at_once_until_a_signal_comes(floor: str, number: int) -> None:
    command = [sys.executable, "-m", "leadboard.cli", "--db", floor, "follow", "--since", "8"]
    with (
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as follower,
        opened(floor),
    ):
        assert follower.stdout is not None
        for kind, act in (("closed", desk.close), ("reopened", desk.reopen)):
            act([2], actor=ACTOR)
            line = json.loads(follower.stdout.readline())
            assert line["type"] == f"appeal.{kind}"
        follower.send_signal(number)
        assert follower.wait(timeout=10) == 128 + number


def test_a_reader_who_has_had_enough_is_no_failure(floor: str) -> None:
    command = (
        f"{sys.executable} -m leadboard.cli --db '{floor}' follow --once --since start | head -1"
    )
    done = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert json.loads(done.stdout)["seq"] == 1


@pytest.mark.sqlite
def test_a_file_that_can_only_be_read_can_be_followed(floor: str) -> None:
    os.chmod(floor, 0o444)
    assert len(followed(floor, "--since", "start")) == 8


def test_lines_of_many_pages_come_whole(floor: str) -> None:
    with opened(floor):
        drafts = [Draft(f"many {each}", 1, "hello") for each in range(2_345)]
        transact(lambda: place_all(drafts))
    seqs = [line["seq"] for line in followed(floor, "--since", "8")]
    assert seqs == list(range(9, 9 + 2_345))
