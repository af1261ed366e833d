"""How the ledger of version 4 is filled from appeals and acts of version 3, on both engines."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

import models
from leadboard import desk
from leadboard.allocation import audit
from leadboard.allocation.rosters import digest_of
from leadboard.allocation.verification import verify
from leadboard.common.errors import Trouble
from leadboard.common.progress import Advance
from leadboard.database import ledger_filling, ledger_upgrade, upgrades
from tests.database.test_faults import assert_one_sentence
from tests.database.test_faults import leadboard as limited
from tests.support import rows, scalar
from tests.support.old_tables import Rows, connected, history, make, put
from tests.support.processes import ROOT, leadboard
from tests.support.server import Server

Tables = Mapping[str, tuple[Sequence[str], Rows]]

CAME = "2026-03-01T10:00:00.{:06}Z"
LATER = "2026-03-02T10:00:00.{:06}Z"
ANNA, BORIS = 1, 2
DRAW_OF_ANNA = 3
ROSTER = "[[1,10],[2,10]]"


@pytest.fixture(params=["sqlite", "postgresql"])
def another(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Return what makes a database with empty tables of version 3, and returns its path or URL."""
    with ExitStack() as stack:

        def made() -> str:
            if request.param == "sqlite":
                target = str(tmp_path / f"{len(list(tmp_path.glob('*.db')))}.db")
            else:
                server: Server = request.getfixturevalue("server")
                target = server.url(stack.enter_context(server.fresh("template0")))
            make(target, 3)
            return target

        yield made


@pytest.fixture
def place(another: Callable[[], str]) -> str:
    """Return the path or URL of a database with empty tables of version 3."""
    return another()


@contextmanager
def upgraded(target: str) -> Iterator[None]:
    """Upgrade a database, and keep it open inside the block."""
    opened = models.open_database(target)
    try:
        yield
    finally:
        opened.close()


def ledger(columns: str, order: str = "seq") -> list[tuple[object, ...]]:
    return rows(f"SELECT {columns} FROM change ORDER BY {order}")


def assert_sound() -> None:
    """Check that the ledger is whole, fits the appeals, and that the record is about the team."""
    assert [each.sentence for each in audit.check() if "though somebody" not in each.sentence] == []
    assert [each.sentence for each in verify().findings] == []
    lines = rows("SELECT count(*) FROM change")[0][0]
    assert rows("SELECT min(seq), max(seq) FROM change") == [(1 if lines else None, lines or None)]
    assert rows("SELECT id, pruned, rebuilt FROM ledger_bounds") == [(1, 0, lines)]
    assert rows("SELECT count(*) FROM pending_change") == [(0,)]
    assert rows("SELECT count(*) FROM event_change WHERE subject LIKE 'appeal%'") == [(0,)]


# --- a history that was really lived through ------------------------------------------------------


@pytest.mark.parametrize(("page", "window"), [(2_000, 20_000), (3, 4), (1, 1)])
def test_a_history_becomes_the_ledger_that_version_4_wrote_of_it(
    place: str, page: int, window: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_filling, "PAGE", page)
    monkeypatch.setattr(ledger_filling, "WINDOW", window)
    tables, wanted = history()
    put(place, tables)
    with upgraded(place):
        found = ledger(
            "appeal_id, kind, operator_id, was_operator_id, closed_at IS NOT NULL, roster_id, draw,"
            " drawn, event_id",
            "appeal_id, seq",
        )
        assert found == [tuple(line) for line in wanted]
        assert_sound()


def test_lines_go_by_time_and_those_of_an_act_together(place: str) -> None:
    put(place, history()[0])
    with upgraded(place):
        moments = [str(at) for (at,) in ledger("at")]
        assert moments == sorted(moments)
        acts = [event for (event,) in ledger("event_id") if event is not None]
        assert acts == sorted(acts)  # type: ignore[type-var]


