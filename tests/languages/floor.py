"""A floor whose rows have no Latin letter: a bit of everything that the desk can show."""

from pathlib import Path

import allocator
import models
from leadboard import desk
from tests.support import add_team

EMPTY, FULL = "1.db", "2.db"
ACTOR = "я"


def build(folder: Path) -> Path:
    """Make the database and return its path."""
    path = folder / FULL
    opened = models.open_database(path)
    try:
        _fill()
    finally:
        opened.close()
    return path


def _fill() -> None:
    team = add_team(
        {"Анна": 2, "Борис": 3, "Вера": 1, "Глеб": 9},
        {
            "чат": {"Анна": 70, "Борис": 30, "Вера": 0},
            "сайт": {"Анна": 10, "Вера": 20},
            "почта": {"Глеб": 5},
            "звонки": {},
        },
    )
    desk.toggle_active([team.глеб], actor=ACTOR)
    desk.change_source(team.сайт, strategy="quota", actor=ACTOR)
    desk.change_operator(team.анна, note="до обеда", actor=ACTOR)
    for number in range(1, 9):
        source = (team.чат, team.сайт, team.почта, team.звонки)[number % 4]
        allocator.submit(f"10{number}", source, f"сообщение {number}")
    desk.close([1, 2], actor=ACTOR)
    desk.assign([3], team.борис, force=True, actor=ACTOR)
