"""A mailbox on real servers: Dovecot gives, an SMTP server takes."""

import io
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from email.policy import default
from typing import Any

import pytest
import requests

from b24app import http
from b24app.channels import base
from b24app.channels.email import Email, wire
from b24app.errors import ChannelError, Denied, Invalid
from b24app.values import Account, Address, Brought, HookCall, Incoming, OutFile, Outgoing
from tests.channels import recordings
from tests.mailserver import ANNA, OURS, Mail
from tests.ports import free_port

pytestmark = pytest.mark.services
HOOK = "https://app.example/hooks/key"


@pytest.fixture(autouse=True)
def private() -> Iterator[None]:
    http.configure(allow_private=True)
    yield
    http.configure(allow_private=False)


def box(mail: Mail, **more: Any) -> Email:
    settings = {**mail.settings_of(), **more}
    return Email(Account(7, settings, HOOK, recordings.SECRET), requests.Session())


def connected(mail: Mail, **more: Any) -> Email:
    made = box(mail, **more)
    return box(mail, **more, **made.connect().settings)


def written(mail: Mail, number: int = 1, text: str = "Good day", **headers: str) -> None:
    """Anna writes to us."""
    lines = {
        "From": f"Anna <{ANNA}>",
        "To": OURS,
        "Subject": "Owl",
        "Message-ID": f"<{number}@client.example>",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    mail.boxes.deliver(OURS, f"{head}\r\n{text}\r\n".encode())


def thread(*ids: str) -> dict[str, str]:
    """What a letter of Anna's leaves for an answer."""
    return {"subject": "Re: Owl", "answers": ids[-1], "references": " ".join(ids)}


def brought(adapter: Email, after: str = "") -> list[Brought]:
    return list(adapter.collect(after))


def said(adapter: Email, after: str = "") -> list[str]:
    parsed = [news for one in brought(adapter, after) for news in adapter.parse(one.call)]
    return [news.text for news in parsed if isinstance(news, Incoming)]


def sent(mail: Mail) -> Message:
    (raw,) = mail.smtp.received
    return message_from_bytes(raw, policy=default)


def refused(mail: Mail, **more: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        box(mail, **more).connect()
    return caught.value.fields


def test_letter_is_brought(mail: Mail) -> None:
    adapter = connected(mail)
    written(mail)
    assert said(adapter) == ["Owl\n\nGood day"]


def test_earlier_letters_stay_where_they_are(mail: Mail) -> None:
    written(mail, 1, "Long ago")
    adapter = connected(mail)
    written(mail, 2, "Today")
    assert said(adapter) == ["Owl\n\nToday"]


def test_bookmark_brings_the_rest(mail: Mail) -> None:
    adapter = connected(mail)
    for number in (1, 2, 3):
        written(mail, number, f"Letter {number}")
    first = next(iter(adapter.collect("")))
    assert said(adapter, first.after) == ["Owl\n\nLetter 2", "Owl\n\nLetter 3"]
    last = brought(adapter)[-1]
    assert brought(adapter, last.after) == []


def test_renumbered_mailbox_gives_the_same_numbers(mail: Mail) -> None:
    adapter = connected(mail)
    written(mail)
    (before,) = brought(adapter)
    validity, uid, day = before.after.split(":")
    (again,) = brought(adapter, f"{int(validity) - 1}:{uid}:{day}")
    assert adapter.provider_id(again.call) == adapter.provider_id(before.call)


def test_letters_stay_unread_unless_asked(mail: Mail) -> None:
    for mark, unread in ((False, 1), (True, 0)):
        mail.forget()
        adapter = connected(mail, mark_seen=mark)
        written(mail)
        adapter.collected([one.call for one in brought(adapter)])
        assert unseen(mail) == unread


def unseen(mail: Mail) -> int:
    with wire.imap(wire.server(mail.settings_of(), "imap")) as opened:
        opened.folder.set("INBOX", readonly=True)
        return len(opened.uids("UNSEEN"))


def test_large_letter_is_told_of(mail: Mail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("b24app.channels.email.mailbox.LETTER_MAX", 1 << 20)
    adapter = connected(mail)
    written(mail, 1, "x" * (2 << 20))
    assert said(adapter) == [
        "Owl\n\n[A letter of 2 MB is too large to be brought. It lies in the mailbox.]"
    ]


def test_attachment_is_unpacked(mail: Mail) -> None:
    adapter = connected(mail)
    kind = 'multipart/mixed; boundary="b"'
    body = (
        "--b\r\nContent-Type: text/plain\r\n\r\nSee\r\n--b\r\n"
        "Content-Type: image/png; name=a.png\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--b--"
    )
    written(mail, 1, body, Content_Type=kind)
    (one,) = brought(adapter)
    (news,) = adapter.parse(one.call)
    assert isinstance(news, Incoming)
    with adapter.unpack(one.call, news.files[0]).stream as stream:
        assert stream.read() == b"\x89PNG\r\n\x1a\n"


def test_answer_goes_into_its_thread(mail: Mail) -> None:
    memo = thread("<0@x>", "<1@client.example>")
    box(mail).send(Outgoing(ANNA, "u1", "Yes, it is", memo=memo))
    letter = sent(mail)
    assert letter["In-Reply-To"] == "<1@client.example>"
    assert letter["References"] == "<0@x> <1@client.example>"
    assert letter["Subject"] == "Re: Owl"
    assert letter["From"] == f"Owl & Lamp <{OURS}>"


def test_first_letter_has_the_channels_subject(mail: Mail) -> None:
    box(mail, subject="Your order").send(Outgoing(ANNA, "u1", "Good day"))
    assert sent(mail)["Subject"] == "Your order"
    assert sent(mail)["In-Reply-To"] is None


def test_quoted_letter_is_the_one_answered(mail: Mail) -> None:
    memo = thread("<1@c.example>", "<2@c.example>")
    box(mail).send(Outgoing(ANNA, "u1", "This one", memo=memo, quote_id="1@c.example"))
    assert sent(mail)["In-Reply-To"] == "<1@c.example>"


def test_files_go_along(mail: Mail) -> None:
    file = OutFile("image", "сова.png", "image/png", 4, lambda: io.BytesIO(b"data"))
    box(mail).send(Outgoing(ANNA, "u1", "Look", (file,)))
    (attached,) = sent(mail).iter_attachments()  # type: ignore[attr-defined]
    assert (attached.get_filename(), attached.get_content()) == ("сова.png", b"data")


def test_same_message_has_the_same_number(mail: Mail) -> None:
    outgoing = Outgoing(ANNA, "u1", "Good day")
    ids = [box(mail).send(outgoing).message_ids for _ in range(2)]
    assert ids[0] == ids[1]
    assert len({message_from_bytes(raw)["Message-ID"] for raw in mail.smtp.received}) == 1


def test_copy_is_kept_once(mail: Mail) -> None:
    for _ in range(2):
        box(mail).send(Outgoing(ANNA, "u1", "Good day"))
    with wire.imap(wire.server(mail.settings_of(), "imap")) as opened:
        opened.folder.set("Sent", readonly=True)
        assert len(opened.uids("ALL")) == 1


def test_lost_answer_is_found_in_the_folder_of_sent(mail: Mail) -> None:
    outgoing = Outgoing(ANNA, "u1", "Good day")
    ids = box(mail).send(outgoing).message_ids
    found = box(mail).find_part(box(mail).parts(outgoing)[0], "", ())
    assert found is not None
    assert found.message_ids == ids


def test_silence_after_the_letter_is_unknown(mail: Mail) -> None:
    mail.smtp.silent_after_data = True
    outgoing = Outgoing(ANNA, "u1", "Good day")
    with pytest.raises(ChannelError) as caught:
        box(mail).send(outgoing)
    assert caught.value.unknown
    with pytest.raises(ChannelError) as unclear:
        box(mail).find_part(box(mail).parts(outgoing)[0], "", ())
    assert (unclear.value.code, unclear.value.permanent) == (base.UNKNOWN_OUTCOME, True)


@pytest.mark.parametrize(
    ("step", "says", "code", "permanent"),
    [
        ("RCPT", "550 5.1.1 no such user", base.RECIPIENT_GONE, True),
        ("RCPT", "550 5.7.1 relaying denied", base.REJECTED, True),
        ("RCPT", "451 4.7.1 greylisted", base.RATE_LIMITED, False),
        ("DATA", "552 5.3.4 too big", base.TOO_LARGE, True),
        ("DATA", "554 5.7.1 looks like spam", base.REJECTED, True),
        ("DATA", "421 4.3.2 come later", base.RATE_LIMITED, False),
    ],
)
def test_refusals_are_understood(
    mail: Mail, step: str, says: str, code: str, permanent: bool
) -> None:
    mail.smtp.says = {step: says}
    with pytest.raises(ChannelError) as caught:
        box(mail).send(Outgoing(ANNA, "u1", "Good day"))
    assert (caught.value.code, caught.value.permanent) == (code, permanent)
    assert not caught.value.unknown


def test_connecting_notes_the_address(mail: Mail) -> None:
    found = box(mail).connect()
    assert (found.external_id, found.name) == (OURS, "Owl & Lamp")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"address": "not an address"}, "address"),
        ({"password": "guess"}, "password"),
        ({"smtp_password": "guess"}, "smtp_password"),
        ({"imap_host": "no.such.host.invalid"}, "imap_host"),
        ({"imap_port": "0"}, "imap_port"),
        ({"smtp_port": "many"}, "smtp_port"),
        ({"imap_security": "starttls"}, "imap_security"),
        ({"smtp_security": "starttls"}, "smtp_security"),
    ],
)
def test_wrong_setting_is_named(mail: Mail, wrong: dict[str, str], field: str) -> None:
    assert list(refused(mail, **wrong)) == [field]


