"""One's own desk and the demo, which a person can leave for each other."""

from leadboard.cli import screen
from leadboard.cli.context import Choice
from leadboard.cli.screen import Left
from leadboard.common.elsewhere import Elsewhere


def open_desks(choice: Choice, first: Elsewhere) -> int:
    """Show one's own desk or the demo, then where the person goes on to; return the exit code.

    Raises Trouble when the database cannot be opened.
    """
    screen.require_terminal()
    place: Elsewhere | None = first
    code = 0
    while place is not None:
        code, place = _show_demo(choice) if place is Elsewhere.DEMO else _show_own(choice)
        # A theme chosen here holds there as well.
        choice.forget_settings()
    return code


def _show_own(choice: Choice) -> Left:
    screen.postpone_collecting()
    opened = choice.opened(may_create=True, may_only_read=True)
    try:
        return screen.show(choice.actor, settings=choice.settings)
    finally:
        opened.close()


def _show_demo(choice: Choice) -> Left:
    from leadboard.cli.demo import run

    return run(choice.actor, choice.settings)
