"""A moving picture: the screens of a program one after another, in one SVG that plays in a loop.

Each frame is what Textual exports as SVG, taken apart into lines. A line that is the same in
several frames is stored once, and a keyframe rule says when it is seen. Where animations are not
wanted or not played, the first frame stands still.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

CELL, LINE = 12.2, 24.4
"""Pixels of a cell and of a line, as Rich draws them."""
TOP, LEFT, CAPTION = 41, 9, 68
"""Pixels of the window above and beside the cells, and below them for the caption."""
FONT = "'Fira Code','DejaVu Sans Mono',Menlo,Consolas,monospace"
_RULE = re.compile(r"\.terminal-\d+-(r\d+) \{ ([^}]*) \}")
_RECT = re.compile(r'<rect fill="(#\w+)" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height')
_TEXT = re.compile(
    r'<text class="terminal-\d+-(r\d+)" x="([\d.]+)" y="([\d.]+)" textLength="([\d.]+)"'
    r"[^>]*>(.*?)</text>",
    re.DOTALL,
)


@dataclass(frozen=True)
class Frame:
    """A screen as Textual exports it, for how many seconds it is seen, and its caption."""

    svg: str
    seconds: float
    key: str
    caption: str


@dataclass
class Film:
    """Frames of one size, as the parts that differ."""

    frames: Sequence[Frame]
    lines: int
    columns: int
    _classes: dict[str, str] = field(default_factory=dict)
    """The name of each style, by its declarations."""

    def svg(self) -> str:
        """Return the moving picture."""
        parts: dict[str, list[int]] = {}
        for number, frame in enumerate(self.frames):
            for part in (*self._lines_of(frame), self._caption(frame)):
                parts.setdefault(part, []).append(number)
        spans = {part: tuple(numbers) for part, numbers in parts.items()}
        moving = sorted({each for each in spans.values() if len(each) < len(self.frames)})
        names = {numbers: f"v{place}" for place, numbers in enumerate(moving)}
        body = (_shown(part, numbers, names.get(numbers)) for part, numbers in spans.items())
        return "\n".join([*self._head(names), *body, "</g></svg>\n"])

    # The lines of a frame.

    def _lines_of(self, frame: Frame) -> Iterator[str]:
        """Yield each line of the screen as SVG: its grounds, then its words."""
        styles = dict(_RULE.findall(frame.svg))
        grounds: list[list[str]] = [[] for _ in range(self.lines)]
        words: list[list[str]] = [[] for _ in range(self.lines)]
        for color, x, width, line in _joined(_RECT.findall(frame.svg)):
            place = f'x="{x:g}" y="{line * LINE:.1f}" width="{width:g}" height="{LINE + 0.3:.1f}"'
            grounds[line].append(f'<rect class="{self._class(f"fill: {color}")}" {place}/>')
        for style, x, y, width, text in _TEXT.findall(frame.svg):
            if not text.replace("&#160;", "").strip():
                continue
            line, name = int(float(y) / LINE), self._class(styles[style])
            text = text.replace("&#160;", "\u00a0")
            words[line].append(
                f'<text class="{name}" x="{x}" y="{y}" textLength="{width}">{text}</text>'
            )
        for ground, word in zip(grounds, words, strict=True):
            yield "".join((*ground, *word))

    def _class(self, declarations: str) -> str:
        return self._classes.setdefault(declarations, f"c{len(self._classes)}")

    def _caption(self, frame: Frame) -> str:
        """Return the key on a keycap, and the caption beside it."""
        y = self.lines * LINE + 16
        words = f'<text class="caption" x="{{x:g}}" y="{y + 25:.1f}">{escape(frame.caption)}</text>'
        if not frame.key:
            return words.format(x=4)
        width = (len(frame.key) + 2) * CELL
        return (
            f'<rect class="cap" x="2" y="{y:.1f}" width="{width:g}" height="36" rx="7"/>'
            f'<text class="key" x="{2 + width / 2:g}" y="{y + 25:.1f}">{escape(frame.key)}</text>'
        ) + words.format(x=width + 20)

    # The window and the rules.

    def _head(self, names: dict[tuple[int, ...], str]) -> Iterator[str]:
        width = self.columns * CELL + 2 * LEFT
        height = TOP + self.lines * LINE + CAPTION
        yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}">'
        yield "<style>"
        yield f"text {{ font: 20px {FONT}; white-space: pre }}"
        yield ".caption { fill: #d9dde4; font-family: system-ui, sans-serif }"
        yield ".cap { fill: #222731; stroke: #606b7b }"
        yield ".key { fill: #7fb2ff; font-weight: bold; text-anchor: middle }"
        yield ".title { fill: #9ba5b4; font-size: 17px; text-anchor: middle }"
        yield from (f".{name} {{ {style} }}" for style, name in self._classes.items())
        for numbers, name in names.items():
            yield from self._rules(numbers, name)
        yield "@media (prefers-reduced-motion: reduce) { g { animation: none !important } }"
        yield "</style>"
        yield f'<rect fill="#15181e" stroke="#606b7b" x="1" y="1" width="{width - 2:g}"'
        yield f' height="{height - 2:g}" rx="9"/>'
        yield f'<text class="title" x="{width / 2:g}" y="27">Leadboard</text>'
        for place, color in enumerate(("#ff5f57", "#febc2e", "#28c840")):
            yield f'<circle cx="{24 + 22 * place}" cy="21" r="6.5" fill="{color}"/>'
        yield f'<g transform="translate({LEFT}, {TOP})">'

    def _rules(self, numbers: Sequence[int], name: str) -> Iterator[str]:
        """Yield when a part is seen: from the first to the last frame of each run of frames."""
        seconds = [frame.seconds for frame in self.frames]
        whole = sum(seconds)
        steps = []
        for number in range(len(seconds)):
            if number == 0 or (number in numbers) != (number - 1 in numbers):
                at = 100 * sum(seconds[:number]) / whole
                steps.append(f"{at:.2f}% {{ visibility: {_seen(number in numbers)} }}")
        yield f"@keyframes {name} {{ {' '.join(steps)} }}"
        yield f".{name} {{ visibility: {_seen(0 in numbers)};"
        yield f" animation: {name} {whole:g}s step-end infinite }}"


def _seen(is_seen: bool) -> str:
    return "visible" if is_seen else "hidden"


def _shown(part: str, numbers: Sequence[int], name: str | None) -> str:
    return part if name is None else f'<g class="{name}">{part}</g>'


def _joined(rects: Iterable[Sequence[str]]) -> Iterator[tuple[str, float, float, int]]:
    """Yield color, left edge, width and line of grounds; neighbours of one color are one."""
    last: tuple[str, float, float, int] | None = None
    for color, left, top, cells in rects:
        x, width, line = float(left), float(cells), int(float(top) / LINE)
        if last and last[0] == color and last[3] == line and abs(last[1] + last[2] - x) < 0.1:
            last = (color, last[1], round(last[2] + width, 1), line)
            continue
        if last:
            yield last
        last = (color, x, width, line)
    if last:
        yield last
