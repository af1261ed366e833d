"""What tests of long lists share: a bot that feeds them, and what they show."""

import allocator
from leadboard.database.connection import database
from tests.support import rows
from tests.support.screen import Desk
from tui.panes.appeals import Appeals


def feed(first: int, last: int, source: int = 1) -> None:
    """Let a bot hand in appeals of leads by these numbers, all at once."""
    with database.atomic("IMMEDIATE"):
        for number in range(first, last + 1):
            allocator.submit(f"lead_{number}", source, f"message {number}")


def closed() -> list[int]:
    return [int(str(key)) for (key,) in rows("SELECT id FROM appeal WHERE closed_at IS NOT NULL")]


def shown(desk: Desk, name: str = "all") -> Appeals:
    return desk.app.desk_screen.query_one(f"#{name}", Appeals)


async def fed(desk: Desk, first: int, last: int) -> None:
    """Feed from elsewhere and wait until the desk has taken notice."""
    await desk.told(feed, first, last)


def later_than(desk: Desk, version: int) -> bool:
    return desk.app.desk_screen.version > version
