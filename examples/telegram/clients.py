"""A Telegram bot for clients: what they write becomes an appeal, and they learn who will answer.

What they are told comes from the ledger alone, in its order: so nobody is forgotten when the bot
was down, and "all are busy" never comes after the name.
"""

import asyncio
import logging
import os
import re

from aiogram import Bot, Dispatcher, F, Router
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError
from aiogram.filters import CommandStart
from aiogram.types import Message, ReplyParameters

from bot_api import connected, leadboard, run, state_file
from leadboard_client import Event, Leadboard, Place, Refused

WELCOME = "Здравствуйте! Напишите, чем мы можем помочь."
BUSY = "Все операторы заняты. Мы напишем, как только станет известно, кто вам ответит."
WILL_ANSWER = "Вам ответит {}."
NOT_TAKEN = "Не получилось принять сообщение. Пожалуйста, напишите ещё раз позже."

TOLD = ("received", "assigned", "moved")
"""The kinds of events that clients are told of."""
KEY = re.compile(r"tg:(-?\d+):(\d+)")
"""The key of an appeal: its chat and its message."""

log = logging.getLogger(__name__)
router = Router()
router.message.filter(F.chat.type == "private")


@router.message(CommandStart())
async def welcome(message: Message) -> None:
    """Greet somebody who has just found the bot."""
    await message.answer(WELCOME)


@router.message()
async def take(message: Message, leadboard: Leadboard, source_id: int) -> None:
    """Hand a message in; one without words, such as a photo, is an appeal without a text."""
    key = f"tg:{message.chat.id}:{message.message_id}"
    text = message.text or message.caption
    try:
        await leadboard.submit(f"tg_{message.chat.id}", source_id, text, key)
    except Refused as refusal:
        log.error("%s was not taken: %s", key, refusal)
        await message.answer(NOT_TAKEN)


def words_for(event: Event) -> str:
    """Return what a client is told of an event."""
    operator = event["data"]["appeal"]["operator"]
    return WILL_ANSWER.format(operator["name"]) if operator else BUSY


async def tell(bot: Bot, event: Event) -> None:
    """Tell the client of an appeal that came through this bot, as a reply to their message."""
    if not (found := KEY.fullmatch(event["data"]["appeal"]["key"] or "")):
        return
    chat, message = map(int, found.groups())
    reply = ReplyParameters(message_id=message, allow_sending_without_reply=True)
    try:
        # Without a parse_mode: a name is a text like any other.
        await bot.send_message(chat, words_for(event), reply_parameters=reply)
    except (TelegramForbiddenError, TelegramBadRequest) as error:
        log.warning("The client of %s cannot be told: %s", found[0], error)


async def follow(bot: Bot, leadboard: Leadboard, place: Place, source_id: int) -> None:
    """Tell clients what happens to their appeals."""
    async for event in leadboard.follow(place, source_id=source_id, kind=TOLD):
        await tell(bot, event)


async def main() -> None:
    """Serve the clients of one source until a signal comes."""
    door, place = leadboard(), Place(state_file("clients.place"))
    source_id = await door.source_id(os.environ["LEADBOARD_SOURCE"])
    # Before the first message is taken, so that its client is told, too.
    await door.begin(place)
    bot = connected()
    dispatcher = Dispatcher(leadboard=door, source_id=source_id)
    dispatcher.include_router(router)
    await run(bot, dispatcher, follow(bot, door, place, source_id))


if __name__ == "__main__":
    asyncio.run(main())
