"""Keys for two keyboard layouts: every letter also works on the Russian layout."""

from collections.abc import Iterable

from textual.binding import Binding
from textual.keys import format_key

from leadboard.common.keyboard_layouts import LATIN, RUSSIAN

_SIGNS = {"slash": "full_stop", "question_mark": "comma", "colon": "Ж"}
"""What the physical keys of these signs give on the Russian layout, by Textual's names."""

TWINS = (
    dict(zip(LATIN, RUSSIAN, strict=True))
    | dict(zip(LATIN.upper(), RUSSIAN.upper(), strict=True))
    | {"left_square_bracket": "х", "right_square_bracket": "ъ"}
    | _SIGNS
)
"""The key on the Russian layout for each key on the Latin one."""

_NAMES = {
    "enter": "enter",
    "escape": "esc",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "tab": "tab",
    # Repeat is bound to ю alone: a full stop is what the slash key gives on the Russian layout.
    "ю": ".",
}


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
    return Binding(both(keys), action, does, show=show, id=id, tooltip=does)


def is_twin(key: str) -> bool:
    """Tell whether a key is bound only for the Russian layout."""
    return key.split("+")[-1] in TWINS.values()


def key_label(key: str) -> str:
    """Return a key as people write it: `ctrl+s`, `space`, `?`."""
    *modifiers, name = key.split("+")
    return "+".join([*modifiers, _NAMES.get(name, format_key(name))])
