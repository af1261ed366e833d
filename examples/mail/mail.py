"""Mail becomes appeals: each unseen message of an IMAP mailbox is handed to Leadboard.

A message is marked as seen only when the door has it, and its Message-ID is the appeal's key: a
program that is killed in between hands it in again, and nothing is stored twice.
"""

import hashlib
import html
import imaplib
import logging
import os
import re
import time
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx
from imap_tools import (
    AND,
    BaseMailBox,
    ImapToolsError,
    MailBox,
    MailBoxUnencrypted,
    MailMessage,
    MailMessageFlags,
)

LONGEST_ID, LONGEST = 200, 10_000
"""Characters of an id or a key, and of a message, that Leadboard takes."""
IDLE, RETRY = 60.0, 5.0
"""Seconds to wait for news before looking anyway, and between two tries after a failure."""
NO_ADDRESS = "unknown sender"

log = logging.getLogger("mail")


def opened(url: str) -> BaseMailBox:
    """Return the mailbox of an address such as `imaps://user:password@host`; `imap:` is plain."""
    parts = urlsplit(url)
    kind, port = (MailBox, 993) if parts.scheme == "imaps" else (MailBoxUnencrypted, 143)
    box = kind(parts.hostname or "", parts.port or port)
    return box.login(unquote(parts.username or ""), unquote(parts.password or ""))


def appeal_of(mail: MailMessage, source_id: int) -> dict[str, Any]:
    """Return a mail as the door takes it; all of it is a stranger's text, and stays data."""
    text = storable(mail.text or without_tags(mail.html)).strip()
    message = f"{storable(mail.subject)}\n\n{text}".strip()[:LONGEST]
    key = one_line(str(mail.obj.get("Message-ID", "")))
    if not 0 < len(key) <= LONGEST_ID:
        key = hashlib.sha256(f"{mail.date_str} {message}".encode()).hexdigest()
    return {
        "external_id": one_line(mail.from_)[:LONGEST_ID] or NO_ADDRESS,
        "source_id": source_id,
        "key": key,
        "message": message,
    }


def without_tags(page: str) -> str:
    """Return the words of an HTML mail."""
    page = re.sub(r"(?is)<(style|script|head)\b.*?</\1>", "", page)
    return html.unescape(re.sub(r"(?:<[^>]*>|[ \t])+", " ", page))


def storable(text: str) -> str:
    """Return a text that UTF-8 can hold: bytes of no known charset become question marks."""
    return text.encode("utf-8", "replace").decode()


def one_line(text: str) -> str:
    """Return a text without the characters that an id may not hold."""
    return "".join(each for each in text if each.isprintable()).strip()


def hand_in(box: BaseMailBox, door: httpx.Client, source_id: int) -> None:
    """Hand in what is unseen, and mark it; raises HTTPError when the door does not take it now."""
    for mail in box.fetch(AND(seen=False), mark_seen=False, bulk=False):
        answer = door.post("/appeals/", json=appeal_of(mail, source_id))
        if answer.status_code in (400, 413, 422):
            # It stays unseen: a person has to look, and the others go on.
            log.error("Mail %s is not taken: %s", mail.uid, answer.text)
            continue
        answer.raise_for_status()
        if mail.uid:
            box.flag(mail.uid, MailMessageFlags.SEEN, True)


def watch(box: BaseMailBox, door: httpx.Client, source_id: int) -> None:
    """Hand in what is there and what comes, until the mailbox or the door fails."""
    while True:
        hand_in(box, door, source_id)
        box.idle.wait(timeout=IDLE)


def main() -> None:
    """Watch the mailbox of MAILBOX for ever, past failures of it and of the door."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    headers = {"Authorization": f"Bearer {os.environ['LEADBOARD_TOKEN']}"}
    source_id = int(os.environ["LEADBOARD_SOURCE_ID"])
    with httpx.Client(base_url=os.environ["LEADBOARD_URL"], headers=headers) as door:
        while True:
            try:
                with opened(os.environ["MAILBOX"]) as box:
                    watch(box, door, source_id)
            except (OSError, imaplib.IMAP4.error, ImapToolsError, httpx.HTTPError) as error:
                log.warning("Trying again: %r", error)
                time.sleep(RETRY)


if __name__ == "__main__":
    main()
