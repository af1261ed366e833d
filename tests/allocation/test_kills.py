"""A feed that is killed at any moment: what was acknowledged is there, nothing is there by half."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import models
from leadboard.allocation import audit
from leadboard.allocation.verification import verify
from leadboard.database.connection import database
from tests.support import add_team, assert_loads_equal_counts, rows
from tests.support.processes import IS_SOAK, ROOT

SEED = int(os.environ.get("LEADBOARD_SEED", "20261123"))
KILLS = 200 if IS_SOAK else 20
LINES = 6_000


def test_what_was_acknowledged_survives_every_kill(tmp_path: Path) -> None:
    print(f"seed {SEED}")  # noqa: T201 - pytest shows it with a failure, to replay it
    rng = random.Random(SEED)
    path, source = tmp_path / "t.db", tmp_path / "lines"
    models.open_database(path)
    add_team({"Anna": 900, "Boris": 10**6}, {"tg": {"Anna": 50, "Boris": 50}})
    source.write_text(
        "".join(
            json.dumps(
                {"external_id": f"l{n % 700}", "source": "tg", "message": "m", "key": f"k{n}"}
            )
            + "\n"
            for n in range(LINES)
        )
    )
    acknowledged: dict[int, int] = {}
    for _ in range(KILLS):
        for answer in feed_and_kill(path, source, rng.uniform(0.15, 0.6)):
            acknowledged[answer["id"]] = answer["lead_id"]
        assert audit.check() == []
        assert verify().findings == []
        assert_loads_equal_counts()
    stored = set(rows("SELECT id, lead_id FROM appeal"))
    assert stored >= set(acknowledged.items())
    assert rows("SELECT count(*) - count(DISTINCT key) FROM appeal") == [(0,)]
    feed(path, source).communicate(timeout=60)
    assert rows("SELECT count(*), count(DISTINCT key) FROM appeal") == [(LINES, LINES)]
    assert audit.check() == []
    database.close()


def feed(path: Path, source: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "leadboard.cli", "--db", str(path), "feed", str(source)],
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )


def feed_and_kill(path: Path, source: Path, seconds: float) -> list[dict[str, int]]:
    """Kill a feed after some time, and return the answers that it had written out whole."""
    process = feed(path, source)
    assert process.stdout is not None
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    written, _ = process.communicate(timeout=30)
    whole = written[: written.rfind(b"\n") + 1]
    return [json.loads(line) for line in whole.splitlines()]
