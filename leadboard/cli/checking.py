"""The commands that prove the rules: recounting the tables, and replaying the ledger."""

from typing import TYPE_CHECKING

import click

from leadboard.cli.output import write_json
from leadboard.common.language import _

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leadboard.allocation.audit import Finding
    from leadboard.cli.context import Choice

_JSON = click.option("--json", "is_json", is_flag=True, help="Answer with one JSON object.")


@click.command()
@click.option("--repair", is_flag=True, help="Repair what can be repaired, as recorded acts.")
@_JSON
@click.pass_context
def check(context: click.Context, repair: bool, is_json: bool) -> None:
    """Check that the database keeps every rule; exit 1 with a line for each violation.

    \b
    Examples:
      leadboard check
      leadboard --db sales.db check --repair
    """
    from leadboard.allocation import audit

    choice: Choice = context.obj
    choice.open(may_only_read=not repair)
    findings = audit.repair(choice.actor) if repair else audit.check()
    if is_json:
        write_json({"holds": not findings, "findings": _as_objects(findings)})
    else:
        _tell_check(findings, repair)
    context.exit(1 if findings else 0)


def _tell_check(findings: "Sequence[Finding]", repair: bool) -> None:
    _tell(findings)
    if not findings:
        click.echo(_("Every rule holds."))
    elif not repair and any(finding.is_mendable for finding in findings):
        click.echo(_("Run leadboard check --repair to repair what can be repaired."), err=True)


@click.command()
@click.option(
    "--level",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.05,
    show_default=True,
    help="How often an honest lottery may ever be accused, however often one looks.",
)
@_JSON
@click.pass_context
def verify(context: click.Context, level: float, is_json: bool) -> None:
    """Replay every draw of the ledger, and test whether the shares follow the weights.

    Each draw must give the operator whom its roster gives, each line must begin where the one
    before ended, each appeal must be as its last line says, and none may be missing. Then what
    every operator got is compared with what was due to them, roster by roster.

    \b
    Examples:
      leadboard verify
      leadboard verify --level 0.001
    """
    from leadboard.allocation.verification import verify as replay
    from leadboard.cli.verdict import fields_of, verdict

    choice: Choice = context.obj
    choice.open(may_only_read=True)
    outcome = replay()
    if is_json:
        write_json({**fields_of(outcome, level), "findings": _as_objects(outcome.findings)})
    else:
        _tell(outcome.findings)
        for line in verdict(outcome, level):
            click.echo(line)
    context.exit(1 if outcome.findings or outcome.evidence.accuses(level) else 0)


def _tell(findings: "Sequence[Finding]") -> None:
    for finding in findings:
        click.echo(finding.sentence)


def _as_objects(findings: "Sequence[Finding]") -> list[dict[str, object]]:
    return [{"sentence": each.sentence, "mendable": each.is_mendable} for each in findings]
