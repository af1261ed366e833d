"""Draw the packages, each above what it imports: `python -m docs.architecture`.

The picture is made from the code alone, so it cannot get out of date.
"""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parent.parent
PICTURE = Path(__file__).resolve().parent / "architecture.svg"
WIDTH, BOX, FLOOR = 980, 64, 104
"""Pixels: the width of the picture, and the heights of a box and of a floor."""

Arrows = Mapping[str, set[str]]
"""The packages that each package imports."""


def rooms() -> dict[str, list[Path]]:
    """Return the files of each package; a single module counts as a package of one file."""
    found: dict[str, list[Path]] = {}
    for path in sorted(
        [*ROOT.glob("*.py"), *ROOT.glob("leadboard/**/*.py"), *ROOT.glob("tui/**/*.py")]
    ):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:2]) if parts[0] == "leadboard" else parts[0]
        found.setdefault(name, []).append(path)
    del found["leadboard.__init__"]
    return found


def arrows(files: Mapping[str, list[Path]]) -> Arrows:
    """Return the packages that each package imports, anywhere in its files."""
    return {
        name: {_room_of(each, files) for path in paths for each in _imported(path)} - {name, ""}
        for name, paths in files.items()
    }


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _room_of(imported: str, files: Mapping[str, list[Path]]) -> str:
    parts = imported.split(".")
    return next((name for name in (".".join(parts[:2]), parts[0]) if name in files), "")


def floors(below: Arrows) -> dict[str, int]:
    """Return the floor of each package: one above the highest that it imports."""
    levels: dict[str, int] = {}
    while len(levels) < len(below):
        ready = [name for name in below if name not in levels and below[name] <= levels.keys()]
        if not ready:
            raise ValueError("The packages import one another in a circle.")
        levels |= {
            name: 1 + max((levels[each] for each in below[name]), default=0) for name in ready
        }
    return levels


def purpose_of(path: Path) -> str:
    """Return the first sentence of a module's docstring."""
    words = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return words.partition("\n")[0]


def picture() -> str:
    """Return the SVG."""
    files = rooms()
    below = arrows(files)
    levels = floors(below)
    top = max(levels.values())
    places = {}
    for level in range(1, top + 1):
        names = sorted(name for name in levels if levels[name] == level)
        for column, name in enumerate(names):
            width = (WIDTH - 20) / len(names)
            places[name] = (10 + column * width, (top - level) * FLOOR + 10, width - 10)
    lines = [
        _line(places[name], places[each])
        for name in sorted(below)
        for each in sorted(_direct(name, below))
    ]
    boxes = [_box(name, files[name], places[name]) for name in sorted(places)]
    height = top * FLOOR
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
            'font-family="sans-serif">',
            f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
            *lines,
            *boxes,
            "</svg>\n",
        ]
    )


def _direct(name: str, below: Arrows) -> set[str]:
    """Return the imports of a package, except those it reaches through another one anyway."""
    through = set().union(*(_reached(each, below) for each in below[name]))
    return below[name] - through


def _reached(name: str, below: Arrows) -> set[str]:
    return below[name].union(*(_reached(each, below) for each in below[name]))


def _line(upper: tuple[float, float, float], lower: tuple[float, float, float]) -> str:
    (x1, y1, w1), (x2, y2, w2) = upper, lower
    return (
        f'<line x1="{x1 + w1 / 2:.0f}" y1="{y1 + BOX:.0f}" x2="{x2 + w2 / 2:.0f}" y2="{y2:.0f}" '
        'stroke="#7a869a" stroke-width="1.5"/>'
    )


def _box(name: str, paths: list[Path], place: tuple[float, float, float]) -> str:
    x, y, width = place
    face = next((path for path in paths if path.name == "__init__.py"), paths[0])
    room = int(width / 6.2)
    words = purpose_of(face)
    shown = words if len(words) <= room else words[: room - 1] + "…"
    return (
        f'<rect x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{BOX}" rx="6" '
        'fill="#f3f6fb" stroke="#3b5b92"/>'
        f'<text x="{x + 12:.0f}" y="{y + 26:.0f}" font-size="16" fill="#1d2b45">{name}</text>'
        f'<text x="{x + 12:.0f}" y="{y + 48:.0f}" font-size="11" fill="#44506a">'
        f"{escape(shown)}</text>"
    )


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
