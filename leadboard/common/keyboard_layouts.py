"""The Latin and the Russian layout of a keyboard: which letters share a key."""

LATIN = "qwertyuiop[]asdfghjklzxcvbnm"
RUSSIAN = "йцукенгшщзхъфывапролдячсмить"

_TO_LATIN = str.maketrans(RUSSIAN, LATIN)


def in_latin(text: str) -> str:
    """Return what the same keys give on the Latin layout; `text` is in lower case."""
    return text.translate(_TO_LATIN)


def on_either_layout(typed: str) -> tuple[str, ...]:
    """Return what was typed, and what the same keys give on the Latin layout if that differs."""
    folded = typed.lower()
    latin = in_latin(folded)
    return (typed,) if latin == folded else (typed, latin)
