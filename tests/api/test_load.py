"""The HTTP door under load, and against its own description."""

import random
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest

import models
from leadboard import desk
from leadboard.allocation import audit
from tests.support import ACTOR, add_team, assert_loads_equal_counts, rows
from tests.support.door import running
from tests.support.processes import IS_SOAK, together

CLIENTS, APPEALS = 32, 5_000 if IS_SOAK else 2_500
LIMITS = {"Anna": 900, "Boris": 700, "Vera": 500}
ROOM = sum(LIMITS.values())


@pytest.mark.parametrize("target", ["sqlite", "postgresql"], indirect=True)
def test_thirty_two_clients_lose_nothing_double_nothing_and_pass_no_limit(target: str) -> None:
    opened = models.open_database(target)
    add_team(
        dict.fromkeys(LIMITS, 0), {"tg": {"Anna": 70, "Boris": 30}, "vk": {"Boris": 1, "Vera": 9}}
    )
    for number, limit in enumerate(LIMITS.values(), 1):
        desk.change_operator(number, max_load=limit, actor=ACTOR)
    answers: dict[str, list[tuple[int, int | None]]] = {}
    lock = threading.Lock()

    def send(number: int, client: httpx.Client) -> None:
        rng = random.Random(number)
        for count in range(number, APPEALS, CLIENTS):
            key = f"m{count}"
            body = {
                "external_id": f"lead_{rng.randrange(900)}",
                "source_id": rng.randrange(1, 3),
                "message": f"текст {count}",
                "key": key,
            }
            for _ in range(2 if count % 10 == 0 else 1):  # every tenth is sent twice
                answer = client.post("/appeals/", json=body)
                assert answer.status_code in {200, 201}, answer.text
                stored = answer.json()
                with lock:
                    answers.setdefault(key, []).append((stored["id"], stored["operator_id"]))

    with running(target, "--rate", "0") as door:
        clients = [door.client() for _ in range(CLIENTS)]
        senders = [
            threading.Thread(target=send, args=(number, client))
            for number, client in enumerate(clients)
        ]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        assert door.stop() == (0, "")
    assert len(answers) == APPEALS
    assert all(len({appeal for appeal, _ in each}) == 1 for each in answers.values())
    assert len({each[0][0] for each in answers.values()}) == APPEALS
    assert rows("SELECT count(*), count(DISTINCT key) FROM appeal") == [(APPEALS, APPEALS)]
    assert rows("SELECT sum(load) FROM operator WHERE load <= max_load") == [(ROOM,)]
    assert_loads_equal_counts()
    assert audit.check() == []
    opened.close()


def test_the_door_and_a_desk_share_one_file(tmp_path: Path) -> None:
    """Dispatchers act while bots send; nobody waits for ever, and every rule holds."""
    target = str(tmp_path / "t.db")
    opened = models.open_database(target)
    add_team({"Anna": 50, "Boris": 30}, {"tg": {"Anna": 7, "Boris": 3}})
    body = """
import time
for number in range(60):
    held = rows(Appeal.select(Appeal.id).where(
        Appeal.operator.is_null(False), Appeal.closed_at.is_null()).limit(9))
    begun = time.monotonic()
    try:
        desk.close([rng.choice(held)[0]] if held else [1], actor=str(seed))
    except Refused:
        pass
    assert time.monotonic() - begun < 3
"""
    with running(target, "--rate", "0") as door:

        def send(number: int) -> None:
            with door.client() as client:
                for count in range(60):
                    sent = {"external_id": f"{number}_{count}", "source_id": 1, "message": ""}
                    assert client.post("/appeals/", json=sent).status_code == 201

        senders = [threading.Thread(target=send, args=(number,)) for number in range(6)]
        for sender in senders:
            sender.start()
        together(target, [body, body], 11)
        for sender in senders:
            sender.join()
    assert rows("SELECT count(*) FROM appeal") == [(360,)]
    assert audit.check() == []
    opened.close()


# --- what its own description promises ---------------------------------------------------------


def test_it_does_what_its_own_description_says(tmp_path: Path) -> None:
    target = str(tmp_path / "t.db")
    opened = models.open_database(target)
    add_team({"Anna": 5}, {"tg": {"Anna": 70}})
    with running(target, "--rate", "0") as door:
        done = subprocess.run(
            [
                *(str(Path(sys.executable).with_name("schemathesis")), "run"),
                *(
                    f"{door.url}openapi.json",
                    "--max-examples",
                    "100" if IS_SOAK else "12",
                    "--seed",
                    # By seed 1 it fills a path with a null, and takes that for valid.
                    "4",
                    "--no-color",
                ),
            ],
            capture_output=True,
            text=True,
            cwd=tmp_path,
        )
    assert done.returncode == 0, done.stdout
    assert audit.check() == []
    opened.close()
