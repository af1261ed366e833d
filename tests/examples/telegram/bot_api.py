"""A Bot API on loopback: what real bots ask of Telegram, answered by its rules."""

import asyncio
import json
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web

Fields = dict[str, Any]
FLOODED = {"error_code": 429, "description": "Too Many Requests", "parameters": {"retry_after": 1}}


@dataclass(frozen=True)
class Call:
    """A request of a bot: when it came, and what it said."""

    at: float
    bot: str
    method: str
    chat: int
    text: str
    message: int
    markup: Fields


class Refusal(Exception):
    """What Telegram answers with ok = false."""

    def __init__(self, status: int, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.fields = {"error_code": status, "description": description}


class BotApi:
    """Keeps updates until bots confirm them, and all that bots send."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.handed: Counter[str] = Counter()
        """How often each bot was given updates."""
        self.blocked: set[int] = set()
        self.pause = 0.0
        """Seconds that each answer takes."""
        self.floods = 0
        """So many messages more are answered with 429."""
        self.url = ""
        self._texts: dict[tuple[int, int], str] = {}
        self._updates: dict[str, list[Fields]] = defaultdict(list)
        self._ids = iter(range(1, 10**6))

    # --- what people do -----------------------------------------------------------------------

    def writes(self, bot: str, chat: int, **content: Any) -> int:
        """Send a message to a bot as a client does; return its id."""
        person = {"id": chat, "is_bot": False, "first_name": "Ы"}
        where = {"id": chat, "type": "private", "first_name": "Ы"}
        number = next(self._ids)
        message = {"message_id": number, "date": 1, "chat": where, "from": person, **content}
        self._updates[bot].append({"update_id": number, "message": message})
        return number

    def presses(self, call: Call, label: str, chat: int | None = None) -> str:
        """Press a button below a message, in its chat or as if in another; return the query."""
        row = call.markup["inline_keyboard"][0]
        data = next(each["callback_data"] for each in row if each["text"] == label)
        where = {"id": chat or call.chat, "type": "private", "first_name": "Ы"}
        number = next(self._ids)
        message = {"message_id": call.message, "date": 1, "chat": where, "text": call.text}
        query = {"id": str(number), "chat_instance": "1", "data": data, "message": message}
        query["from"] = {"id": chat or call.chat, "is_bot": False, "first_name": "Ы"}
        self._updates[call.bot].append({"update_id": number, "callback_query": query})
        return str(number)

    # --- what tests look at -------------------------------------------------------------------

    def sent(self, chat: int, text: str = "") -> list[Call]:
        """Return the messages to a chat that hold a text."""
        return self._found("sendMessage", chat, text)

    def edited(self, chat: int, text: str = "") -> list[Call]:
        """Return the edits of messages in a chat that made them hold a text."""
        return self._found("editMessageText", chat, text)

    def answered(self, query: str) -> list[str]:
        """Return the answers to a press."""
        calls = [each for each in self.calls if each.method == "answerCallbackQuery"]
        return [each.text for each in calls if each.message == int(query)]

    def unconfirmed(self, bot: str) -> int:
        """Return how many updates a bot has not dealt with."""
        return len(self._updates[bot])

    def _found(self, method: str, chat: int, text: str) -> list[Call]:
        calls = [each for each in self.calls if (each.method, each.chat) == (method, chat)]
        return [each for each in calls if text in each.text]

    # --- what bots ask ------------------------------------------------------------------------

    async def answer(self, request: web.Request) -> web.Response:
        """Answer one request of a bot."""
        bot = request.match_info["bot"]
        fields = {name: str(value) for name, value in (await request.post()).items()}
        try:
            result = await self._result(bot, request.match_info["method"], fields)
        except Refusal as refusal:
            return web.json_response({"ok": False, **refusal.fields}, status=refusal.status)
        if result is None:
            return web.json_response({"ok": False, **FLOODED}, status=429)
        return web.json_response({"ok": True, "result": result})

    async def _result(self, bot: str, method: str, fields: dict[str, str]) -> Any:
        if method == "getMe":
            return {"id": 1, "is_bot": True, "first_name": bot, "username": bot}
        if method == "getUpdates":
            return await self._next(bot, int(fields.get("offset", 0)), int(fields["timeout"]))
        if method == "deleteWebhook":
            return True
        await asyncio.sleep(self.pause)
        return self._done(bot, method, fields)

    async def _next(self, bot: str, offset: int, seconds: int) -> list[Fields]:
        """Return updates from an offset on, which confirms those before it; wait for the first."""
        kept = [each for each in self._updates[bot] if each["update_id"] >= offset]
        self._updates[bot] = kept
        end = time.monotonic() + seconds
        while not self._updates[bot] and time.monotonic() < end:
            await asyncio.sleep(0.02)
        self.handed[bot] += bool(self._updates[bot])
        return self._updates[bot][:100]

    def _done(self, bot: str, method: str, fields: dict[str, str]) -> Any:
        if method == "sendMessage" and self.floods:
            self.floods -= 1
            return None
        assert "parse_mode" not in fields
        chat, text = int(fields.get("chat_id", 0)), fields.get("text", "")
        if chat in self.blocked:
            raise Refusal(403, "bot was blocked by the user")
        number = int(fields.get("message_id") or fields.get("callback_query_id") or 0)
        if method == "sendMessage":
            number = next(self._ids)
        elif method == "editMessageText" and self._texts[chat, number] == text:
            raise Refusal(400, "message is not modified")
        markup = json.loads(fields.get("reply_markup", "{}"))
        self._texts[chat, number] = text
        self.calls.append(Call(time.monotonic(), bot, method, chat, text, number, markup))
        if method == "answerCallbackQuery":
            return True
        where = {"id": chat, "type": "private", "first_name": "Ы"}
        return {"message_id": number, "date": 1, "chat": where, "text": text}


@asynccontextmanager
async def running() -> AsyncIterator[BotApi]:
    """Serve the Bot API on any free port for as long as the block lasts."""
    api = BotApi()
    app = web.Application()
    app.router.add_post("/bot{number}:{bot}/{method}", api.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    api.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield api
    finally:
        await runner.cleanup()
