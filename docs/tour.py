"""Make the moving picture of the README from the real program: `python -m docs.tour`.

It plays as an image, in a loop; to see a frame of it alone, stop the animation in a browser. With
`LEADBOARD_LANG=ru` it is the one of the Russian README.
"""

import asyncio
import random
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from allocator import submit
from docs.film import Film, Frame
from docs.stage import FOLDER, on_stage, stage, stopped_at
from leadboard.common.language import language
from tests.support.screen import Desk
from tui.dialogs.details import Details
from tui.panes.appeals_pane import AppealsPane
from tui.panes.operators import Operators
from tui.screen.header import Header

SIZE = (104, 34)
QUIET = 0.4
"""Seconds that the screen is left alone before each frame: the last numbers are counted."""
TARGETS = {"en": FOLDER / "tour.svg", "ru": FOLDER / "tour-ru.svg"}
"""The picture of each language."""

Step = Callable[[Desk], Awaitable[None]]


@dataclass(frozen=True)
class Scene:
    """What is done before a frame, and the frame's key, caption and seconds."""

    step: Step
    key: str
    caption: str
    seconds: float


def pressing(*keys: str) -> Step:
    """Return a step that presses keys."""

    async def press(desk: Desk) -> None:
        await desk.press(*keys)

    return press


def arriving(seed: int, source_id: int, lead: str, message: str) -> Step:
    """Return a step in which a client writes; the seed decides the draw."""

    async def arrive(desk: Desk) -> None:
        await desk.told(submit, lead, source_id, said(message), rng=random.Random(seed))

    return arrive


async def calm(desk: Desk) -> None:
    """End the flash of a bar, which only a timer would end."""
    operators = desk.app.desk_screen.query_one(Operators)
    operators.flashing = frozenset()
    operators.refresh()
    await desk.settle()


async def tick(desk: Desk) -> None:
    """Show all ages as they are by now, which only timers would do."""
    home = desk.app.desk_screen
    home.query_one(Header).tick()
    home.query_one(AppealsPane).tick()
    home.query_one(Operators).refresh()
    if isinstance(desk.app.screen, Details):
        desk.app.screen.tick()
    await desk.settle()


async def nothing(desk: Desk) -> None:
    """Show the desk as it is."""


LANDS = "An appeal lands. A weighted lottery gives it to one operator: the bar moves."
TYPED = "A weight is typed, and the chances beside it change before anything is saved."
SCENES: Sequence[Scene] = (
    Scene(nothing, "", "Operators with their loads, the weights, the form, the appeals.", 3),
    Scene(arriving(5, 3, "fb_88120034", "Do you speak English?"), "", LANDS, 1.6),
    Scene(calm, "", LANDS, 1.2),
    Scene(
        arriving(3, 1, "tg_104233871", "Hello! I would like to buy the Python course"),
        "",
        LANDS,
        1.6,
    ),
    Scene(calm, "", LANDS, 1.2),
    Scene(pressing("f3"), "f3", "To the weights.", 1.4),
    Scene(pressing("2"), "2", TYPED, 0.9),
    Scene(pressing("0"), "0", TYPED, 0.9),
    Scene(pressing("0"), "0", TYPED, 3.4),
    Scene(pressing("enter"), "enter", "Saved, and on to the next row.", 2.4),
    Scene(pressing("f4"), "f4", "To the appeals.", 1.4),
    Scene(pressing("enter"), "enter", "Why it went there: the ticket, and everybody's chance.", 5),
    Scene(pressing("escape"), "esc", "Back.", 1.2),
    Scene(pressing("u"), "u", "Undo: the weight is what it was. It works after a restart, too.", 4),
)
"""The whole tour."""

RUSSIAN: Mapping[str, str] = {
    "Operators with their loads, the weights, the form, the appeals.": (
        "Операторы и их нагрузка, веса, форма, обращения."
    ),
    "Do you speak English?": "Подскажите, курс ещё идёт?",
    "Hello! I would like to buy the Python course": "Здравствуйте! Хочу купить курс по Python",
    LANDS: "Пришло обращение. Лотерея с весами отдаёт его одному оператору: полоса растёт.",
    "To the weights.": "К весам.",
    TYPED: "Вес ещё набирают, а шансы рядом уже меняются: пока ничего не сохранено.",
    "Saved, and on to the next row.": "Сохранено, курсор на следующей строке.",
    "To the appeals.": "К обращениям.",
    "Why it went there: the ticket, and everybody's chance.": (
        "Почему оно там: билет и шанс каждого."
    ),
    "Back.": "Назад.",
    "Undo: the weight is what it was. It works after a restart, too.": (
        "Отмена: вес прежний. Работает и после перезапуска."
    ),
}
"""What is said in the Russian picture, by what the English one says."""


def said(text: str) -> str:
    """Return a caption or a message in the language of the picture."""
    return RUSSIAN[text] if text and language() == "ru" else text


async def play(scenes: Sequence[Scene], moment: datetime) -> list[Frame]:
    """Play scenes on the open database, a second each, and return their frames."""
    frames = []
    with stopped_at(moment):
        async with on_stage(SIZE) as desk:
            for number, scene in enumerate(scenes):
                with stopped_at(moment + timedelta(seconds=number)):
                    await scene.step(desk)
                    await desk.pilot.pause(QUIET)
                    await tick(desk)
                    svg = desk.app.export_screenshot(simplify=True)
                frames.append(Frame(svg, scene.seconds, scene.key, said(scene.caption)))
    return frames


def made(scenes: Sequence[Scene] = SCENES) -> str:
    """Return the picture of scenes, played on a database of their own."""
    with tempfile.TemporaryDirectory() as folder, stage(Path(folder)) as moment:
        frames = asyncio.run(play(scenes, moment))
    columns, lines = SIZE
    return Film(frames, lines, columns).svg()


def main() -> None:
    """Make the picture."""
    TARGETS[language()].write_text(made(), encoding="utf-8")


if __name__ == "__main__":
    main()
