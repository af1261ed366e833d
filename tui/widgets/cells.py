"""Fitting text to a width in cells: a character may take one cell, two or none."""

from rich.cells import cell_len, set_cell_size


def fit(text: str, width: int, *, right: bool = False) -> str:
    """Return the text in exactly `width` cells: cut with an ellipsis, or padded with spaces."""
    spare = width - cell_len(text)
    if spare < 0:
        return shortened(text, width)
    return " " * spare + text if right else text + " " * spare


def shortened(text: str, width: int) -> str:
    """Return the text in at most `width` cells, cut with an ellipsis."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1) + "…" if width > 0 else ""
