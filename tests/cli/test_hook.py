"""Hooks from the command line: adding, listing, trying, switching, replaying, removing."""

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from leadboard import desk
from leadboard.common.errors import Refused
from leadboard.database.fields import now, stamp
from tests.hooks.test_sending import OK, answering, serving
from tests.support import ACTOR, add_team, arrive, number, opened, rows
from tests.support.processes import IS_SOAK, ROOT, leadboard

# What is below it is tried on every engine in tests/hooks.
pytestmark = [pytest.mark.every_engine] if IS_SOAK else []

LOCAL = "http://127.0.0.1:9/in?token=abc"


@pytest.fixture
def floor(target: str) -> str:
    """Two sources, and three appeals of the first."""
    with opened(target):
        team = add_team({"Anna": 9}, {"tg": {"Anna": 1}, "vk": {"Anna": 1}})
        arrive(team.tg, 3)
    return target


def add(target: str, *options: str, address: str = LOCAL) -> tuple[str, str]:
    """Add a hook and return its id and its secret."""
    done = leadboard(target, "hook", "add", address, "--private", *options)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "Give it to the receiver now: it is not shown again.\n"
    hook, secret = done.stdout.splitlines()
    assert hook.startswith("hook: ")
    assert secret.startswith("secret: whsec_")
    return hook.removeprefix("hook: "), secret.removeprefix("secret: ")


def listed(target: str) -> list[dict[str, object]]:
    done = leadboard(target, "hook", "list", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]


def kill_off(seq: int, failure: str = "answered 400: no") -> None:
    """Give an event of hook 1 up."""
    rows(
        "INSERT INTO held_event (hook_id, seq, appeal_id, body, attempts, first_at, due_at, "
        "failure, is_unreachable, dead_at) VALUES (1, ?, ?, '{}', 9, ?, ?, ?, FALSE, ?)",
        *(seq, seq, *[stamp(now())] * 2, failure, stamp(now())),
    )