def test_the_record_of_the_team_stays(place: str) -> None:
    put(place, history()[0])
    query = "SELECT * FROM event_change WHERE subject NOT LIKE 'appeal:%' ORDER BY 1, 2"
    with connected(place) as before:
        wanted = [tuple(row) for row in before.execute(query)]
    with upgraded(place):
        assert rows("SELECT * FROM event_change ORDER BY 1, 2") == wanted
        assert len(wanted) > 5


# --- appeals as they may be -----------------------------------------------------------------------


class Floor:
    """Rows of version 3, put together piece by piece."""

    def __init__(self) -> None:
        self.appeals: list[Sequence[Any]] = []
        self.events: list[Sequence[Any]] = []
        self.changes: list[Sequence[Any]] = []

    def appeal(
        self,
        operator: int | None = None,
        roster: int | None = None,
        draw: int | None = None,
        *,
        came: str | None = None,
        closed: str | None = None,
    ) -> int:
        number = len(self.appeals) + 1
        came = CAME.format(number) if came is None else came
        self.appeals.append((number, 1, 1, operator, came, "", closed, roster, draw, False))
        return number

    def act(self, act: str, at: str, appeal: int, before: object, after: object) -> None:
        event = len(self.events) + 1
        self.events.append((event, at, "vera", act, "", False, None, None))
        self.change(event, appeal, before, after)

    def change(self, event: int, appeal: int, before: object, after: object) -> None:
        texts = [
            each if isinstance(each, str) else json.dumps(each, separators=(",", ":"))
            for each in (before, after)
        ]
        self.changes.append((event, f"appeal:{appeal}", *texts))

    def closed(self, operator: int | None = ANNA, *, roster: int | None = 1) -> int:
        """Add an appeal that one act closed, as nearly all are."""
        draw = DRAW_OF_ANNA if roster else None
        at = LATER.format(len(self.appeals))
        number = self.appeal(operator, roster, draw, closed=at)
        before = {"closed_at": None, "operator_id": operator}
        self.act("close", at, number, before, {**before, "closed_at": at})
        return number

    def put(self, target: str) -> None:
        load = [sum(a[3] == key and a[6] is None for a in self.appeals) for key in (ANNA, BORIS)]
        operators = [(ANNA, "Anna", True, 99, load[0]), (BORIS, "Boris", False, 99, load[1])]
        put(
            target,
            {
                "operator": (("id", "name", "is_active", "max_load", "load"), operators),
                "source": (("id", "name"), [(1, "tg")]),
                "lead": (("id", "external_id"), [(1, "tg_1")]),
                "roster": (("id", "digest", "content"), [(1, digest_of(ROSTER), ROSTER)]),
                "appeal": (
                    (
                        *("id", "lead_id", "source_id", "operator_id", "timestamp", "message"),
                        *("closed_at", "roster_id", "draw", "withdrawn"),
                    ),
                    self.appeals,
                ),
                "event": (
                    (
                        *("id", "at", "actor", "act", "note", "forced"),
                        *("target_id", "part_of_id"),
                    ),
                    self.events,
                ),
                "event_change": (("event_id", "subject", "before", "after"), self.changes),
            },
        )


def floor(count: int = 3) -> Floor:
    """Return appeals of every kind, each several times."""
    made = Floor()
    for _ in range(count):
        made.closed()
        made.closed(None, roster=None)
        made.appeal(ANNA, 1, DRAW_OF_ANNA)
        made.appeal(None, 1)
        made.appeal(BORIS)
        made.appeal(ANNA, 1, DRAW_OF_ANNA, closed=LATER.format(1))
        made.appeal(BORIS, 1, closed=LATER.format(2))
        given = made.appeal(BORIS, 1, 13)
        before = {"closed_at": None, "draw": None, "operator_id": None, "roster_id": 1}
        made.act("close", LATER.format(3), given, before, {**before, "draw": 13, "operator_id": 2})
    return made


