"""Errors with sentences for people: bad input, and a database that cannot be used."""


class Refused(ValueError):
    """Bad input, or an act that the rules forbid; nothing was changed. `field` names the input."""

    def __init__(self, sentence: str, field: str | None = None) -> None:
        super().__init__(sentence)
        self.field = field


class Missing(Refused):
    """The input names a row that does not exist."""


class Taken(Refused):
    """The input asks for a name that another row has."""


class Trouble(RuntimeError):
    """The database cannot be used right now; nothing was changed."""


class Uncertain(Trouble):
    """The outcome of a commit is unknown: it may be stored, so look before repeating it."""


class TooBusy(Trouble):
    """Others kept the database locked for longer than PATIENCE; trying again may help."""


class ServerLost(Trouble):
    """The connection to a server broke; the next try makes a new one."""
