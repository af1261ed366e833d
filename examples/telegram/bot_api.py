"""What both bots need of Telegram: a patient connection, and a run that ends well."""

import asyncio
import logging
import os
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.session.middlewares.base import (
    BaseRequestMiddleware,
    NextRequestMiddlewareType,
)
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramNetworkError, TelegramRetryAfter, TelegramServerError
from aiogram.methods import GetUpdates, Response, TelegramMethod
from aiogram.methods.base import TelegramType

from leadboard_client import Leadboard

WAIT = 2.0
"""Seconds between two tries to reach Telegram."""
TELEGRAM = "https://api.telegram.org"


class Patience(BaseRequestMiddleware):
    """Repeats a request until Telegram has answered it; only a refusal is raised."""

    async def __call__(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
    ) -> Response[TelegramType]:
        """Make a request as often as it takes."""
        while True:
            try:
                return await make_request(bot, method)
            except TelegramRetryAfter as flood:
                await asyncio.sleep(flood.retry_after)
            except (TelegramNetworkError, TelegramServerError):
                if isinstance(method, GetUpdates):
                    raise  # aiogram waits by itself, longer each time
                await asyncio.sleep(WAIT)


def connected() -> Bot:
    """Return the bot of BOT_TOKEN, at Telegram or at another server named by BOT_API."""
    server = TelegramAPIServer.from_base(os.environ.get("BOT_API", TELEGRAM))
    bot = Bot(os.environ["BOT_TOKEN"], session=AiohttpSession(api=server))
    bot.session.middleware(Patience())
    return bot


def leadboard() -> Leadboard:
    """Return the door of LEADBOARD_URL and LEADBOARD_TOKEN."""
    return Leadboard(os.environ["LEADBOARD_URL"], os.environ.get("LEADBOARD_TOKEN"))


def state_file(name: str) -> Path:
    """Return where to keep a file: in STATE_DIRECTORY, which systemd sets, or here."""
    return Path(os.environ.get("STATE_DIRECTORY", ".")) / name


async def run(bot: Bot, dispatcher: Dispatcher, following: Coroutine[Any, Any, None]) -> None:
    """Take updates and follow the ledger, until a signal comes or either of them fails."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    async with bot:
        # One by one: Telegram is asked for the next only when the last has been dealt with, and
        # so gives again what a bot that was killed had not.
        polling = asyncio.create_task(
            dispatcher.start_polling(bot, handle_as_tasks=False, close_bot_session=False)
        )
        telling = asyncio.create_task(following)
        try:
            ended, _ = await asyncio.wait({polling, telling}, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()
        finally:
            telling.cancel()
            with suppress(RuntimeError):  # it has stopped already
                await dispatcher.stop_polling()