def test_what_the_database_tells_by_itself_python_would_tell_alike(
    another: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    places = (another(), another())
    for each in places:
        floor().put(each)
    with upgraded(places[0]):
        by_itself = ledger("*")
        assert_sound()
    all_of_them = ledger_filling._RECORDED.replace(") IS NOT TRUE", ") IS NOT NULL OR TRUE)")
    all_of_them = all_of_them.replace("AND (\n    e.target", "AND ((\n    e.target")
    monkeypatch.setattr(ledger_filling, "_RECORDED", all_of_them)
    with upgraded(places[1]):
        assert ledger("*") == by_itself


def test_each_appeal_has_the_lines_that_its_row_and_its_record_tell(place: str) -> None:
    floor(1).put(place)
    with upgraded(place):
        found: dict[object, list[tuple[object, ...]]] = {}
        for appeal, *line in ledger("appeal_id, kind, operator_id, drawn, event_id", "1, seq"):
            found.setdefault(appeal, []).append(tuple(line))
        assert_sound()
    assert found == {
        1: [("received", ANNA, True, None), ("closed", ANNA, False, 1)],
        2: [("imported", None, False, None), ("closed", None, False, 2)],
        3: [("received", ANNA, True, None)],
        4: [("received", None, False, None)],
        5: [("imported", BORIS, False, None)],
        6: [("received", ANNA, True, None), ("closed", ANNA, False, None)],
        7: [
            ("received", None, False, None),
            ("assigned", BORIS, False, None),
            ("closed", BORIS, False, None),
        ],
        8: [("received", None, False, None), ("assigned", BORIS, True, 3)],
    }


def test_many_of_one_moment_go_in_one_window(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_filling, "WINDOW", 2)
    made = Floor()
    for _ in range(9):
        made.appeal(ANNA, 1, DRAW_OF_ANNA, came=CAME.format(5), closed=CAME.format(5))
    made.appeal(came="", closed="")
    made.put(place)
    with upgraded(place):
        assert ledger("appeal_id, kind")[:4] == [
            *((10, "imported"), (10, "closed"), (1, "received"), (1, "closed"))
        ]
        assert_sound()


def test_an_appeal_that_was_closed_before_it_came_came_first(place: str) -> None:
    made = Floor()
    made.appeal(ANNA, 1, DRAW_OF_ANNA, came=LATER.format(1), closed=CAME.format(1))
    made.put(place)
    with upgraded(place):
        assert ledger("kind, at, closed_at") == [
            ("received", LATER.format(1), None),
            ("closed", LATER.format(1), CAME.format(1)),
        ]
        assert_sound()


@pytest.mark.parametrize(
    "text", ["", "no JSON", "[1]", '{"operator_id":"Anna"}', '{"load":7}', '{"closed_at":5}']
)
def test_a_record_that_nobody_can_read_is_passed_over(
    place: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Floor()
    closed = made.closed()
    made.change(made.events[-1][0], made.closed(), text, "{}")
    made.change(made.events[-2][0], made.appeal(ANNA, 1, DRAW_OF_ANNA), "{}", text)
    assert closed == 1
    made.put(place)
    listening = Listening(monkeypatch)
    with upgraded(place):
        assert_sound()
    assert "what 2 damaged entries said" in listening.said[0]


# --- what is said and shown -----------------------------------------------------------------------


class Listening:
    """An onlooker that keeps what it is shown and told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.totals: list[int] = []
        self.done: list[int] = []
        self.said: list[str] = []
        monkeypatch.setattr(upgrades, "onlooker", upgrades.Onlooker(self.bar, self.said.append))

    @contextmanager
    def bar(self, total: int) -> Iterator[Advance]:
        self.totals.append(total)
        yield lambda done, _: self.done.append(done)


def test_what_nobody_recorded_is_said(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    listening = Listening(monkeypatch)
    floor(2).put(place)
    with upgraded(place):
        unrecorded = verify().unrecorded
        lines = scalar("SELECT count(*) FROM change")
    [said] = listening.said
    assert said.endswith(
        f"was upgraded. Its ledger has {lines} lines, from what appeals and acts still knew. "
        "Not on record: who closed 4 appeals, how appeals changed hands 2 times and what became "
        "of 4 appeals before they were imported."
    )
    assert unrecorded == 4 + 2
    assert listening.totals == []
    with upgraded(place):
        assert len(listening.said) == 1


def test_nothing_is_said_of_an_empty_database(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    listening = Listening(monkeypatch)
    with upgraded(place):
        assert rows("SELECT id, pruned, rebuilt FROM ledger_bounds") == [(1, 0, 0)]
    assert listening.said == []


def test_a_long_upgrade_is_shown_as_it_goes_on(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    listening = Listening(monkeypatch)
    monkeypatch.setattr(upgrades, "LONG", 1)
    monkeypatch.setattr(ledger_filling, "WINDOW", 2)
    floor().put(place)
    with upgraded(place):
        pass
    assert len(listening.totals) == 1
    assert listening.done == sorted(listening.done)
    assert len(set(listening.done)) > 3
    assert listening.done[-1] <= listening.totals[0]


SHOWN = """
from leadboard.cli import main
from leadboard.database import upgrades
upgrades.LONG = 1
main.main()
"""


def test_a_terminal_shows_a_bar_and_in_the_end_the_sentence(tmp_path: Path) -> None:
    make(str(tmp_path / "0.db"), 3)
    floor().put(str(tmp_path / "0.db"))
    leader, follower = os.openpty()
    command = [sys.executable, "-c", SHOWN, "--db", str(tmp_path / "0.db"), "check"]
    with subprocess.Popen(command, cwd=ROOT, stderr=follower, stdout=subprocess.PIPE) as checked:
        os.close(follower)
        seen = all_of(leader)
        assert checked.stdout is not None
        assert checked.stdout.read() == b"Every rule holds.\n"
    assert "rows" in seen
    assert "was upgraded. Its ledger has" in seen


def all_of(terminal: int) -> str:
    """Return what a program writes to a terminal until it ends."""
    seen = b""
    # The last one that has it open is gone.
    with suppress(OSError):
        while more := os.read(terminal, 4_096):
            seen += more
    os.close(terminal)
    return seen.decode()


def test_a_feed_answers_as_ever_while_its_database_is_upgraded(place: str) -> None:
    floor().put(place)
    line = json.dumps({"external_id": "tg_9", "source": "tg", "message": "hello"})
    outcome = leadboard(place, "feed", given=line + "\n")
    assert [json.loads(each)["id"] for each in outcome.stdout.splitlines()] == [25]
    assert "was upgraded. Its ledger has" in outcome.stderr
    told = leadboard(place, "verify")
    assert "from before the ledger" in told.stdout
    assert told.returncode == 0
    assert told.stderr == ""


# --- acts from before -----------------------------------------------------------------------------


def test_an_act_from_before_the_upgrade_is_undone_and_redone(place: str) -> None:
    made = Floor()
    moved = made.appeal(BORIS, 1, DRAW_OF_ANNA)
    before = {"closed_at": None, "operator_id": ANNA}
    made.act("assign", LATER.format(1), moved, before, {**before, "operator_id": BORIS})
    made.put(place)
    with upgraded(place):
        desk.undo(1, actor="vera")
        assert rows("SELECT operator_id, roster_id, draw FROM appeal") == [(ANNA, 1, DRAW_OF_ANNA)]
        desk.redo(1, actor="vera")
        assert rows("SELECT operator_id, roster_id, draw FROM appeal") == [(BORIS, 1, DRAW_OF_ANNA)]
        assert [each.sentence for each in verify().findings] == []


# --- interrupted ----------------------------------------------------------------------------------


def as_it_stands(target: str) -> list[list[tuple[object, ...]]]:
    """Return all rows of the tables of version 3, and that there are no others."""
    tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
    if "://" in target:
        tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    with connected(target) as there:
        names = sorted(name for (name,) in there.execute(tables))
        return [
            [(name,), *sorted(map(tuple, there.execute(f"SELECT * FROM {name}")), key=repr)]
            for name in names
        ]


def copies(target: str) -> list[str]:
    return [] if "://" in target else [each.name for each in Path(target).parent.glob("*.bak")]


def test_an_error_in_the_midst_leaves_everything_as_it_was(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    floor().put(place)
    before = as_it_stands(place)
    monkeypatch.setattr(ledger_filling, "WINDOW", 2)
    for module, name, times in (
        (ledger_filling, "_keep", 0),
        (ledger_filling, "_end_of_window", 1),
        (ledger_filling, "last_seq", 2),
        (ledger_upgrade, "_forget_appeals", 0),
    ):
        with monkeypatch.context() as patched:
            patched.setattr(module, name, failing(getattr(module, name), times))
            with pytest.raises(Trouble, match="could not be upgraded to"):
                models.open_database(place)
        assert as_it_stands(place) == before
        assert copies(place) == []
    with upgraded(place):
        assert_sound()


def failing(real: Any, times: int) -> Callable[..., Any]:
    """Return a function that works some times, and then raises Trouble as a full disk does."""
    left = [times]

    def fail(*given: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise Trouble("The disk is full.")
        return real(*given)

    return fail


SIGNALLED = """
import os
import signal
import sys
from leadboard.cli import main
from leadboard.database import ledger_filling
target, name = sys.argv[1:]
ledger_filling.WINDOW = 2
real, left = ledger_filling._end_of_window, [3]
def stop(begin):
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), signal.Signals[name])
    return real(begin)