def test_silent_server_is_named(mail: Mail) -> None:
    assert list(refused(mail, smtp_port=str(free_port()))) == ["smtp_port"]


def test_private_server_is_refused(mail: Mail) -> None:
    http.configure(allow_private=False)
    assert "private" in refused(mail, imap_security="ssl")["imap_host"]
    assert "password" in refused(mail)["imap_security"]


def test_another_mailbox_is_not_a_reconnect(mail: Mail) -> None:
    with pytest.raises(Invalid) as caught:
        box(mail).connect("sales@mail.example")
    assert list(caught.value.fields) == ["address"]


def test_wrong_password_needs_attention(mail: Mail) -> None:
    with pytest.raises(ChannelError) as caught:
        box(mail, password="changed").check()
    assert caught.value.code == base.UNAUTHORIZED


def test_letters_do_not_come_by_the_hook(mail: Mail) -> None:
    adapter = connected(mail)
    written(mail)
    (one,) = brought(adapter)
    adapter.verify(one.call)
    forged = one.call.body.replace(b'"sign": "', b'"sign": "0')
    with pytest.raises(Denied):
        adapter.verify(HookCall("POST", {}, {}, forged))


def test_any_address_can_be_written_to(mail: Mail) -> None:
    found = box(mail).resolve(Address("email", "New@Client.example"))
    assert found is not None
    assert found.chat_id == "new@client.example"
    assert box(mail).resolve(Address("email", "nobody")) is None
