"""One import from the command line: read the file, show what would change, ask, do it."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, cast

import click

from leadboard.cli.progress import UNITS, Count, progress_bar
from leadboard.common.errors import Refused
from leadboard.common.language import _, ngettext
from leadboard.common.progress import Advance
from leadboard.common.text import clean
from leadboard.common.validation import checked_name
from leadboard.database.transactions import reading
from leadboard.transfer.appeals import plan_appeals
from leadboard.transfer.leads import plan_leads
from leadboard.transfer.plan import Plan
from leadboard.transfer.team import plan_operators, plan_sources, plan_weights
from leadboard.transfer.writing import format_of


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """The options of an import."""

    what: str
    file: str
    form: str | None
    is_sure: bool
    is_dry: bool
    is_forced: bool


PLANS = {"operators": plan_operators, "sources": plan_sources, "weights": plan_weights}


class Ticker:
    """Passes on how many rows are done, to a bar while there is one."""

    def __init__(self) -> None:
        self._advance: Advance | None = None

    def __call__(self, done: int) -> None:
        """Move the bar on."""
        if self._advance:
            self._advance(done, done)

    @contextmanager
    def showing(self, total: int | None, count: Count) -> Iterator[None]:
        """Show a bar on standard error where that is a terminal."""
        is_seen = bool(sys.stderr) and sys.stderr.isatty()
        with progress_bar(total, count, is_shown=is_seen) as self._advance:
            yield
        self._advance = None


def take_over(wish: "ImportOptions", actor: str) -> int:
    """Import a file with these options and return the exit code, 1 if the answer was no.

    Raises Refused for a bad cell, and when nobody can be asked; then nothing is stored.
    """
    if not (wish.is_sure or wish.is_dry or _can_ask(wish.file)):
        raise Refused(_("There is no terminal to ask on: use --yes, or --dry-run to look first."))
    tick = Ticker()
    with _opened(wish.file) as file:
        with tick.showing(None, lambda rows: _("{rows} read", rows=UNITS[wish.what](rows))):
            plan = reading(lambda: _plan(wish, file, tick))
        _tell(plan)
        if wish.is_dry or not plan.changes:
            return 0
        if not (wish.is_sure or click.confirm(_("Do it?"), err=True)):
            click.echo(_("Nothing was changed."))
            return 1
        with tick.showing(sum(plan.counts.values()), UNITS[wish.what]):
            sentence = plan.act(checked_name(actor, "actor"))
    click.echo(f"{clean(sentence)}.")
    return 0


def _can_ask(file: str) -> bool:
    # Standard input is the file then, so the answer cannot come from there.
    return file != "-" and all(each and each.isatty() for each in (sys.stdin, sys.stderr))


def _plan(wish: "ImportOptions", file: BinaryIO, tick: Ticker) -> Plan:
    form = format_of(wish.file, wish.form)
    if wish.what == "appeals":
        return plan_appeals(file, form, force=wish.is_forced, tick=tick)
    return plan_leads(file, form, tick) if wish.what == "leads" else PLANS[wish.what](file, form)


def _tell(plan: Plan) -> None:
    for words in plan.words:
        click.echo(clean(words))
    if plan.untold:
        click.echo(ngettext("… and {n:,} more", "… and {n:,} more", plan.untold))
    click.echo(plan.told())


@contextmanager
def _opened(file: str) -> Iterator[BinaryIO]:
    """Open a file that can be read twice, to plan and to store; a pipe is copied first."""
    with click.open_file(file, "rb") as given:
        if given.seekable():
            yield cast(BinaryIO, given)
            return
        with tempfile.TemporaryFile() as copy:
            shutil.copyfileobj(given, copy)
            yield cast(BinaryIO, copy)
