"""Which database drivers are worth loading."""

import sys

from server_address import is_server


def leave_out_drivers(*targets: str | None) -> None:
    """Keep Peewee from loading drivers of servers when every target is a file.

    It loads each driver that is installed, which takes as long as the first frame of the screen.
    """
    if not any(map(is_server, targets)):
        for driver in ("psycopg", "psycopg2", "psycopg2cffi"):
            sys.modules.setdefault(driver, None)  # type: ignore[arg-type]  # None: "not installed"
