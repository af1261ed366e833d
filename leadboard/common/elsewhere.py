"""Where a person may go on from the desk, for the screen and for the command line."""

from enum import Enum


class Elsewhere(Enum):
    """Where a person may go on from the desk."""

    DEMO = "demo"
    OWN = "own"
    """The database that `leadboard` alone opens."""
