"""Names and messages for generated databases: Cyrillic, with all names different."""

import random

FIRST = ("Анна", "Борис", "Вера", "Глеб", "Дарья", "Егор", "Жанна", "Иван", "Кира", "Лев", "Мария")
LAST = (
    "Петренко",
    "Коваль",
    "Громыко",
    "Ткаченко",
    "Шевчук",
    "Дорош",
    "Белько",
    "Сорока",
    "Руденко",
)
PLACES = ("tg_main", "site", "vk", "avito", "whatsapp", "phone", "tg_school", "partner", "mail")
WORDS = (
    *("здравствуйте", "хочу", "купить", "курс", "сколько", "стоит", "доставка", "рассрочку"),
    *("подскажите", "когда", "начало", "занятий", "перезвоните", "завтра", "после", "обеда"),
    *("спасибо", "не", "могу", "оплатить", "заказ", "где", "мой", "чек", "можно", "мне"),
)

RARE_WORD = "жемчужина"
"""In one message only, a third of the way from the oldest to the newest."""
HALVES = 2_000
"""Halves to combine into messages, so that four million different ones cost little."""


def operator_name(number: int) -> str:
    """Return the name of operator `number`, counted from 0; all are different."""
    first = FIRST[number % len(FIRST)]
    last = LAST[number // len(FIRST) % len(LAST)]
    lap = number // (len(FIRST) * len(LAST))
    return f"{first} {last}" + (f" {lap + 1}" if lap else "")


def source_name(number: int) -> str:
    """Return the name of source `number`, counted from 0; all are different."""
    lap = number // len(PLACES)
    return PLACES[number % len(PLACES)] + (f"_{lap + 1}" if lap else "")


class Messages:
    """Messages of two to thirteen words, combined from ready-made halves."""

    def __init__(self, rng: random.Random, rare: int) -> None:
        self._rng, self._rare = rng, rare
        self._halves = [" ".join(rng.choices(WORDS, k=rng.randrange(1, 7))) for _ in range(HALVES)]

    def of(self, number: int) -> str:
        """Return the message of appeal `number`; one of them contains the rare word."""
        # One random number for both halves: this runs once per appeal, ten million times.
        pick = int(self._rng.random() * HALVES * HALVES)
        halves = f"{self._halves[pick // HALVES]} {self._halves[pick % HALVES]}"
        return f"{halves} {RARE_WORD}" if number == self._rare else halves
