"""Following the ledger: new lines are read, chosen and written, one JSON object each."""

import sys
import time
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO

from leadboard.cli.follow import NOW, START
from leadboard.cli.naming import id_of
from leadboard.cli.output import takes_all_letters
from leadboard.cli.signals import Stop, Stopped
from leadboard.common.console import say
from leadboard.common.errors import Missing, Refused, ServerLost, TooBusy
from leadboard.common.json_lines import json_line
from leadboard.queries.ledger_lines import (
    KINDS,
    LedgerLine,
    Pruned,
    fields_of,
    lines_after,
    present,
    start,
)
from models import Operator, Source

GONE = 3
"""The exit code when lines that would follow were pruned."""

PAUSE, RETRY = 0.2, 1.0
"""Seconds between two looks for new lines, and between two tries to reach the database."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines are wanted; None, or no kind at all, stands for all."""

    source_id: int | None
    operator_id: int | None
    kinds: frozenset[str]

    def __contains__(self, line: LedgerLine) -> bool:
        people = {each.id for each in (line.operator, line.was_operator) if each}
        return (
            self.source_id in (None, line.source_id)
            and (self.operator_id is None or self.operator_id in people)
            and (not self.kinds or line.kind in self.kinds)
        )


def wanted(source: str | None, operator: str | None, kinds: tuple[str, ...]) -> Wanted:
    """Return what the options ask for; raises Refused for what there is not."""
    plain_kinds = frozenset(kind.removeprefix("appeal.") for kind in kinds)
    if unknown := sorted(plain_kinds - set(KINDS)):
        raise Missing(f"No line is {unknown[0]}: there are {', '.join(KINDS)}.", "kind")
    return Wanted(
        None if source is None else id_of(Source, source),
        None if operator is None else id_of(Operator, operator),
        plain_kinds,
    )


def follow_from(since: str | int, lines: Wanted, *, once: bool, messages: bool) -> int:
    """Write the lines that follow a place, `now` or `start`; return the exit code."""
    if sys.stdout is None:
        raise Refused("There is no standard output to write to.")
    stop = Stop()
    follower = _Follower(lines, sys.stdout.buffer, stop, once=once, messages=messages)
    try:
        with stop.listening():
            follower.run(since)
    except Stopped as stopped:
        return stopped.code
    except Pruned as gone:
        say(str(gone))
        return GONE
    return 0


class _Follower:
    """Goes on from a place in the ledger, and writes what is wanted of it."""

    def __init__(
        self, wanted: Wanted, output: BinaryIO, stop: Stop, *, once: bool, messages: bool
    ) -> None:
        self._wanted = wanted
        self._output = output
        self._stop = stop
        self._once = once
        self._lines_after = partial(lines_after, messages=messages)
        self._is_plain = not takes_all_letters()
        self._is_cut_off = False
        self._seq = 0

    def run(self, since: str | int) -> None:
        """Write line by line, until stopped or, with `once`, up to the present."""
        last = present()
        self._seq = since if isinstance(since, int) else {NOW: last, START: start()}[since]
        self._write_up_to(last)
        while not self._once:
            self._sleep(RETRY if self._is_cut_off else PAUSE)
            self._go_on()

    def _go_on(self) -> None:
        """Write what is new, or say once that the database is out of reach."""
        try:
            self._write_up_to(present())
            self._is_cut_off = False
        except (ServerLost, TooBusy) as trouble:
            if not self._is_cut_off:
                say(f"{trouble} Still trying.")
            self._is_cut_off = True

    def _write_up_to(self, last: int) -> None:
        """Write the lines up to a place, the newest that was known when this was asked."""
        # Asked even when nothing is new: the place may be gone, or none of this ledger.
        while page := self._lines_after(self._seq):
            for line in page:
                if line.seq > last:
                    return
                self._write(line)
                self._seq = line.seq

    def _write(self, line: LedgerLine) -> None:
        self._stop.check()
        if line in self._wanted:
            self._output.write(json_line(fields_of(line), is_plain=self._is_plain))
            # One by one, since whoever reads may act on each.
            self._output.flush()

    def _sleep(self, seconds: float) -> None:
        with self._stop.waiting():
            time.sleep(seconds)
