"""Keys as people write them: `c`, `?`, `esc`, `pgdn`, `ctrl+s`; or as Textual names them."""

import re

# A private function, but the only one of Textual that names the key of a sign.
from textual.keys import REPLACED_KEYS, _character_to_key, key_to_character

from leadboard.common.errors import Refused
from leadboard.common.keyboard_layouts import in_latin
from leadboard.common.language import _
from leadboard.common.settings import quoted

_WRITTEN = {
    "esc": "escape",
    "return": "enter",
    "⏎": "enter",
    "pgup": "pageup",
    "pgdn": "pagedown",
    "del": "delete",
    "ins": "insert",
    "пробел": "space",
    "⌫": "backspace",
    "↑": "up",
    "↓": "down",
    "←": "left",
    "→": "right",
}
"""Textual's names of keys that people write otherwise."""
_WITHOUT_SIGN = {
    *("escape", "enter", "tab", "space", "backspace", "delete", "insert", "home", "end"),
    *("pageup", "pagedown", "up", "down", "left", "right"),
    *(f"f{number}" for number in range(1, 25)),
}
_SAME_IN_TERMINALS = {
    "ctrl+i": "tab",
    "ctrl+m": "enter",
    "ctrl+left_square_bracket": "escape",
}
"""Keys that most terminals send as another."""
_PARTS = re.compile(r"((?:(?:ctrl|shift|alt)\+)*)(.+)", re.IGNORECASE)


def keys_written(text: str) -> list[str]:
    """Return Textual's names of the keys that a text lists, separated by commas.

    Letters of the Russian layout stand for the keys that they are on. Raises Refused for a text
    with something else in it.
    """
    return list(dict.fromkeys(_key(each.strip()) for each in text.split(",")))


def sign_of(key: str) -> str | None:
    """Return the character that a key types, None for a key that types none."""
    # Textual's function takes a plus for what separates modifiers, and knows no names of its own.
    sign = key if len(key) == 1 else key_to_character(REPLACED_KEYS.get(key, key))
    return sign if sign is not None and sign.isprintable() else None


def _key(text: str) -> str:
    if not text:
        raise Refused(_('lists an empty key (a comma is written "comma")'))
    parts = _PARTS.fullmatch(text)
    name = parts and _named(parts[2])
    if parts is None or name is None:
        raise Refused(_("lists {key}, which is no key", key=quoted(text)))
    modifiers = set(parts[1].lower().split("+")) - {""}
    if len(name) == 1 and name.isalpha():
        if modifiers == {"shift"}:
            return name.upper()
        name = name.lower() if modifiers else name
    elif "shift" in modifiers and name not in _WITHOUT_SIGN:
        raise Refused(_("lists {key}: name the sign that shift gives", key=quoted(text)))
    key = "+".join([*sorted(modifiers), name])
    return _SAME_IN_TERMINALS.get(key, key)


def _named(name: str) -> str | None:
    """Return Textual's name of a key without modifiers, None if there is no such key."""
    if name in _WRITTEN or len(name) > 1:
        name = _WRITTEN.get(name.lower(), name.lower())
    if name in _WITHOUT_SIGN:
        return name
    sign = sign_of(name)
    if sign is None:
        return None
    latin = in_latin(sign.lower())
    # Only letters: х and ъ are on keys of brackets, whose names follow.
    if latin.isascii() and latin.isalpha():
        return latin.upper() if sign.isupper() else latin
    return _character_to_key(latin if sign in "хъ" else sign)
