"""The inbox: messages to people, from actions and from the work itself."""

from collections.abc import Iterable

from penstock.core import Page
from penstock.core.paging import decode_cursor, encode_cursor
from penstock.people.events import MessageSent
from penstock.people.model import Message
from penstock.store import Transaction


def notify(tx: Transaction, persons: Iterable[int], subject: str, text: str = "", link: str | None = None) -> list[int]:
    """Put a message into each person's inbox; the ids of the messages. Writes `inbox.message_sent` for each."""
    sent: list[int] = []
    for person in sorted(set(persons)):
        message = tx.value(
            int,
            "insert into inbox (project, person, subject, text, link)"
            " values (%(project)s, %(person)s, %(subject)s, %(text)s, %(link)s) returning id",
            person=person,
            subject=subject,
            text=text,
            link=link,
        )
        assert message is not None
        tx.append(MessageSent(message=message, person=person, subject_line=subject))
        sent.append(message)
    return sent


def messages(
    tx: Transaction, person: int, unread: bool = False, after: str | None = None, limit: int = 50
) -> Page[Message]:
    """A person's messages of all projects, newest first."""
    before = decode_cursor(after, int)[0] if after else 2**62
    found = tx.all(
        Message,
        "select id, project, subject, text, link, at, read_at from inbox"
        " where person = %(person)s and id < %(before)s and (not %(unread)s or read_at is null)"
        " order by id desc limit %(limit)s + 1",
        person=person,
        before=before,
        unread=unread,
        limit=limit,
    )
    return Page(items=found[:limit], next=encode_cursor(found[limit - 1].id) if len(found) > limit else None)


def unread(tx: Transaction, person: int) -> int:
    return tx.value(int, "select count(*) from inbox where person = %(person)s and read_at is null", person=person) or 0


def mark_read(tx: Transaction, person: int, up_to: int, only: bool = False) -> int:
    """Mark messages read: the one with this id, or it and all before. Safe to repeat. How many were unread."""
    return tx.run(
        "update inbox set read_at = moment() where person = %(person)s and read_at is null"
        " and (id = %(up_to)s or (id < %(up_to)s and not %(only)s))",
        person=person,
        up_to=up_to,
        only=only,
    )
