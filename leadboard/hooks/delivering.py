"""Delivering for all hooks until it is stopped: a thread for each hook that is on."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from secrets import token_hex

from leadboard.common.console import say
from leadboard.common.crashlog import surprise_once
from leadboard.common.errors import Trouble
from leadboard.database.connection import database, engine
from leadboard.hooks.complaints import Complaints
from leadboard.hooks.outbox import hooks_on
from leadboard.hooks.sender import PAUSE, RETRY, HookSender, Surroundings

LOOK = 1.0
"""Seconds between two looks for hooks that were added or switched on."""
AFTER_A_FAULT = 60.0
"""Seconds until a sender that met a fault of the program tries again."""
LONGEST_END = 20.0
"""Seconds that senders have to end; an answer is awaited for a few of them."""


class Deliverer:
    """Sends what all hooks have yet to get, from `start` to `stop`, on threads of its own.

    Several may run at once, in one program or in many: each hook is served by one of them at a
    time. Hooks that are added later are noticed by themselves.
    """

    def __init__(self, tell: Callable[[str], None] = say) -> None:
        self._stop = threading.Event()
        self._tell = tell
        self._complaints = Complaints(tell)
        self._senders: dict[int, threading.Thread] = {}
        self._thread = threading.Thread(target=self._run, name="hooks", daemon=True)
        self._around = Surroundings(
            sender_name(), self._stop.is_set, self._stop.wait, self._complaints
        )

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def stop(self) -> None:
        """Let what is on its way arrive, or give it up after some seconds, and end."""
        self._stop.set()
        self._thread.join(LONGEST_END)

    # On the thread.

    def _run(self) -> None:
        with _own_connection():
            while not self._stop.is_set():
                with self._patience():
                    self._look()
                self._stop.wait(LOOK)
        for thread in self._senders.values():
            thread.join(LONGEST_END)

    def _look(self) -> None:
        """Start a sender for each hook that is on and has none."""
        wanted = hooks_on()
        self._senders = {key: each for key, each in self._senders.items() if each.is_alive()}
        for hook_id in set(wanted) - set(self._senders):
            name = f"hook {hook_id}"
            thread = threading.Thread(target=self._serve, args=(hook_id,), name=name, daemon=True)
            self._senders[hook_id] = thread
            thread.start()

    def _serve(self, hook_id: int) -> None:
        """Send for one hook until it is off, on a thread of its own."""
        with _own_connection(), closing(HookSender(hook_id, self._around)) as sender:
            is_on = True
            while is_on and not self._stop.is_set():
                with self._patience():
                    is_on = sender.turn()
                self._stop.wait(PAUSE)

    @contextmanager
    def _patience(self) -> Iterator[None]:
        """Outlast a database that is out of reach, saying it once, and faults of our own."""
        try:
            yield
            self._complaints.clear()
        except Trouble as trouble:
            if not self._stop.is_set():
                self._complaints.add(trouble)
            self._stop.wait(RETRY)
        # One hook must not end the others, nor the door that this may be a part of.
        except Exception as error:
            self._tell(surprise_once(error))
            self._stop.wait(AFTER_A_FAULT)


@contextmanager
def _own_connection() -> Iterator[None]:
    """Close the connection of this thread in the end: nobody else can."""
    try:
        with suppress(Trouble):
            engine().tune_for_reading()
        yield
    finally:
        database.close()


def sender_name() -> str:
    """Return a name for a sender, of which people can tell where it runs."""
    return f"{socket.gethostname()[:60]} {os.getpid()} {token_hex(4)}"


def deliver_once(is_stopping: Callable[[], bool], tell: Callable[[str], None] = say) -> int:
    """Send what is to be sent now for every hook; return how many events failed; raises Trouble."""
    around = Surroundings(sender_name(), is_stopping, time.sleep, Complaints(tell))
    failures = 0
    for hook_id in hooks_on():
        if not is_stopping():
            with closing(HookSender(hook_id, around)) as sender:
                sender.turn()
                failures += sender.failures
    return failures
