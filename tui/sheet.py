"""What lies over the desk for a while, and goes once."""

from textual.screen import ModalScreen


class Sheet(ModalScreen[bool]):
    """A modal screen that may be told to go more than once, as two quick keys do."""

    _has_gone = False

    def go(self, result: bool = False) -> None:
        """Leave with a result; Textual fails when the same screen is left twice."""
        if not self._has_gone:
            self._has_gone = True
            self.dismiss(result)
