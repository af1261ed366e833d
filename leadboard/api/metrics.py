"""Figures for Prometheus: each topic a function that yields its series."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, TypeVar

from prometheus_client import (
    CollectorRegistry,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from leadboard.allocation.draws import LOST_CLAIMS
from leadboard.database.fields import now
from leadboard.hooks.hook_states import HookState
from leadboard.queries.board import Board

BUCKETS = (0.005, 0.025, 0.1, 0.5, 2.5, 10.0)
"""Seconds."""

Family = TypeVar("Family", CounterMetricFamily, GaugeMetricFamily)


class Metrics:
    """What this process has counted, and the text with it and with what the tables hold.

    Counters begin at 0 with the process, as Prometheus expects of them.
    """

    def __init__(self) -> None:
        # They would double the series of every counter.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.stored = Counter[int]()
        """Appeals stored by this door, by source id."""
        self.queued: Callable[[], int] = int
        """How many jobs wait for the thread that writes."""
        self._registry = CollectorRegistry()
        self._requests = Histogram(
            "leadboard_http_request_seconds",
            "Seconds from a request until its answer begins, by the class of its status.",
            ["status"],
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._of_class = {each: self._requests.labels(f"{each}xx") for each in range(1, 6)}
        queued = Gauge(
            "leadboard_writes_queued", "Jobs that wait to be written.", registry=self._registry
        )
        queued.set_function(lambda: self.queued())
        ProcessCollector("leadboard", registry=self._registry)

    def answered(self, status: int, seconds: float) -> None:
        """Count an answer that begins."""
        self._of_class[status // 100].observe(seconds)

    def text(self, figures: "Figures | None") -> bytes:
        """Return everything in Prometheus' text format; None while the database cannot be read."""
        return generate_latest(self._registry) + generate_latest(_Read(self._read(figures)))

    def _read(self, figures: "Figures | None") -> Iterator[Metric]:
        """Yield the series that need the tables, topic by topic."""
        is_up = float(figures is not None)
        yield GaugeMetricFamily(
            "leadboard_database_up", "Whether the database could be read.", is_up
        )
        if figures is not None:
            yield from waiting(figures.board, now())
            yield from operators(figures.board)
            yield from arrivals(figures.board, self.stored)
            yield from claims(figures.board, LOST_CLAIMS)
            yield from hooks(figures.hooks)


class Figures(NamedTuple):
    """What the tables hold at one moment."""

    board: Board
    hooks: Sequence[HookState]


class _Read(Collector):
    """Series that were read at one moment."""

    def __init__(self, families: Iterator[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        """Yield them."""
        return self._families


def waiting(board: Board, moment: datetime) -> Iterator[Metric]:
    """Yield what waits at each source, and for how long: 0 where nothing does."""
    counts = _by_source(GaugeMetricFamily, "leadboard_waiting", "Open appeals that nobody has.")
    waits = _by_source(
        GaugeMetricFamily,
        "leadboard_oldest_wait_seconds",
        "How long the appeal that has waited longest has waited, 0 if none waits.",
    )
    for each in board.sources:
        labels = (str(each.id), each.name)
        since = board.oldest_waits.get(each.id, moment)
        counts.add_metric(labels, each.waiting)
        # Clocks of two machines may differ, so that a wait begins after now.
        waits.add_metric(labels, max(0.0, (moment - since).total_seconds()))
    yield from (counts, waits)


def operators(board: Board) -> Iterator[Metric]:
    """Yield each operator's load and limit, and whether they are active."""
    gauge = GaugeMetricFamily
    load = _by_operator(gauge, "leadboard_operator_load", "Open appeals of an operator.")
    limit = _by_operator(gauge, "leadboard_operator_limit", "How many they may have.")
    active = _by_operator(gauge, "leadboard_operator_active", "Whether they get appeals: 1 or 0.")
    for each in board.operators:
        labels = (str(each.id), each.name)
        load.add_metric(labels, each.load)
        limit.add_metric(labels, each.max_load)
        active.add_metric(labels, float(each.is_active))
    yield from (load, limit, active)


def arrivals(board: Board, stored: Mapping[int, int]) -> Iterator[Metric]:
    """Yield how many appeals this door has stored for each source."""
    family = _by_source(
        CounterMetricFamily, "leadboard_appeals_stored", "Appeals stored by this door."
    )
    for each in board.sources:
        family.add_metric((str(each.id), each.name), stored.get(each.id, 0))
    yield family


def claims(board: Board, lost: Mapping[int, int]) -> Iterator[Metric]:
    """Yield how often an operator's last place had gone when it was claimed."""
    family = _by_operator(
        CounterMetricFamily,
        "leadboard_claims_lost",
        "Claims of a place that somebody else had taken since the roster was read.",
    )
    for each in board.operators:
        family.add_metric((str(each.id), each.name), lost.get(each.id, 0))
    yield family


def hooks(states: Sequence[HookState]) -> Iterator[Metric]:
    """Yield what each hook has yet to send, and what it has given up."""
    topics: tuple[tuple[str, str, Callable[[HookState], float]], ...] = (
        ("on", "Whether it is sent to: 1 or 0.", lambda each: each.off_because is None),
        ("behind", "Lines of the ledger that it has yet to go through.", lambda each: each.behind),
        ("held", "Events that failed, or wait behind one that did.", lambda each: each.held),
        ("failed", "Events that were given up.", lambda each: each.dead),
    )
    for topic, says, figure in topics:
        # Without its address, which may hold a secret of the receiver's.
        family = GaugeMetricFamily(f"leadboard_hook_{topic}", says, labels=("hook_id",))
        for each in states:
            family.add_metric((str(each.id),), float(figure(each)))
        yield family


# With ids: two names may look the same, and Prometheus refuses two series with equal labels.


def _by_source(kind: type[Family], name: str, says: str) -> Family:
    return kind(name, says, labels=("source_id", "source"))


def _by_operator(kind: type[Family], name: str, says: str) -> Family:
    return kind(name, says, labels=("operator_id", "operator"))
