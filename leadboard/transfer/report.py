"""A report on a span as one page of HTML that needs nothing else, to send or to print."""

import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from html import escape
from pathlib import Path

from leadboard.common.durations import worded
from leadboard.common.errors import Refused, Trouble
from leadboard.common.language import _, figure, language, pgettext
from leadboard.common.os_reasons import reason_of
from leadboard.common.text import clean
from leadboard.queries.lengths import Spread
from leadboard.queries.share_bars import bars_of
from leadboard.queries.shares import Shares
from leadboard.queries.statistics import Statistics, Waits
from leadboard.transfer import report_pictures as pictures

_STYLE = """
:root { color-scheme: light dark;
  --ground: #fff; --ink: #20252e; --quiet: #565f6d; --line: #d4d9e0 }
@media (prefers-color-scheme: dark) {
  :root { --ground: #15181e; --ink: #d9dde4; --quiet: #9ba5b4; --line: #333a46 } }
@media print {
  :root { --ground: #fff; --ink: #000; --quiet: #444; --line: #bbb }
  svg, tr { break-inside: avoid } h2 { break-after: avoid } }
body { background: var(--ground); color: var(--ink); font: 15px/1.45 system-ui, sans-serif;
  max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h1 { margin-bottom: 0 } h2 { margin-top: 2.5rem } p.quiet, caption { color: var(--quiet) }
svg { max-width: 100%; height: auto }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums }
th, td { padding: .2rem .8rem; border-bottom: 1px solid var(--line); text-align: right }
th:first-child, td:first-child { text-align: left; unicode-bidi: isolate; overflow-wrap: anywhere }
"""

Row = Sequence[object]

_OPERATOR = _("operator")
_ARRIVED, _CLOSED = pgettext("report", "arrived"), pgettext("report", "closed")
_UNITS = {"hour": _("hour"), "day": _("day"), "week": _("week"), "month": _("month")}


