"""Keys in order: each is handled completely before the next one is dispatched.

Textual sends a key to the focused widget, and looks for a binding only after the key has bubbled
all the way back. Keys that arrive in one burst (a slow line, a paste of keystrokes) would all go
to the old focus, even if the first of them moves it.
"""

from collections import deque
from functools import partial
from time import monotonic

from textual import events
from textual.app import App
from textual.message import Message
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget
from textual.worker import Worker

PATIENCE = 0.5
"""Seconds after which keys go on if the focused widget has disappeared."""

LONGEST = 20
"""Times this long for one that is there: on a slow machine its answer may take a while."""

ACT_LOOK, ACT_LOOKS = 0.02, 50
"""Seconds between looks whether the act of a dialog is stored, and how often to look."""

ROUNDS = 3
"""Rounds of a fence: a key may post a message whose handler posts another that moves the focus."""


class Fence(Message):
    """Follows a key along its path; once it is back, all earlier messages are handled."""

    bubble = True

    def __init__(self, rounds: int) -> None:
        super().__init__()
        self.rounds = rounds


class OrderedKeys(App[None]):
    """An application that holds keys back while an earlier one is being handled."""

    def __init__(self) -> None:
        super().__init__()
        self._held_keys: deque[events.Key] = deque()
        self._key_under_way = True  # until there is a widget to receive keys
        self._serial = 0
        self.last_key = 0.0
        """When a key was last let through, on the clock of `monotonic`."""
        self._is_followed = True
        self._key_timer: Timer | None = None
        self._key_screen: Screen[object] | None = None
        self._key_path: Widget | None = None
        self.act_of_dialog: Worker[None] | None = None
        """What a dialog was last asked to store; it closes once that is done."""

    @property
    def takes_keys(self) -> bool:
        """Tell whether keys are handled: not while the app is ending, nor without a screen."""
        return self.return_code is None and bool(self.screen_stack)

    async def open_keys(self) -> None:
        """Let keys through, including those typed before there was a widget to receive them."""
        await self._next_key(self._serial)

    def hand_on(self, event: events.Key) -> None:
        """Handle a key anew, before those that are held: what it went to has closed."""
        self._held_keys.appendleft(events.Key(event.key, event.character))
        self._follow_key(self._serial)

    async def on_event(self, event: events.Event) -> None:
        """Let a key through, or hold it while another is being handled."""
        # A forwarded key is one that has bubbled back to the app, not a new one.
        if not isinstance(event, events.Key) or event.is_forwarded:
            await super().on_event(event)
        elif not self.takes_keys:
            return
        elif self._key_under_way:
            self._held_keys.append(event)
            self._follow_key(self._serial)
        else:
            await self._send_key(event)

    async def _send_key(self, event: events.Key) -> None:
        self._key_under_way = True
        self.last_key = monotonic()
        self._key_screen = self.screen
        self._serial += 1
        self._key_timer = self._patience(LONGEST)
        self._key_path = self.screen.focused or self.screen
        self._is_followed = False
        await super().on_event(event)
        if not self.takes_keys:  # the key has ended the app, or something else has
            return
        if self._held_keys:
            self._follow_key(self._serial)
        else:  # no key is waiting, so what this one changed is painted first
            self.screen.call_after_refresh(self._follow_key, self._serial)

    def _patience(self, left: int) -> Timer:
        return self.set_timer(PATIENCE, partial(self._end_patience, self._serial, left))

    async def _end_patience(self, serial: int, left: int) -> None:
        """Let the next key through, unless the widget that has this one may still answer."""
        path = self._key_path
        if serial == self._serial and left and path is not None and path.is_attached:
            self._key_timer = self._patience(left - 1)
            self._follow_key(serial)
        else:
            await self._next_key(serial)

    def _follow_key(self, serial: int) -> None:
        """Send the fence after the current key, once."""
        if serial == self._serial and not self._is_followed:
            self._is_followed = True
            self._send_fence(ROUNDS)

    def _send_fence(self, rounds: int) -> None:
        # post_message returns False for a closing widget, whose fence would never come back.
        if not rounds or self._key_path is None or not self._key_path.post_message(Fence(rounds)):
            self._go_on()

    def on_fence(self, fence: Fence) -> None:
        """Send the fence round again, or go on after the last round."""
        self._send_fence(fence.rounds - 1)

    def _go_on(self) -> None:
        """Go on after whatever the key has caused, such as a new focus or a dialog."""
        if not self.takes_keys:
            return
        if self.screen is not self._key_screen:
            self._key_screen = self.screen
            self.screen.call_after_refresh(self.call_later, self._next_key, self._serial)
        else:
            self.call_later(self._next_key, self._serial)

    async def _next_key(self, serial: int, looks: int = ACT_LOOKS) -> None:
        """Let the next key through, once per key: both the timer and the fence may ask for it."""
        if serial != self._serial or not self._key_under_way or not self.takes_keys:
            return
        if looks and self.act_of_dialog is not None and not self.act_of_dialog.is_finished:
            self.set_timer(ACT_LOOK, partial(self._next_key, serial, looks - 1))
            return
        if self._key_timer is not None:
            self._key_timer.stop()
            self._key_timer = None
        self._key_under_way = False
        if self._held_keys:
            await self._send_key(self._held_keys.popleft())
