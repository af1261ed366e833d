"""What may go wrong, in sentences for people: bad input, and a database that cannot be used."""


class Refused(ValueError):
    """Bad input, or an act that the rules forbid; nothing was changed. `field` names the input."""

    def __init__(self, sentence: str, field: str | None = None) -> None:
        super().__init__(sentence)
        self.field = field


class Missing(Refused):
    """The input names a row that is not there."""


class Taken(Refused):
    """The input wants a name that another has."""


class Trouble(RuntimeError):
    """The database cannot be used just now; nothing was changed."""


class Uncertain(Trouble):
    """What became of a commit is not known: it may be stored, so nobody is to repeat it unseen."""


class TooBusy(Trouble):
    """Others kept the database locked for longer than the patience; trying again may help."""


class ServerLost(Trouble):
    """The connection to a server broke; the next try makes a new one."""
