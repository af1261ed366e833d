"""Following the ledger: new lines are read, chosen and written, one JSON object each."""

import sys
import time
from functools import partial
from typing import BinaryIO

from leadboard.cli.follow import NOW, START
from leadboard.cli.output import require_output, takes_all_letters
from leadboard.cli.signals import Stop, Stopped
from leadboard.common.console import say
from leadboard.common.errors import ServerLost, TooBusy
from leadboard.common.json_lines import json_line
from leadboard.common.language import _
from leadboard.queries.chosen_lines import ChosenLines
from leadboard.queries.ledger_lines import (
    LedgerLine,
    Pruned,
    fields_of,
    lines_after,
    present,
    start,
)

GONE = 3
"""The exit code when lines that would follow were pruned."""

PAUSE, RETRY = 0.2, 1.0
"""Seconds between two looks for new lines, and between two tries to reach the database."""


def follow_from(since: str | int, lines: ChosenLines, *, once: bool, messages: bool) -> int:
    """Write the lines that follow a place, `now` or `start`; return the exit code."""
    require_output()
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
        self, wanted: ChosenLines, output: BinaryIO, stop: Stop, *, once: bool, messages: bool
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
                say(_("{trouble} Still trying.", trouble=trouble))
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
