"""How many places a source needs, by Erlang C: Poisson arrivals, exponential handling, one queue.

A place is one appeal that somebody may hold: the limits of all who serve the source, added up.
"""

from dataclasses import dataclass

from leadboard.common.language import _

WAITING = 0.05
"""The chance of waiting that is low enough: one appeal in twenty."""


def waiting_probability(places: int, erlangs: float) -> float:
    """Return the chance that an appeal has to wait: 1 from the point where the queue only grows.

    `erlangs` is the number of places in use on average: arrivals per minute times minutes each.
    """
    if erlangs <= 0:
        return 0.0
    if places <= erlangs:
        return 1.0
    blocked = 1.0
    for place in range(1, places + 1):
        blocked = _next(blocked, place, erlangs)
    return _waiting(blocked, places, erlangs)


def places_for(erlangs: float, waiting: float = WAITING) -> int:
    """Return the least number of places at which the chance of waiting is below `waiting`.

    The work grows with the number of places. Raises ValueError for a chance that none can reach.
    """
    if waiting <= 0:
        raise ValueError("no number of places makes waiting impossible")
    if erlangs <= 0:
        return 0
    blocked, places = 1.0, 0
    while places <= erlangs or _waiting(blocked, places, erlangs) >= waiting:
        places += 1
        blocked = _next(blocked, places, erlangs)
    return places


def _next(blocked: float, place: int, erlangs: float) -> float:
    """Return the loss of Erlang B with one more place.

    Each step divides positive numbers by a larger one, so that nothing overflows or cancels out.
    """
    return erlangs * blocked / (place + erlangs * blocked)


def _waiting(blocked: float, places: int, erlangs: float) -> float:
    return places * blocked / (places - erlangs * (1.0 - blocked))


@dataclass(frozen=True, slots=True)
class Staffing:
    """The places that a source needs, and what they were counted from."""

    places: int
    hourly: float
    minutes: float
    """How long an appeal is held on average."""

    @classmethod
    def of(cls, hourly: float, minutes: float) -> "Staffing":
        """Return the places for so many arrivals an hour, each held for so many minutes."""
        return cls(places_for(hourly / 60 * minutes), hourly, minutes)

    @property
    def sentence(self) -> str:
        """Return what is needed in words: `places needed: 29 (40 an hour, 30 min each)`."""
        return _(
            "places needed: {places} ({hourly} an hour, {each} min each)",
            places=self.places,
            hourly=round(self.hourly),
            each=max(1, round(self.minutes)),
        )
