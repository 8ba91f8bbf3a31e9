"""Letters as they were laid out, for who wants to see more than their words."""

import re
from datetime import datetime

from b24app.actions import shown
from b24app.db import db
from b24app.errors import NotFound
from b24app.models import Attachment, Conversation, Message

CID = re.compile(r'src="cid:([^"]{1,200})"')
NOWHERE = 'src=""'


def of_message(row: Conversation, message_id: int, now: datetime) -> str:
    """Harmless HTML of a message in this chat, its own pictures by signed links.

    Raises:
        NotFound: there is no such message, or it was plain.
    """
    message = db.session.get(Message, message_id)
    if message is None or message.conversation_id != row.id or message.layout is None:
        raise NotFound("This message has no layout of its own.")
    pictures = {_cid(one): one for one in message.attachments if _cid(one)}
    return CID.sub(lambda found: _source(pictures.get(found[1]), now), message.layout.html)


def _cid(file: Attachment) -> str:
    """By what name the layout calls a picture: the end of its remote id."""
    return "/".join(file.remote_id.split("/")[2:])


def _source(file: Attachment | None, now: datetime) -> str:
    url = shown.media_url(file, now) if file and file.kind == "image" else None
    return f'src="{url}"' if url else NOWHERE
