"""Make the pictures of the README from the demo's data: `python -m docs.pictures`.

To view one as PNG, with any monospaced font that is installed (pip install cairosvg):
`sed 's/Fira Code/DejaVu Sans Mono/' docs/desk.svg | cairosvg - -o desk.png`
"""

import asyncio
import random
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from allocator import submit
from leadboard.cli import samples
from leadboard.cli.demo import count_waiting, pick_source, seed
from leadboard.database.fields import now
from models import Appeal, open_database
from tui.app import LeadboardApp

FOLDER = Path(__file__).resolve().parent
SIZE = (120, 40)
SEED = 7
PHONE, WAITING = 5, 3
"""The source that gets more appeals than its operators can take, and how many of them wait."""
RUSH_GAP = 11.0
"""Seconds between two of the newest appeals."""

PICTURES: dict[str, Sequence[str]] = {
    "desk": ["f3", "right", "right", "down", "down"],
    "form": ["f5", *"tg", "enter", *"tg_777000", "tab", *"Хочу купить курс"],
    "details": ["f4", "right_square_bracket", "enter"],
    "move": ["f4", "m"],
    "history": ["f2", "plus", "down", "space", "u", "H"],
    "help": ["f3", "question_mark"],
}
"""The keys that lead to each picture."""


async def take(name: str, keys: Sequence[str]) -> None:
    """Press the keys in a fresh app and save what is on the screen."""
    app = LeadboardApp(actor="Анна", title="sales.db")
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        for key in keys:
            await pilot.press(key)
        # A plain pause returns early while a worker thread is waiting for the database.
        await pilot.pause(0.3)
        app.save_screenshot(f"{name}.svg", str(FOLDER))


def fill(rng: random.Random) -> None:
    """Fill the database with the demo's team and history, then with a rush, mostly by phone."""
    seed(rng)
    rush = []
    while count_waiting() < WAITING:
        source_id, source = (PHONE, "phone") if rng.random() < 0.6 else pick_source(rng) or (0, "")
        lead, message = samples.external_id(source, rng), samples.message(rng)
        rush.append(submit(lead, source_id, message, rng=rng).id)
    for age, appeal_id in enumerate(reversed(rush)):
        moment = now() - timedelta(seconds=age * RUSH_GAP)
        Appeal.update(timestamp=moment).where(Appeal.id == appeal_id).execute()


def main() -> None:
    """Make all pictures from one database."""
    with tempfile.TemporaryDirectory() as folder:
        opened = open_database(Path(folder) / "sales.db")
        fill(random.Random(SEED))
        for name, keys in PICTURES.items():
            asyncio.run(take(name, keys))
        opened.close()


if __name__ == "__main__":
    main()
