"""Where a person may go on from the desk, without what the screen needs to be loaded."""

from enum import Enum


class Elsewhere(Enum):
    """Where a person may go on from the desk."""

    DEMO = "demo"
    OWN = "own"
    """The database that `leadboard` alone opens."""
