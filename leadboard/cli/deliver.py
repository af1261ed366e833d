"""The command that sends to hooks what happens to appeals."""

import time
from typing import TYPE_CHECKING

import click

from leadboard.common.language import _

if TYPE_CHECKING:
    from leadboard.cli.context import Choice
    from leadboard.cli.signals import Stop
    from leadboard.hooks.delivering import Deliverer

LONG = 3_600.0
"""Seconds of a sleep that only a signal ends."""


@click.command()
@click.option("--once", is_flag=True, help="Send what is to be sent now, and leave.")
@click.pass_context
def deliver(context: click.Context, once: bool) -> None:
    """Send to all hooks what happens to appeals, until a signal ends it.

    leadboard serve does the same while it runs, so this is for a desk without it. Any number of
    them may run at once: each hook is served by one at a time. With --once the exit code is 1 if
    something could not be delivered.

    \b
    Examples:
      leadboard deliver
      leadboard deliver --once || echo "see leadboard hook failed"
    """
    from leadboard.cli.extras import SENDING, extra

    with extra(*SENDING):
        from leadboard.hooks.delivering import Deliverer, deliver_once
    from leadboard.cli.signals import Stop, Stopped

    choice: Choice = context.obj
    choice.open()
    stop, code = Stop(), 0
    with stop.listening():
        try:
            if once:
                code = 1 if deliver_once(stop.has_come) else 0
                stop.check()
            else:
                _run(Deliverer(), stop)
        except Stopped as stopped:
            code = stopped.code
    context.exit(code)


def _run(deliverer: "Deliverer", stop: "Stop") -> None:
    """Send until a signal comes; raises Stopped."""
    deliverer.start()
    click.echo(_("Delivering to hooks; Ctrl-C ends."), err=True)
    try:
        with stop.waiting():
            while True:
                time.sleep(LONG)
    finally:
        deliverer.stop()