def test_a_hook_begins_at_the_present_or_where_it_is_told_to(floor: str) -> None:
    assert leadboard(floor, "hook", "list").stdout == ""
    add(floor)
    add(floor, "--since", "1", "--kind", "closed", "--kind", "appeal.moved", "--source", "tg")
    add(floor, "--since", "start", "--messages", "--source", "2")
    assert leadboard(floor, "hook", "list").stdout.splitlines() == [
        f"1  {LOCAL}  on  every kind of every source (private)  at 3, 0 behind  held 0  failed 0",
        f"2  {LOCAL}  on  closed, moved of tg (private)  at 1, 2 behind  held 0  failed 0",
        f"3  {LOCAL}  on  every kind of vk with messages (private)  "
        "at 0, 3 behind  held 0  failed 0",
    ]
    assert listed(floor)[1] == {
        "id": 2,
        "address": LOCAL,
        "kinds": ["closed", "moved"],
        "source": "tg",
        "messages": False,
        "private": True,
        "state": "on",
        "why": None,
        "rests_until": None,
        "seq": 1,
        "behind": 2,
        "held": 0,
        "failed": 0,
    }


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["http://127.0.0.1/"], "127.0.0.1 is in no public network: --private lets a hook go"),
        (["http://2130706433/"], "127.0.0.1 is in no public network"),
        (["https://anna:x@crm.example/"], "holds a user or a password"),
        (["ftp://crm.example/"], "is not one of http:// or https://"),
        (["http://127.0.0.1/", "--private", "--kind", "lost"], "No line is lost"),
        (["http://127.0.0.1/", "--private", "--source", "nowhere"], "There is no source nowhere."),
        (["http://127.0.0.1/", "--private", "--since", "9"], "has the places from 0 to 3"),
        (["http://127.0.0.1/", "--private", "--since", "soon"], "neither a number"),
        ([], "Missing argument"),
    ],
)
def test_a_hook_that_cannot_be_is_a_sentence(floor: str, options: list[str], words: str) -> None:
    done = leadboard(floor, "hook", "add", *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert listed(floor) == []


def test_a_hook_is_switched_off_and_on_given_a_secret_and_removed(floor: str) -> None:
    hook, first = add(floor)
    assert leadboard(floor, "hook", "off", hook).stdout == "Hook 1 is off.\n"
    assert leadboard(floor, "hook", "off", hook).returncode == 2
    assert [(each["state"], each["why"]) for each in listed(floor)] == [("off", "switched off")]
    assert leadboard(floor, "hook", "on", hook).stdout == "Hook 1 is on.\n"
    assert leadboard(floor, "hook", "on", hook).returncode == 2
    changed = leadboard(floor, "hook", "secret", hook)
    second = changed.stdout.strip().removeprefix("secret: ")
    with opened(floor):
        assert rows("SELECT secret, old_secret FROM hook") == [(second, first)]
        [(until,)] = rows("SELECT old_until FROM hook")
        hours = (datetime.fromisoformat(str(until)) - now()).total_seconds() / 3_600
    assert 23.9 < hours <= 24
    assert leadboard(floor, "hook", "remove", hook).stdout == "Hook 1 is removed.\n"
    assert listed(floor) == []
    for act in ("off", "on", "secret", "remove", "test", "failed", "replay"):
        done = leadboard(floor, "hook", act, hook)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == "leadboard: There is no hook 1.\n"


def test_secrets_are_shown_once_and_stand_nowhere_else(floor: str) -> None:
    hook, secret = add(floor)
    second = leadboard(floor, "hook", "secret", hook).stdout.split()[1]
    with opened(floor):
        kill_off(1)
    said = [
        leadboard(floor, *arguments)
        for arguments in (
            *(["hook", "list"], ["hook", "list", "--json"], ["hook", "failed"]),
            *(["hook", "failed", "--json"], ["hook", "test", hook], ["hook", "off", hook]),
            *(["hook", "on", hook], ["hook", "replay", hook], ["deliver", "--once"]),
            *(["hook", "remove", hook], ["check"], ["follow", "--once", "--since", "start"]),
        )
    ]
    with opened(floor):
        record = repr(rows("SELECT * FROM event")) + repr(rows("SELECT * FROM event_change"))
    for text in (record, *(each.stdout + each.stderr for each in said)):
        for each in (secret, second):
            assert each not in text
            assert each.removeprefix("whsec_") not in text
        assert "whsec_" not in text
    # The record is read by everybody, and an address may be as good as a password.
    assert "token=abc" not in record


def test_every_change_is_recorded_under_the_name_of_its_author_and_for_good(floor: str) -> None:
    for arguments in (
        ["add", LOCAL, "--private"],
        *(["off", "1"], ["on", "1"], ["secret", "1"], ["replay", "1", "--since", "start"]),
        *(["replay", "1"], ["remove", "1"]),
    ):
        done = leadboard(floor, *["--as", "vera", "hook", *arguments])
        assert done.returncode == 0, done.stderr
    with opened(floor):
        found = rows("SELECT id, actor, act, note FROM event WHERE act = 'hook' ORDER BY id")
        assert {(actor, act) for _, actor, act, _ in found} == {("vera", "hook")}
        assert [str(note).removeprefix("Hook 1").partition(":")[0] for *_, note in found] == [
            *(" added", " switched off", " switched on", " got a new secret"),
            *(" goes on from 0", "", " removed"),
        ]
        with pytest.raises(Refused, match=r"A change of a hook cannot be undone\."):
            desk.undo(int(str(found[0][0])), actor=ACTOR)
        # Nor is one in the way of what can be undone.
        before = number("SELECT count(*) FROM event")
        desk.undo(actor=ACTOR)
        assert number("SELECT count(*) FROM event") == before + 1


def test_a_trial_says_what_came_of_it(floor: str) -> None:
    with serving(answering(OK)) as (port, requests):
        hook, _ = add(floor, address=f"http://127.0.0.1:{port}/in")
        leadboard(floor, "hook", "off", hook)
        done = leadboard(floor, "hook", "test", hook)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == "The test event has arrived: answered 204.\n"
        head, _, body = requests[0].partition(b"\r\n\r\n")
        assert b"webhook-id: test_" in head
        event = json.loads(body)
        assert (event["type"], event["data"]) == ("leadboard.test", {"hook": 1})
    done = leadboard(floor, "hook", "test", hook)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("The test event has not arrived: not reached: ")


def test_what_was_given_up_is_listed_and_replayed(floor: str) -> None:
    hook, _ = add(floor)
    with opened(floor):
        kill_off(1, "answered 400: \x1b[31mno")
        kill_off(2)
    lines = leadboard(floor, "hook", "failed").stdout.splitlines()
    assert lines == leadboard(floor, "hook", "failed", hook).stdout.splitlines()
    assert lines[0].startswith("hook 1  1  appeal #1  9 tries since ")
    assert lines[0].endswith("answered 400: ␛[31mno")
    events = leadboard(floor, "hook", "failed", "--json").stdout.splitlines()
    first = json.loads(events[0])
    assert (first["hook"], first["seq"], first["appeal"], first["tries"]) == (1, 1, 1, 9)
    assert listed(floor)[0]["failed"] == 2
    assert leadboard(floor, "hook", "replay", hook, "--seq", "3").returncode == 2
    done = leadboard(floor, "hook", "replay", hook, "--seq", "2")
    assert done.stdout == "1 events of hook 1 are sent again.\n"
    assert [(each["failed"], each["held"]) for each in listed(floor)] == [(1, 1)]
    done = leadboard(floor, "hook", "replay", hook)
    assert [(each["failed"], each["held"]) for each in listed(floor)] == [(0, 2)]
    done = leadboard(floor, "hook", "replay", hook, "--since", "start")
    assert done.stdout == "Hook 1 goes on from 0.\n"
    assert [(each["behind"], each["held"]) for each in listed(floor)] == [(3, 0)]
    for options in (["--since", "now"], ["--since", "99"], ["--since", "1", "--seq", "2"]):
        assert leadboard(floor, "hook", "replay", hook, *options).returncode == 2


def test_pruning_keeps_what_a_hook_has_yet_to_get(floor: str) -> None:
    with opened(floor):
        desk.close([1, 2, 3], actor=ACTOR)
    hook, _ = add(floor, "--since", "2")
    done = leadboard(floor, "prune", "--before", "2100-01-01", "--dry-run")
    assert done.stdout == "2 lines are that old; the last of an appeal may stay.\n"
    done = leadboard(floor, "prune", "--before", "2100-01-01")
    assert done.stderr == (
        "leadboard: Hook 1 has yet to get the lines from 3 on, which stay; "
        "--force deletes them as well.\n"
    )
    with opened(floor):
        assert number("SELECT pruned FROM ledger_bounds") == 2
        assert number("SELECT min(seq) FROM change WHERE seq > 2") == 3
    leadboard(floor, "hook", "off", hook)
    done = leadboard(floor, "prune", "--before", "2100-01-01")
    assert done.stderr == ""
    with opened(floor):
        assert number("SELECT pruned FROM ledger_bounds") == 5
    # The hook finds out, and says so.
    leadboard(floor, "hook", "on", hook)
    leadboard(floor, "deliver", "--once")
    assert (
        "the ledger was pruned: the lines from 3 to 5" in leadboard(floor, "hook", "failed").stdout
    )


def test_pruning_by_force_does_not_look_at_hooks(floor: str) -> None:
    with opened(floor):
        desk.close([1, 2, 3], actor=ACTOR)
    add(floor, "--since", "start")
    done = leadboard(floor, "prune", "--before", "2100-01-01", "--force")
    assert (done.returncode, done.stderr) == (0, "")
    with opened(floor):
        assert number("SELECT pruned FROM ledger_bounds") == 5


WITHOUT = """
import sys
sys.modules["{package}"] = None
from leadboard.cli.main import main
main()
"""


@pytest.mark.sqlite
@pytest.mark.parametrize("package", ["httpx", "standardwebhooks"])
def test_without_its_packages_it_is_said_how_to_install_them(
    floor: str, package: str, tmp_path: Path
) -> None:
    code = WITHOUT.format(package=package)

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-c", code, "--db", floor, *arguments]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    for arguments in (("deliver",), ("hook", "test", "1")):
        done = run(*arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == (
            "leadboard: Sending to hooks needs more packages: pip install 'leadboard[api]'.\n"
        )
    # What only looks into the tables works all the same.
    assert run("hook", "add", LOCAL, "--private").returncode == 0
    assert run("hook", "list").stdout.startswith("1  http://127.0.0.1:9/")
