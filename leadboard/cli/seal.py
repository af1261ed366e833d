"""The command for seals: commitments to keep, and seeds that are revealed."""

from typing import TYPE_CHECKING

import click

from leadboard.common.language import _, pgettext

if TYPE_CHECKING:
    from leadboard.cli.context import Choice
    from leadboard.queries.seals import SealRow

_STATES = {
    "next": pgettext("seal", "next"),
    "in force": pgettext("seal", "in force"),
    "revealed": pgettext("seal", "revealed"),
}
_JSON = click.option("--json", "is_json", is_flag=True, help="One JSON object per line.")


@click.group("seal", invoke_without_command=True)
@_JSON
@click.pass_context
def seal(context: click.Context, is_json: bool) -> None:
    """Print to which seeds the draws are committed, and the seeds that are revealed.

    The seed of a seal is secret while it is in force, a week at most; its SHA-256, the commitment,
    is known before its first draw. Keep the commitments, and the heads that verify prints, where
    nobody here can change them: they prove later that no draw was picked, changed or left out.

    \b
    Examples:
      leadboard seal | mail -s "Seals of this week" manager@example.org
      leadboard seal end
      leadboard seal off phone
    """
    if context.invoked_subcommand is not None:
        return
    from leadboard.cli.output import write_json
    from leadboard.database.connection import engine
    from leadboard.desk.seals import prepare_seals
    from leadboard.queries.seals import seals

    choice: Choice = context.obj
    choice.open(may_only_read=True)
    if not engine().is_read_only:
        prepare_seals()
    for row in seals():
        if is_json:
            write_json(_fields(row))
        else:
            click.echo(_line(row))


def _line(row: "SealRow") -> str:
    head = _(
        "{source}: {state}, commitment {commitment}",
        source=row.source,
        state=_STATES[row.state.value],
        commitment=row.commitment,
    )
    if row.first is None:
        return head
    if row.last is None:
        return _("{seal}, from decision {first:,} on", seal=head, first=row.first)
    if row.last < row.first:
        return _("{seal}, without decisions, seed {seed}", seal=head, seed=row.seed)
    numbers = {"first": row.first, "last": row.last}
    return _(
        "{seal}, decisions {first:,} to {last:,}, seed {seed}", seal=head, seed=row.seed, **numbers
    )


def _fields(row: "SealRow") -> dict[str, object]:
    from leadboard.database.fields import stamp

    return {
        "chain": row.source_id,
        "source": row.source,
        "state": row.state.value,
        "commit": row.commitment,
        "first": row.first,
        "last": row.last,
        "began_at": row.began_at and stamp(row.began_at),
        "ended_at": row.ended_at and stamp(row.ended_at),
        "reveal": row.seed,
    }


@seal.command("end")
@click.argument("source", required=False)
@click.pass_context
def end(context: click.Context, source: str | None) -> None:
    """End the seal of SOURCE, or all that are in force: their seeds are revealed.

    The next seals, whose commitments were known already, begin at once.
    """
    from leadboard.desk.seals import end_seals

    choice: Choice = context.obj
    choice.open()
    ended = end_seals(_chosen(source), actor=choice.actor)
    if ended:
        click.echo(_("Revealed: {sources}.", sources=", ".join(ended)))
    else:
        click.echo(_("No draws were made since."))


def _chosen(source: str | None) -> list[int]:
    from leadboard.allocation.names import id_of
    from leadboard.database.connection import rows
    from leadboard.database.transactions import reading
    from models import Source

    if source is not None:
        return [id_of(Source, source)]
    return [each for (each,) in reading(lambda: rows(Source.select(Source.id)))]


@seal.command("on")
@click.argument("source")
@click.pass_context
def switch_on(context: click.Context, source: str) -> None:
    """Seal the draws of SOURCE from now on."""
    _switch(context, source, is_sealed=True)


@seal.command("off")
@click.argument("source")
@click.pass_context
def switch_off(context: click.Context, source: str) -> None:
    """Draw the appeals of SOURCE without a seal from now on, which verify will say."""
    _switch(context, source, is_sealed=False)


def _switch(context: click.Context, source: str, *, is_sealed: bool) -> None:
    from leadboard.allocation.names import id_of
    from leadboard.desk import change_source
    from models import Source

    choice: Choice = context.obj
    choice.open()
    done = change_source(id_of(Source, source), is_sealed=is_sealed, actor=choice.actor)
    click.echo(f"{done.note}.")
