"""Addresses of servers: shown without their password, and refused in a sentence."""

import pytest

from leadboard.database import urls
from leadboard.database.connect import connect_server
from tests.support.processes import leadboard


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        (
            "postgresql://anna:pa%40ss@db.example:5433/sales",
            "postgresql://anna@db.example:5433/sales",
        ),
        ("postgres:///sales?host=/run/pg&password=pass", "postgres:///sales"),
        ("cockroachdb://root:pass@db/sales?sslmode=require", "cockroachdb://root@db/sales"),
    ],
)
def test_an_address_is_shown_without_its_password(target: str, shown: str) -> None:
    assert urls.address_of(target) == shown
    opened = connect_server(target)
    assert "pa" + "ss" not in opened.title + opened.identity
    assert opened.connect_params.get("password", "pa@ss") in {"pa@ss", "pass"}


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("postgresql://u:secret@localhost:1/x", "cannot be reached"),
        ("postgresql://u:secret@localhost:port/x", "cannot be read"),
        ("postgresql://u:secret@localhost", "must end in the name"),
        ("postgresql://u:secret@[::1/x", "cannot be read"),
        ("postgresql://u:secret@nowhere.invalid/x", "cannot be reached"),
        ("postgresql://u:secret@localhost/x?nonsense=1", "cannot be re"),
    ],
)
def test_a_bad_address_is_one_sentence_without_the_password(target: str, sentence: str) -> None:
    done = leadboard(target, "check")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert sentence in done.stderr
    assert "secret" not in done.stderr
