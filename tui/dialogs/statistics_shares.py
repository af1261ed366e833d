"""Shares due and got as lines of text: the verdict, and an error bar for each operator."""

from collections.abc import Iterator

from rich.cells import cell_len
from textual.content import Content

from leadboard.common.language import _, figure, ngettext, pgettext
from leadboard.common.text import clean
from leadboard.queries.share_bars import ShareBar, bars_of
from leadboard.queries.shares import OperatorShare, Shares
from tui.widgets.cells import fit
from tui.widgets.figures import grouped

ALARM = 20
"""Evidence from which a lottery stands accused."""
WIDEST_NAME, NARROWEST_NAME = 24, 8
_COLUMNS = (_("due"), _("got"), pgettext("shares", "by hand"), pgettext("shares", "forced"))
_CELL = max(8, *(cell_len(each) + 1 for each in _COLUMNS))
_LEGEND = _("due ├┼┤ got ●")
_LEAST_BAR = 16
"""Cells below which an error bar says nothing."""


def share_lines(shares: Shares, width: int) -> list[Content]:
    """Say whether the lottery is fair and how sure that is, then what each operator was due."""
    verdict = [part for line in _verdict(shares) for part in line.wrap(width)]
    return [*verdict, Content(""), *_table(shares, width)] if shares.draws else verdict


def _verdict(shares: Shares) -> Iterator[Content]:
    tone = "$text-error" if shares.evidence > ALARM else "$text-success"
    yield Content.styled(clean(shares.verdict), tone)
    if not shares.draws:
        return  # p and evidence of nothing are no figures
    yield Content(
        _("p {p:.3g}: fair draws fit no better so often, if looked at once", p=shares.p_value)
    )
    yield Content(
        _(
            "evidence {evidence:.3g}: above {alarm} is an alarm, however often looked at",
            evidence=shares.evidence,
            alarm=ALARM,
        )
    )
    yield Content.styled(_draws(shares), "$quiet")
    if seen := [100 * each.seen for each in shares.operators if each.seen is not None]:
        said = _(
            "a bend of {least:.1f} to {most:.1f} points would be seen in 95 of 100 cases",
            least=min(seen),
            most=max(seen),
        )
        yield Content.styled(said, "$quiet")


def _draws(shares: Shares) -> str:
    """Return how many draws there were, and in how many there was a choice."""
    draws = ngettext("{count} draw", "{count} draws", shares.draws, count=grouped(shares.draws))
    free = ngettext(
        "{count} had a choice", "{count} had a choice", shares.free, count=grouped(shares.free)
    )
    if not shares.lost:
        return _("{draws}; {free}", draws=draws, free=free)
    lost = ngettext(
        "{count} of them lost a race",
        "{count} of them lost a race",
        shares.lost,
        count=grouped(shares.lost),
    )
    return _("{draws}, {lost}; {free}", draws=draws, lost=lost, free=free)


def _table(shares: Shares, width: int) -> Iterator[Content]:
    bars = {each.operator_id: each for each in bars_of(shares)}
    widest = max((cell_len(each.name) for each in shares.operators), default=0)
    name = max(NARROWEST_NAME, min(WIDEST_NAME, widest, width - 2 * _CELL))
    is_wide = width - name - 4 * _CELL >= 2 * _LEAST_BAR
    columns = _COLUMNS[: 4 if is_wide else 2]
    room = width - name - len(columns) * _CELL - 2
    head = " " * name + "".join(fit(each, _CELL, right=True) for each in columns)
    legend = fit(f"  {_LEGEND}", room) if room >= _LEAST_BAR else ""
    yield Content.styled(head + legend, "$quiet")
    top = max((max(each.high, each.got) for each in bars.values()), default=1.0) or 1.0
    for each in shares.operators:
        line = fit(each.name, name) + _cells(each, is_wide=is_wide)
        bar = bars.get(each.operator_id)
        yield Content.assemble(line, *(_bar(bar, room, top) if bar and room >= _LEAST_BAR else ()))


def _cells(each: OperatorShare, *, is_wide: bool) -> str:
    texts = [figure(each.due, ".1f"), grouped(each.got)]
    texts += [grouped(each.by_hand), grouped(each.forced)] if is_wide else []
    return "".join(text.rjust(_CELL) for text in texts)


def _bar(bar: ShareBar, room: int, top: float) -> Iterator[tuple[str, str]]:
    """Yield the pieces of an error bar: what was due with its 95 %, and what was got."""
    last = room - 3
    low, due, high, got = (
        round(min(each, top) / top * last) for each in (bar.low, bar.due, bar.high, bar.got)
    )
    cells = [" "] * (last + 1)
    cells[low : high + 1] = "─" * (high - low + 1)
    cells[low], cells[high], cells[due] = "├", "┤", "┼"
    is_out = not bar.low <= bar.got <= bar.high
    yield "  " + "".join(cells[:got]), "$quiet"
    yield "●", "$text-error bold" if is_out else "$text-accent"
    yield "".join(cells[got + 1 :]), "$quiet"
