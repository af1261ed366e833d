"""A Telegram bot for operators: their appeals come to their chat, with buttons to deal with them.

An operator's chat is their contact in Leadboard, such as `tg:555`; `/start` shows it.
"""

import asyncio
import logging
import re
from contextlib import suppress
from typing import Any, Literal

from aiogram import Bot, Dispatcher, Router
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError
from aiogram.filters import CommandStart
from aiogram.filters.callback_data import CallbackData
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message

from bot_api import connected, leadboard, run, state_file
from leadboard_client import Event, Leadboard, Place, Refused
from shown import Shown

DONE, GIVE_BACK = "Готово", "Вернуть"
CLOSED, RETURNED = "Закрыто", "Возвращено"
MOVED, WITHDRAWN = "Передано другому оператору", "Отозвано"
NOT_YOURS = "Это обращение не у вас."
TOO_LATE = "Так уже нельзя: обращение изменилось."
NO_TEXT = "(без текста)"
YOUR_ADDRESS = "Ваш адрес: tg:{}. Сообщите его диспетчеру."

COMES = ("appeal.received", "appeal.assigned", "appeal.moved", "appeal.reopened")
ENDS = {
    "appeal.closed": CLOSED,
    "appeal.returned": RETURNED,
    "appeal.moved": MOVED,
    "appeal.withdrawn": WITHDRAWN,
}
"""What the message of whoever had the appeal says after an event."""
MOST = 1_900
"""Characters of a message that are shown: Telegram takes 4 096 units of UTF-16 in all."""

log = logging.getLogger(__name__)
router = Router()


class Press(CallbackData, prefix="act"):
    """A button: what to do with which appeal, and with whom it was when the button was made."""

    word: Literal["close", "return"]
    appeal_id: int
    operator_id: int


@router.message(CommandStart())
async def introduce(message: Message) -> None:
    """Tell an operator what to give the dispatcher as their contact."""
    await message.answer(YOUR_ADDRESS.format(message.chat.id))


@router.callback_query(Press.filter())
async def press(query: CallbackQuery, callback_data: Press, bot: Bot, leadboard: Leadboard) -> None:
    """Close an appeal or give it back, if it is with the operator of this chat."""
    chat = query.message.chat.id if query.message else None
    try:
        appeal = await done(callback_data, chat, leadboard)
    except Refused as refusal:
        log.warning("Refused: %s", refusal)
        await answer(query, TOO_LATE)
        return
    if appeal is None or query.message is None:
        await answer(query, NOT_YOURS)
        return
    ending = CLOSED if callback_data.word == "close" else RETURNED
    await answer(query, ending)
    await edit(bot, query.message.chat.id, query.message.message_id, appeal, ending)


async def done(wanted: Press, chat: int | None, leadboard: Leadboard) -> dict[str, Any] | None:
    """Do what a button says, and return the appeal; None if it is not with this chat's operator.

    Raises Refused.
    """
    appeal: dict[str, Any] = await leadboard.get(f"/appeals/{wanted.appeal_id}")
    operator = await leadboard.get(f"/operators/{wanted.operator_id}")
    if chat is None or chat_of(operator) != chat or appeal["operator_id"] != operator["id"]:
        return None
    # Whose it is: pressed twice, or too late, it must not touch what the next one has.
    await leadboard.act(wanted.appeal_id, wanted.word, {"operator_id": wanted.operator_id})
    return appeal


async def answer(query: CallbackQuery, text: str) -> None:
    """Answer a press, unless it is so old that Telegram takes no answer any more."""
    with suppress(TelegramBadRequest):
        await query.answer(text)


def chat_of(operator: dict[str, Any] | None) -> int | None:
    """Return the chat of an operator, None for one who has none or for nobody."""
    found = re.fullmatch(r"tg:(-?\d+)", operator["contact"] or "") if operator else None
    return int(found[1]) if found else None


def text_of(appeal: dict[str, Any]) -> str:
    """Return an appeal as it is shown, from an event or from an answer of the door."""
    message = appeal["message"][:MOST] or NO_TEXT
    return f"Обращение №{appeal['id']}, {appeal['external_id']}\n\n{message}"


def buttons(appeal: dict[str, Any]) -> InlineKeyboardMarkup:
    """Return the buttons below an appeal."""

    def button(text: str, word: Literal["close", "return"]) -> InlineKeyboardButton:
        data = Press(word=word, appeal_id=appeal["id"], operator_id=appeal["operator"]["id"])
        return InlineKeyboardButton(text=text, callback_data=data.pack())

    row = [button(DONE, "close"), button(GIVE_BACK, "return")]
    return InlineKeyboardMarkup(inline_keyboard=[row])


async def edit(bot: Bot, chat: int, message: int, appeal: dict[str, Any], end: str) -> None:
    """Say below an appeal how it ended, and take its buttons away."""
    text = f"{text_of(appeal)}\n\n{end}"
    try:
        await bot.edit_message_text(text, chat_id=chat, message_id=message)
    except (TelegramForbiddenError, TelegramBadRequest) as error:
        # Most often it says so already: a press edits, and then the event of what it did.
        log.info("Message %s in chat %s was not edited: %s", message, chat, error)


async def deal(bot: Bot, shown: Shown, event: Event) -> None:
    """Show an appeal to whoever has got it, and end the messages of who had it."""
    appeal, kind = event["data"]["appeal"], event["type"]
    if kind in ENDS:
        for chat, message in shown.earlier(appeal["id"], event["seq"]):
            await edit(bot, chat, message, appeal, ENDS[kind])
        shown.forget(appeal["id"], event["seq"])
    chat_or_none = chat_of(appeal["operator"])
    if kind in COMES and chat_or_none is not None and not shown.has(event["seq"]):
        await show(bot, shown, event, chat_or_none)


async def show(bot: Bot, shown: Shown, event: Event, chat: int) -> None:
    """Send an appeal to a chat, and remember the message for later."""
    appeal = event["data"]["appeal"]
    try:
        sent = await bot.send_message(chat, text_of(appeal), reply_markup=buttons(appeal))
    except (TelegramForbiddenError, TelegramBadRequest) as error:
        log.warning("Appeal %s cannot be shown in chat %s: %s", appeal["id"], chat, error)
    else:
        shown.add(event["seq"], appeal["id"], chat, sent.message_id)


async def follow(bot: Bot, leadboard: Leadboard, place: Place, shown: Shown) -> None:
    """Show appeals and their ends as they come."""
    async for event in leadboard.follow(place, messages=True):
        await deal(bot, shown, event)


async def main() -> None:
    """Serve all operators until a signal comes."""
    door, place = leadboard(), Place(state_file("operators.place"))
    await door.begin(place)
    bot = connected()
    dispatcher = Dispatcher(leadboard=door)
    dispatcher.include_router(router)
    with Shown(state_file("operators.db")) as shown:
        await run(bot, dispatcher, follow(bot, door, place, shown))


if __name__ == "__main__":
    asyncio.run(main())
