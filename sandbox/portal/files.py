"""Files of chats and cards, and the signed addresses they are downloaded from."""

import base64
import binascii
import mimetypes
from typing import Any

from sandbox.portal.phpform import as_list
from sandbox.portal.registry import bad_argument
from sandbox.portal.state import State, StoredFile


def keep(
    state: State, name: str, content: bytes, author: int, chat_id: int = 0, mime: str = ""
) -> StoredFile:
    """Store a file; its type is guessed from its name."""
    kind = mime or mimetypes.guess_type(name)[0] or "application/octet-stream"
    file = StoredFile(state.next_id("file", 9001), name, kind, content, author, chat_id)
    state.files[file.id] = file
    return file


def decoded(text: Any) -> bytes:
    """Content out of base64.

    Raises:
        RestError: ERROR_ARGUMENT.
    """
    try:
        return base64.b64decode(str(text), validate=True)
    except (binascii.Error, ValueError) as error:
        raise bad_argument("File content must be base64", "content") from error


def keep_pairs(state: State, given: Any, author: int) -> dict[str, Any]:
    """Attachments of a comment: always a list of [name, base64] pairs."""
    kept = {}
    for pair in as_list(given):
        entry = as_list(pair)
        if len(entry) != 2:
            raise bad_argument("FILES must be a list of [name, base64] pairs", "FILES")
        file = keep(state, str(entry[0]), decoded(entry[1]), author)
        kept[str(file.id)] = described(state, file)
    return kept


def described(state: State, file: StoredFile) -> dict[str, Any]:
    """A file as comments show it."""
    address = address_of(state, file)
    return {
        "id": file.id,
        "date": state.clock.iso(),
        "type": "image" if file.mime.startswith("image/") else "file",
        "name": file.name,
        "size": len(file.content),
        "urlPreview": "",
        "urlShow": address,
        "urlDownload": address,
    }


def address_of(state: State, file: StoredFile) -> str:
    """Where a file is downloaded; the address carries its own key."""
    return f"{state.origin}{path_of(file)}"


def path_of(file: StoredFile) -> str:
    """The portal-relative download path."""
    return f"/rest/download.json?token={file.id}.{file.key}"


def by_token(state: State, token: str) -> StoredFile | None:
    """The file an address names, when its key is right."""
    number, _, key = token.partition(".")
    file = state.files.get(int(number)) if number.isdigit() else None
    return file if file is not None and file.key == key else None