def page(statistics: Statistics, shares: Shares, database: str, made_at: datetime) -> str:
    """Return the page; every name on it is text, whatever it holds."""
    source, when = _source(statistics), _when(statistics)
    written = made_at.astimezone()
    made = _("{database}, written {at:%d.%m.%Y %H:%M}", database=database, at=written)
    body = "\n".join(
        [
            f"<h1>{_text(f'{when[0].upper()}{when[1:]}, {source}')}</h1>",
            f'<p class="quiet">{_text(made)}</p>',
            f"<p>{_text(_summary(statistics))}</p>",
            *(f'<p class="quiet">{_text(each)}</p>' for each in statistics.remarks),
            *_sections(statistics),
            _fairness(shares),
        ]
    )
    return (
        f'<!DOCTYPE html>\n<html lang="{language()}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_text(f'Leadboard: {when}, {source}')}</title>\n"
        f"<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def _source(statistics: Statistics) -> str:
    if statistics.source is None:
        return _("all sources")
    return _("source {source}", source=statistics.source)


def _when(statistics: Statistics) -> str:
    first = statistics.parts[0].start.astimezone()
    return _("{span}, from {day:%d.%m.%Y}", span=statistics.span.words, day=first)


def _text(text: object) -> str:
    return escape(clean(str(text)))


def _summary(statistics: Statistics) -> str:
    return _(
        "Arrived: {arrived:,}. Closed: {closed:,}. Given by hand: {by_hand:,}. "
        "Waiting now: {waiting:,}.",
        arrived=statistics.received,
        closed=statistics.closed,
        by_hand=statistics.whole.by_hand,
        waiting=statistics.waiting,
    )


def _sections(statistics: Statistics) -> Iterator[str]:
    parts = [each for each in statistics.parts if each.waiting is not None]
    told = [
        (pictures.part_label(statistics, each.start), each.received, each.closed, each.waiting)
        for each in parts
    ]
    columns = (_UNITS[statistics.unit], _ARRIVED, _CLOSED, _("most waiting"))
    yield _section(_("Arrivals and closings"), pictures.flows(statistics), _table(columns, told))
    yield _section(pgettext("report", "Waiting"), pictures.waiting(statistics), _waited(statistics))
    if loaded := [each for each in statistics.operators if any(each.loads)]:
        rows = [(each.name, each.loads[-1], max(each.loads), each.by_hand) for each in loaded]
        columns = (_OPERATOR, _("load now"), _("highest"), _("given by hand"))
        table = _table(columns, rows)
        yield _section(_("Load by operator"), pictures.loads(statistics, loaded), table)
    for title, head, group in (
        (_("How long, by operator"), _OPERATOR, statistics.operators),
        (_("How long, by source"), _("source"), statistics.sources),
    ):
        if timed := [each for each in group if each.waited.count or each.handled.count]:
            drawn = pictures.lengths(timed, "waited") + pictures.lengths(timed, "handled")
            yield _section(title, drawn, _lengths(head, timed))


def _fairness(shares: Shares) -> str:
    bars = list(bars_of(shares))
    verdict = f"<p>{_text(shares.verdict)}</p>\n"
    columns = (_OPERATOR, _("due"), _("got"), _("by hand"), _("forced"), _("by rule"))
    rows = [
        (each.name, figure(each.due, ",.1f"), each.got, each.by_hand, each.forced, each.by_rule)
        for each in shares.operators
    ]
    table = f'<p class="quiet">{_text(_how_sure(shares))}</p>\n{_table(columns, rows)}'
    return _section(_("Shares"), verdict + (pictures.shares(bars) if bars else ""), table)


def _how_sure(shares: Shares) -> str:
    return _(
        "p {p:.3g}: fair draws fit no better so often, if looked at once. "
        "Evidence {evidence:.3g}: above 20 is an alarm, however often looked at. "
        "Draws: {draws:,}. With a choice: {free:,}. Lost: {lost:,}.",
        p=shares.p_value,
        evidence=shares.evidence,
        draws=shares.draws,
        free=shares.free,
        lost=shares.lost,
    )


def _section(title: str, picture: str, table: str) -> str:
    return f"<section>\n<h2>{_text(title)}</h2>\n{picture}\n{table}\n</section>"


def _waited(statistics: Statistics) -> str:
    waited = statistics.whole.waited
    columns = (
        *("", _("appeals"), _("had to wait")),
        *(_("half waited at most"), _("nine in ten at most")),
    )
    every = (pgettext("report", "All"), waited.count, waited.longer, *_spread(waited))
    return _table(columns, [every])


def _lengths(head: str, rows: Sequence[Waits]) -> str:
    columns = (
        *(head, pgettext("report", "given"), _("half waited"), _("9 of 10")),
        *(_CLOSED, _("half handled"), _("9 of 10")),
    )
    return _table(
        columns,
        [
            (
                each.name,
                *(each.waited.count, *_spread(each.waited)),
                *(each.handled.count, *_spread(each.handled)),
            )
            for each in rows
        ],
    )


def _spread(spread: Spread) -> tuple[str, str]:
    return _length(spread.median), _length(spread.p90)


def _length(length: timedelta | None) -> str:
    return "–" if length is None else worded(length, 2)


def _table(columns: Iterable[str], rows: Iterable[Row]) -> str:
    head = "".join(f'<th scope="col">{_text(each)}</th>' for each in columns)
    lines = [f"<tr>{''.join(f'<td>{_cell(each)}</td>' for each in row)}</tr>" for row in rows]
    return f"<table>\n<tr>{head}</tr>\n{chr(10).join(lines)}\n</table>"


def _cell(value: object) -> str:
    return _text(figure(value, ",") if isinstance(value, int) else value)


# --- writing ------------------------------------------------------------------------------------


def refuse_existing(file: Path, *, force: bool) -> None:
    """Raise Refused for a file that is there already, without `force`, or that is no file."""
    if file.exists() and not file.is_file():
        raise Refused(_("{file} is no ordinary file: name another.", file=file), "file")
    if file.exists() and not force:
        sentence = _("{file} exists already: name another file, or use --force.", file=file)
        raise Refused(sentence, "file")


def write(file: Path, text: str, *, force: bool) -> None:
    """Write a page to a file, whole or not at all; raises Refused and Trouble."""
    refuse_existing(file, force=force)
    try:
        _write(Path(os.path.realpath(file)), text, force=force)
    except FileExistsError:
        refuse_existing(file, force=False)
        raise
    except OSError as error:
        sentence = _("{file} cannot be written: {why}.", file=file, why=reason_of(error))
        raise Trouble(sentence) from error


def _write(place: Path, text: str, *, force: bool) -> None:
    handle, partial = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        if not force:
            # Fails if the file was created in the meantime; a rename would overwrite it.
            os.close(os.open(place, os.O_CREAT | os.O_EXCL, 0o600))
        os.replace(partial, place)
    except BaseException:
        os.unlink(partial)
        raise
