"""Invented people and messages for the demo."""

import math
import random
from collections.abc import Mapping

OPERATORS: tuple[tuple[str, int, bool], ...] = (
    ("Анна Петрова", 9, True),
    ("Boris Klein", 6, True),
    ("Вера Смирнова", 8, True),
    ("Глеб Орлов", 5, False),
    ("Daria Novak", 10, True),
    ("Егор Лебедев", 4, True),
    ("Жанна Ким", 7, True),
    ("Ivan Horvat", 6, True),
    ("Ксения Мельник", 8, True),
    ("Lena Fischer", 5, True),
    ("Марат Галиев", 3, True),
    ("Nina Sandoval", 12, False),
)
"""Name, limit, and whether they are on."""

SOURCES = ("tg_main", "site", "vk", "avito", "phone")

WEIGHTS: Mapping[str, tuple[int | None, ...]] = {
    "tg_main": (70, 50, 80, 10, 40, None, 30, None, 60, None, 20, 50),
    "site": (30, 70, None, None, 60, 20, None, 40, None, 50, None, 30),
    "vk": (None, None, 50, 20, None, 40, 60, None, 30, None, 10, None),
    "avito": (10, None, None, 5, 20, None, 40, 30, None, None, 30, 0),
    "phone": (None, 20, None, None, 10, None, None, 60, None, 40, None, None),
}
"""The weight of each operator, in that order, for a source; None where they do not serve it."""

_LEADS = 5000

_EXTERNAL_IDS: Mapping[str, str] = {
    "tg_main": "tg_{number}",
    "site": "site_{number}",
    "vk": "vk_{number}",
    "avito": "avito_{number}",
    "phone": "+7 9{number}",
}

_MESSAGES = (
    "Здравствуйте! Хочу купить {вещь}",
    "Сколько стоит {вещь}?",
    "Добрый день, {вещь} ещё в наличии?",
    "Можно оплатить {вещь} в рассрочку?",
    "Оплатил(а) {вещь} {прошлое}, но ничего так и не пришло. Заказ {order}",
    "Когда будет доставка в {город}? Заказ {order}",
    "Верните, пожалуйста, деньги за заказ {order}",
    "Есть ли скидка, если взять {вещь} вдвоём?",
    "Перезвоните мне {день} после {hour}:00",
    "Не могу войти в личный кабинет, код не приходит",
    "Можно забрать {вещь} {день}? Приеду к {hour}:00",
    "Это {имя}, я уже писал(а) вам {прошлое}",
    "А {вещь} подойдёт новичку?",
    "Можно поменять {вещь} на другой? Заказ {order}",
    "Не пришёл чек по заказу {order}",
    "Спасибо, всё получилось!",
    "Алло, вы тут? Жду ответа с {hour}:00",
    "Нужен счёт на организацию: {вещь}, 3 штуки",
    "Торг уместен? Заберу {день}",
    "Ваш бот молчит, позовите человека 🙏",
    "Hi! Is the {thing} still available?",
    "How much is the {thing} with delivery to {city}?",
    "I paid for order {order} {past}, but nothing has arrived yet",
    "Could you call me back {soon} after {hour}:00?",
    "Please cancel order {order}",
    "Do you speak English? I would like to book the {thing}",
    "My name is {name}, I wrote to you {past}",
    "The link to the {thing} does not open on my phone",
    "Can I get an invoice for order {order}?",
    "Thanks, that worked!",
)

_FILLINGS: Mapping[str, tuple[str, ...]] = {
    "вещь": (
        "курс Python",
        "пробный урок",
        "iPhone 13",
        "велосипед",
        "диван-кровать",
        "тариф «Про»",
        "сертификат",
    ),
    "город": ("Казань", "Самару", "Тверь", "Алматы", "Томск"),
    "прошлое": ("вчера", "в пятницу", "на прошлой неделе", "утром"),
    "день": ("сегодня", "завтра", "в субботу", "в понедельник"),
    "имя": ("Ольга", "Тимур", "Света", "Павел", "Айгуль"),
    "thing": ("starter course", "gift card", "trial lesson", "blue armchair", "road bike"),
    "city": ("Berlin", "Novi Sad", "Tbilisi", "Vienna"),
    "past": ("yesterday", "on Friday", "last week"),
    "soon": ("today", "tomorrow", "on Monday"),
    "name": ("Alice", "Marco", "Jonas", "Priya"),
}


def message(rng: random.Random) -> str:
    """Return a message as a client might write it."""
    fillings = {blank: rng.choice(words) for blank, words in _FILLINGS.items()}
    order = f"№{rng.randrange(1000, 99_999)}"
    return rng.choice(_MESSAGES).format(**fillings, order=order, hour=rng.randrange(9, 21))


def external_id(source: str, rng: random.Random) -> str:
    """Return the id of a client; a few come back often, most only once."""
    rank = int(math.exp(rng.uniform(0, math.log(_LEADS))))
    # Modulo a prime: ranks are scattered, and no two clients get the same number.
    number = 100_000_000 + rank * 7_654_321 % 899_999_963
    return _EXTERNAL_IDS.get(source, "lead_{number}").format(number=number)
