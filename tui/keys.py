"""Keys for two keyboard layouts: every letter also works on the Russian layout."""

import re
from collections.abc import Iterable, Mapping

from textual.binding import Binding
from textual.keys import format_key

from leadboard.common.keyboard_layouts import LATIN, RUSSIAN
from leadboard.common.language import pgettext

_SIGNS = {"slash": "full_stop", "question_mark": "comma", "colon": "Ж", "apostrophe": "э"}
"""What the physical keys of these signs give on the Russian layout, by Textual's names."""

TWINS = (
    dict(zip(LATIN, RUSSIAN, strict=True))
    | dict(zip(LATIN.upper(), RUSSIAN.upper(), strict=True))
    | {"left_square_bracket": "х", "right_square_bracket": "ъ"}
    | _SIGNS
)
"""The key on the Russian layout for each key on the Latin one."""

REPEAT = "ю"
"""The key of a full stop on the Russian layout."""

_NAMES = {
    "enter": "enter",
    "escape": "esc",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "tab": "tab",
    "space": pgettext("key", "space"),
    # Repeat is bound to ю alone: a full stop is what the slash key gives on the Russian layout.
    REPEAT: ".",
}

Keymap = Mapping[str, str]
"""The keys of bindings that have others than their own, by id, as Textual takes them."""

MADE: dict[str, Binding] = {}
"""Every binding made so far, by id, with its own keys."""


def both(keys: str) -> str:
    """Return the comma-separated keys, each followed by its twin where it has one."""
    return ",".join(each for key in keys.split(",") for each in _with_twin(key))


def _with_twin(key: str) -> Iterable[str]:
    *modifiers, letter = key.split("+")
    yield key
    if (twin := TWINS.get(letter)) is not None:
        yield "+".join([*modifiers, twin])


def bind(keys: str, action: str, does: str, *, id: str, show: bool = True) -> Binding:
    """Return a binding with its twins; `id` names it for key maps, `does` says what it does."""
    MADE[id] = Binding(both(keys), action, does, show=show, id=id, tooltip=does)
    return MADE[id]


def keys_of(id: str, keymap: Keymap) -> list[str]:
    """Return the keys of a binding as they are mapped."""
    return (keymap.get(id) or MADE[id].key).split(",")


def without_twins(keys: Iterable[str]) -> list[str]:
    """Return the keys except those that are there only for the Russian layout."""
    keys = list(keys)
    twins = {twin for key in keys for twin in _with_twin(key) if twin != key}
    return [key for key in keys if key not in twins]


def key_label(key: str) -> str:
    """Return a key as people write it: `ctrl+s`, `space`, `?`."""
    *modifiers, name = key.split("+")
    return "+".join([*modifiers, _NAMES.get(name, format_key(name))])


def with_keys(text: str, keymap: Keymap) -> str:
    """Return a text with a key in the place of each id in braces, as in `{desk.quit} quits`."""
    return re.sub(
        r"\{([a-z]+\.[a-z-]+)}", lambda found: key_label(keys_of(found[1], keymap)[0]), text
    )
