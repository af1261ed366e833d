"""A language in which each message has strange letters.

English on a screen in this language has not gone through the catalogue.
"""

import re
from gettext import NullTranslations

STRANGE = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "ȧƀƈḓḗƒɠħīĵķŀḿƞǿƥɋřşŧŭṽẇẋẏžȦƁƇḒḖƑƓĦĪĴĶĿḾȠǾƤɊŘŞŦŬṼẆẊẎŽ",
)
"""Letters that are as wide as the English ones, and that no row and no key has."""
_WORDS = re.compile(r"\{[^{}]*\}|[^{}]+")
"""A place of a message, which stays as it is, or words."""


class Pseudo(NullTranslations):
    """Gives every message the strange letters."""

    def gettext(self, message: str) -> str:
        """Return the message, its places left as they are."""
        return "".join(
            part if part.startswith("{") else part.translate(STRANGE)
            for part in _WORDS.findall(message)
        )

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """Return one of two messages."""
        return self.gettext(msgid1 if n == 1 else msgid2)

    def pgettext(self, context: str, message: str) -> str:
        """Return the message; how a moment is written is no word."""
        return message if context == "moment" else self.gettext(message)

    def npgettext(self, context: str, msgid1: str, msgid2: str, n: int) -> str:
        """Return one of two messages."""
        return self.ngettext(msgid1, msgid2, n)
