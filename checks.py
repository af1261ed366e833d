"""What may come in: every name, id, number and message is checked here, before any write."""

import unicodedata

from models import MAX_IDENTIFIER, MAX_LIMIT, MAX_MESSAGE, MAX_NAME, MAX_WEIGHT
from store import Refused


def checked_name(name: object, field: str = "name") -> str:
    """Return a name trimmed and in NFC; raises Refused when it is empty, long or not plain text."""
    return _line(name, field, "The name", MAX_NAME)


def checked_external_id(external_id: object) -> str:
    """Return a lead's external id trimmed and in NFC; whole numbers are taken as their digits."""
    return _line(_digits(external_id), "external_id", "The lead's id", MAX_IDENTIFIER)


def checked_key(key: object) -> str | None:
    """Return a message key trimmed and in NFC, or None where there is none."""
    if key is None:
        return None
    return _line(_digits(key), "key", "The key", MAX_IDENTIFIER)


def checked_message(message: object) -> str:
    """Return the message as given; what no database can hold (NUL, lone surrogates) as U+FFFD."""
    if not isinstance(message, str):
        raise Refused("The message must be text.", "message")
    if len(message) > MAX_MESSAGE:
        raise Refused(
            f"The message has {len(message):,} characters; {MAX_MESSAGE:,} are allowed.", "message"
        )
    return storable(message)


def storable(text: str) -> str:
    """Return the text with U+FFFD for what no database can hold: NUL and lone surrogates."""
    return "".join(_storable(letter) for letter in text) if _is_odd(text) else text


def checked_limit(max_load: object) -> int:
    """Return an operator's limit, a whole number from 0; raises Refused for anything else."""
    return _whole(max_load, "max_load", "The limit", MAX_LIMIT)


def checked_weight(weight: object) -> int:
    """Return a weight, a whole number from 0 to 1 000 000; raises Refused for anything else."""
    return _whole(weight, "weight", "The weight", MAX_WEIGHT)


def _digits(number: object) -> object:
    """Return a whole number of a bearable length as its digits, anything else as it is."""
    if isinstance(number, bool) or not isinstance(number, int) or number.bit_length() > 660:
        return number
    return str(number)


def _whole(number: object, field: str, what: str, most: int) -> int:
    if isinstance(number, bool) or not isinstance(number, int):
        raise Refused(f"{what} must be a whole number.", field)
    if not 0 <= number <= most:
        raise Refused(f"{what} must be between 0 and {most:,}.", field)
    return number


def _line(text: object, field: str, what: str, most: int) -> str:
    if not isinstance(text, str):
        raise Refused(f"{what} must be text.", field)
    line = unicodedata.normalize("NFC", text).strip()
    if not line:
        raise Refused(f"{what} is empty.", field)
    if len(line) > most:
        raise Refused(f"{what} has {len(line)} characters; {most} are allowed.", field)
    if not line.isprintable() and any(
        unicodedata.category(letter) in {"Cc", "Cs"} for letter in line
    ):
        raise Refused(f"{what} holds a control character.", field)
    return line


def _is_odd(message: str) -> bool:
    if message.isprintable():
        return False
    return "\0" in message or any("\ud800" <= letter <= "\udfff" for letter in message)


def _storable(letter: str) -> str:
    return "\ufffd" if letter == "\0" or "\ud800" <= letter <= "\udfff" else letter