ledger_filling._end_of_window = stop
sys.argv[1:] = ["--db", target, "check"]
main.main()
"""


@pytest.mark.parametrize(("name", "code"), [("SIGKILL", -signal.SIGKILL), ("SIGINT", 130)])
def test_a_program_that_is_stopped_in_the_midst_leaves_everything_as_it_was(
    place: str, name: str, code: int
) -> None:
    floor().put(place)
    before = as_it_stands(place)
    stopped = subprocess.run(
        [sys.executable, "-c", SIGNALLED, place, name], cwd=ROOT, check=False, capture_output=True
    )
    assert stopped.returncode == code, stopped.stderr
    assert as_it_stands(place) == before
    # A program that is killed can take nothing back of what lies beside the file.
    assert copies(place) == ([] if code > 0 or "://" in place else ["0.db.v3.bak"])
    with upgraded(place):
        assert_sound()


FULL = """
import resource
import signal
from leadboard.cli import main
from leadboard.database import upgrades
copy = upgrades._copy_beside
def copied(path, version):
    made = copy(path, version)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
    return made
upgrades._copy_beside = copied
main.main()
"""


def test_a_disk_that_is_full_in_the_midst_says_so_and_keeps_nothing(tmp_path: Path) -> None:
    path = tmp_path / "0.db"
    make(str(path), 3)
    floor(100).put(str(path))
    before = as_it_stands(str(path))
    outcome = limited(path, "check", program=("-c", FULL))
    assert_one_sentence(outcome, "could not be upgraded to", "full")
    assert as_it_stands(str(path)) == before
    assert copies(str(path)) == []
    with upgraded(str(path)):
        assert_sound()


# --- while others write ---------------------------------------------------------------------------

OPENING = """
import sys
import models
print("ready", flush=True)
models.open_database(sys.argv[1])
"""


def test_what_another_program_is_still_storing_is_in_the_ledger(place: str) -> None:
    floor().put(place)
    with connected(place) as other:
        other.execute("BEGIN IMMEDIATE" if "://" not in place else "SELECT 1")
        other.execute(
            "INSERT INTO appeal (id, lead_id, source_id, timestamp, message, withdrawn)"
            f" VALUES (99, 1, 1, '{LATER.format(9)}', '', FALSE)"
        )
        waiting = subprocess.Popen(
            [sys.executable, "-c", OPENING, place], cwd=ROOT, stdout=subprocess.PIPE
        )
        assert waiting.stdout is not None
        assert waiting.stdout.readline() == b"ready\n"
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(1)
        other.commit()
        assert waiting.wait(30) == 0
    with upgraded(place):
        assert ledger("kind", "appeal_id DESC LIMIT 1") == [("imported",)]
        assert_sound()
