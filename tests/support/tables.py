"""Tables as files: written out, planned and taken in, refused, and a house to move."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from allocator import submit
from leadboard import desk
from leadboard.common.errors import Refused
from leadboard.transfer.appeals import plan_appeals
from leadboard.transfer.leads import plan_leads
from leadboard.transfer.tables import DERIVED
from leadboard.transfer.team import plan_operators, plan_sources, plan_weights
from leadboard.transfer.writing import Style, export
from tests.support import ACTOR, add_team, dump, rows

PLANS: dict[str, Callable[..., Any]] = {
    "operators": plan_operators,
    "sources": plan_sources,
    "weights": plan_weights,
    "appeals": plan_appeals,
    "leads": plan_leads,
}
FORMS = ("csv", "json")


def out(what: str, form: str = "csv", style: Style | None = None) -> str:
    text = io.StringIO()
    export(what, form, text, lambda _: lambda _done, _rows: None, style=style or Style())
    return text.getvalue()


def without_times(text: str, form: str = "csv") -> list[dict[str, object]]:
    """Return the rows of an export without the times, which an import cannot bring back."""
    found = json.loads(text) if form == "json" else csv.DictReader(io.StringIO(text))
    return [{name: cell for name, cell in row.items() if name not in DERIVED} for row in found]


def plan(what: str, text: str | bytes, form: str = "csv", **options: Any) -> Any:
    file = io.BytesIO(text if isinstance(text, bytes) else text.encode())
    return PLANS[what](file, form, **options)


def take(what: str, text: str | bytes, form: str = "csv", **options: Any) -> str:
    told: str = plan(what, text, form, **options).act(ACTOR)
    return told


def refused(what: str, text: str | bytes, form: str = "csv") -> str:
    before = dump()
    with pytest.raises(Refused) as refusal:
        take(what, text, form)
    assert dump() == before
    return str(refusal.value)


def a_day() -> None:
    """Fill the database with what has odd texts, every status and every kind of weight."""
    add_team(
        {"Анна": 2, "=Борис": 3, '\'Вера, "дочь"': 0, "👩‍💻 Глеб; сын": 5},
        {"tg_main": {"Анна": 70, "=Борис": 0}, "operator": {"=Борис": 5}, "-vk; a,b": {}},
    )
    ids = {name: key for key, name in rows("SELECT id, name FROM source")}
    for number, message in enumerate(
        ("=1+1", "'=1", "a\r\nb\n\rc", '"', "", "\tx", "Привет\u2028")
    ):
        submit(f"+7900{number}", int(str(ids["tg_main"])), message, f"k{number}")
    submit("'tg", int(str(ids["-vk; a,b"])), "  ждёт  ")
    desk.close([1, 3], actor=ACTOR)
    desk.submit("tg_w", int(str(ids["operator"])), "withdrawn", actor=ACTOR)
    desk.undo(actor=ACTOR)


def afresh(folder: Path) -> None:
    import models

    models.open_database(folder / "new.db")
