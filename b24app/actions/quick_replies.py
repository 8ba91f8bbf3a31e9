"""Quick replies: an employee's own and those common to all, with files of their own."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select

from b24app import media
from b24app.actions import shown, uploads
from b24app.db import db
from b24app.errors import Denied, Invalid, NotFound
from b24app.i18n import N_
from b24app.models import Attachment, QuickReply
from b24app.rules import texts

MOST = 500
TITLE_MAX = 100
TEXT_MAX = 4000
FILES_MAX = 5
TOO_MANY = N_("There are too many quick replies: delete what nobody needs.")
ONLY_NAMED = N_("Common quick replies are changed by those who may change the settings.")


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes quick replies; may_share: the common ones too."""

    portal_id: int
    user_id: int
    may_share: bool


@dataclass(frozen=True, slots=True)
class Given:
    """A quick reply as somebody writes it; attachments: their uploads, or files it has already."""

    title: str
    text: str = ""
    common: bool = False
    attachments: Sequence[int] = field(default=())


def listed(author: Author, now: datetime) -> list[dict[str, Any]]:
    """One's own and the common ones, the most used first."""
    rows = db.session.scalars(
        select(QuickReply)
        .where(_visible(author))
        .order_by(QuickReply.used.desc(), QuickReply.title, QuickReply.id)
    ).all()
    files = _files([number for row in rows for number in row.files])
    return [_shown(row, files, author, now) for row in rows]


def keep(author: Author, number: int | None, given: Given, now: datetime) -> dict[str, Any]:
    """A new quick reply, or a changed one.

    Raises: Invalid, Denied, NotFound.
    """
    row = _found(author, number) if number else _new(author)
    if given.common and not author.may_share:
        raise Denied(ONLY_NAMED, code="not_configurer")
    title = texts.one_line(texts.clean(given.title))
    text = texts.clean(given.text).strip()
    _check(title, text, given)
    row.title, row.text, row.updated_at = title, text, now
    row.user_id = None if given.common else author.user_id
    row.files = _kept(author, row, given.attachments)
    db.session.add(row)
    db.session.flush()  # the answer names its id
    return _shown(row, _files(row.files), author, now)


def drop(author: Author, number: int) -> None:
    """Its files stay until housekeeping finds that nobody needs them."""
    row = _found(author, number)
    _release(row.files)
    db.session.delete(row)


def use(author: Author, number: int, now: datetime) -> list[dict[str, Any]]:
    """Copies of its files for a message of the employee's; and it has been used once more."""
    row = db.session.scalar(
        select(QuickReply).where(_visible(author), QuickReply.id == number).with_for_update()
    )
    if row is None:
        raise NotFound("There is no such quick reply.")
    row.used += 1
    files = _files(row.files)
    owner = f"operator:{author.user_id}"
    copies = [_copy(files[one], owner, now) for one in row.files if one in files]
    return [shown.attachment(copy, now) for copy in copies]


def _copy(file: Attachment, owner: str, now: datetime) -> Attachment:
    with media.open(file.media_key) as stream:
        stored = media.save(stream, uploads.UPLOAD_LIMIT)
    return uploads.keep_upload(file.portal_id, owner, file.name, stored, file.kind, now)


def _visible(author: Author) -> Any:
    mine = or_(QuickReply.user_id == author.user_id, QuickReply.user_id.is_(None))
    return (QuickReply.portal_id == author.portal_id) & mine


def _found(author: Author, number: int) -> QuickReply:
    """One that this employee may change."""
    row = db.session.scalar(select(QuickReply).where(_visible(author), QuickReply.id == number))
    if row is None:
        raise NotFound("There is no such quick reply.")
    if row.user_id is None and not author.may_share:
        raise Denied(ONLY_NAMED, code="not_configurer")
    return row


def _new(author: Author) -> QuickReply:
    count = select(func.count()).where(QuickReply.portal_id == author.portal_id, _visible(author))
    if (db.session.scalar(count) or 0) >= MOST:
        raise Invalid(TOO_MANY)
    return QuickReply(portal_id=author.portal_id, files=[], used=0)


def _check(title: str, text: str, given: Given) -> None:
    wrong = {}
    if not title or len(title) > TITLE_MAX:
        wrong["title"] = N_("Give it a name of at most 100 characters.")
    if not text and not given.attachments:
        wrong["text"] = N_("Write something or attach a file.")
    if len(text) > TEXT_MAX:
        wrong["text"] = N_("At most 4000 characters.")
    if len(given.attachments) > FILES_MAX:
        wrong["attachments"] = N_("At most 5 files.")
    if wrong:
        raise Invalid(fields=wrong)


def _kept(author: Author, row: QuickReply, numbers: Sequence[int]) -> list[int]:
    """The files it shall have: those it has already, and uploads of the employee's."""
    wanted = list(dict.fromkeys(numbers))
    files = _files(wanted)
    for number in wanted:
        file = files.get(number)
        mine = file is not None and file.owner == f"operator:{author.user_id}" and not file.kept
        ours = file is not None and number in row.files
        if file is None or file.portal_id != author.portal_id or not (mine or ours):
            raise Invalid(fields={"attachments": "A file is missing or already sent."})
        file.kept = True
    _release([number for number in row.files if number not in wanted])
    return wanted


def _release(numbers: Sequence[int]) -> None:
    for file in _files(numbers).values():
        file.kept = False


def _files(numbers: Sequence[int]) -> dict[int, Attachment]:
    if not numbers:
        return {}
    rows = db.session.scalars(
        select(Attachment).where(Attachment.id.in_(numbers), Attachment.message_id.is_(None))
    )
    return {row.id: row for row in rows}


def _shown(
    row: QuickReply, files: dict[int, Attachment], author: Author, now: datetime
) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "title": row.title,
        "text": row.text,
        "common": row.user_id is None,
        "attachments": [shown.attachment(files[one], now) for one in row.files if one in files],
        "used": row.used,
        "may_change": row.user_id is not None or author.may_share,
    }
