"""Work in both places at once: the eight paragraphs of the original's help, one test each.

«Особенности совмещенной работы во фрейме РМО CallGear и Открытых линиях». Where the original
admits a limit, the test shows what happens here instead, and its docstring says so.
"""

from collections.abc import Iterator

import pytest

from b24app import clock
from b24app.actions import inbox
from b24app.db import reading, transaction
from b24app.models import Channel, Conversation
from b24app.values import Person
from tests.reliability.stage import LINE, Client, Stage, stage
from tests.world import BORIS

DEAL, LEAD = 2, 1


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("combined")) as made:
        yield made


@pytest.fixture
def anna(place: Stage) -> Client:
    """Anna, who has just written for the first time."""
    client = place.client()
    client.say(client.text("hello"))
    place.rest()
    return client


def created(place: Stage, type_id: int) -> list[int]:
    return sorted(place.portal.items[type_id])


def do(client: Client, deed: str) -> None:
    client.stage.screen.post(f"/conversations/{client.talks()[-1]}/{deed}")
    client.stage.rest()


def there(client: Client, deed: str) -> None:
    body = {"chat_id": client.line_chat().id, "user_id": BORIS}
    client.stage.here.control(f"lines/{LINE}/{deed}", body)
    client.stage.rest()


def here(client: Client) -> tuple[str, int | None]:
    with reading() as session:
        row = session.get_one(Conversation, client.talks()[-1])
        return row.status, row.responsible_id


def line(client: Client) -> tuple[str, int]:
    session = client.stage.portal.sessions[client.line_chat().session_id]
    return session.status, session.operator


def sessions(client: Client) -> int:
    chat_id = client.line_chat().id
    return sum(one.chat_id == chat_id for one in client.stage.portal.sessions.values())


def stranger(place: Stage, phone: str = "") -> Client:
    """Somebody who never wrote, to whom Boris begins to write."""
    client, now = place.client(), clock.now()
    with transaction() as session:
        channel = session.query(Channel).order_by(Channel.id).first()
        assert channel is not None
        person = Person(external_id=str(client.number), name="Anna", phone=phone)
        known = inbox.identity_of(channel, str(client.number), person, now)
        inbox.open_conversation(channel, known, now).accept(BORIS, now)
    phones = place.here.telegram.sandbox
    chat = phones.chat(phones.bot_named(client.bot), phones.person({"id": client.number}))
    chat.started = True
    return client


def by_boris(client: Client) -> list[str]:
    messages = client.stage.portal.messages
    said = [messages[number] for number in client.line_chat().message_ids]
    return [one.text for one in said if one.author == BORIS and not one.system]


def test_1_conditions_of_leads_and_deals_are_the_lines(place: Stage) -> None:
    """«…условия создания Лидов и Сделок настраиваются на стороне Открытых линий»."""
    place.portal.lines[LINE] |= {"CRM": "Y", "CRM_CREATE": "none"}
    before = created(place, LEAD), created(place, DEAL)
    client = place.client()
    client.say(client.text("hello"))
    place.rest()
    assert (created(place, LEAD), created(place, DEAL)) == before


def test_2_first_inquiry_is_a_chat_in_both_and_one_deal(place: Stage) -> None:
    """«…новые чаты будут создаваться и в фрейме РМО, и в Открытых линиях»; the line's deal only."""
    place.portal.lines[LINE] |= {"CRM": "Y", "CRM_CREATE": "deal"}
    before = created(place, DEAL)
    client = place.client()
    client.say(client.text("hello"))
    place.rest()
    assert here(client)[0] == "new"
    assert line(client) == ("new", 0)
    assert len(created(place, DEAL)) == len(before) + 1


def test_3_taken_anywhere_it_is_taken_in_both(place: Stage, anna: Client) -> None:
    """The original: taken in the line it stays «Новый» in the workplace, and answers from the
    workplace are not shown in a line that nobody took. Here one taking is enough."""
    do(anna, "accept")
    assert line(anna) == ("answered", BORIS)
    vera = place.client()
    vera.say(vera.text("hello"))
    place.rest()
    vera.answer_in_line(vera.text("from the line"))
    place.rest()
    assert here(vera) == ("active", BORIS)
    third = place.client()
    third.say(third.text("hello"))
    place.rest()
    third.answer(third.text("never taken, answered at once"))
    place.rest()
    assert third.in_line() == third.on_phone() == third.in_workplace() == third.expected
    assert by_boris(third) == third.expected[1:]


def test_4_closed_anywhere_it_is_closed_in_both(place: Stage, anna: Client) -> None:
    """The original: closed in the workplace only, a repeat inquiry makes a second chat in each.
    Here the end is one: the next word is one new dialog there and one new chat here."""
    do(anna, "accept")
    do(anna, "close")
    assert line(anna)[0] == "closed"
    anna.say(anna.text("again"))
    place.rest()
    assert here(anna)[0] == "new"
    assert line(anna) == ("new", 0)
    assert (sessions(anna), len(anna.talks())) == (2, 2)
    do(anna, "accept")
    there(anna, "finish")
    assert here(anna)[0] == "closed"


def test_5_closing_here_doubles_nothing(place: Stage, anna: Client) -> None:
    """The original advises never to close a chat in the workplace, lest chats be doubled. Here
    one may: all of the client's talks stay in one chat of the line, each word once."""
    for number in range(2):
        do(anna, "accept")
        do(anna, "close")
        anna.say(anna.text(f"again {number}"))
        place.rest()
    assert anna.in_line() == anna.on_phone() == anna.expected
    assert len(anna.talks()) == sessions(anna) == 3
    do(anna, "accept")
    do(anna, "close")
    do(anna, "reopen")
    assert line(anna) == ("answered", BORIS)
    assert len(anna.talks()) == 3


def test_6_first_message_of_ours_is_in_the_line(place: Stage) -> None:
    """The original: an empty chat in the line, which the operator has to take there before it
    shows anything. Here it holds the first message, said by its operator, who has the dialog."""
    client = stranger(place)
    client.answer(client.text("you asked for a call"))
    place.rest()
    assert here(client) == ("active", BORIS)
    assert line(client) == ("answered", BORIS)
    assert by_boris(client) == client.on_phone() == client.expected


def test_7_deal_of_an_inquiry_is_not_doubled_by_writing(place: Stage) -> None:
    """«Когда оператор напишет клиенту в мессенджер, сделка дублироваться не будет»."""
    place.portal.lines[LINE] |= {"CRM": "Y", "CRM_CREATE": "deal"}
    phone = "+79990001122"
    hook = "/rest/1/sandboxhook000001/"
    rest = place.portal.app.test_client()
    fm = [{"typeId": "PHONE", "valueType": "WORK", "value": phone}]
    person = {"entityTypeId": 3, "fields": {"name": "Anna", "fm": fm}}
    contact = rest.post(f"{hook}crm.item.add", json=person).json["result"]["item"]["id"]
    deal = {"entityTypeId": DEAL, "fields": {"title": "Inquiry", "contactIds": [contact]}}
    assert rest.post(f"{hook}crm.item.add", json=deal).status_code == 200
    before = created(place, DEAL)
    client = stranger(place, phone)
    client.answer(client.text("you left an inquiry"))
    place.rest()
    client.say(client.text("yes, I did"))
    place.rest()
    assert created(place, DEAL) == before
    assert client.line_chat().crm["CONTACT"] == contact


def test_8_robots_speak_to_the_client_and_are_seen_here(place: Stage, anna: Client) -> None:
    """«В Открытых линиях доступна работа с роботами… В фрейме РМО такие сообщения тоже»."""
    do(anna, "accept")
    hook = "/rest/1/sandboxhook000001/imopenlines.crm.message.add"
    chat = anna.line_chat()
    if chat.crm_main is None:
        place.portal.lines[LINE] |= {"CRM": "Y", "CRM_CREATE": "deal"}
        anna.say(anna.text("make a deal"))
        place.rest()
    kind, number = anna.line_chat().crm_main
    body = {
        "CRM_ENTITY_TYPE": kind.lower(),
        "CRM_ENTITY": number,
        "USER_ID": BORIS,
        "CHAT_ID": chat.id,
        "MESSAGE": anna.text("your order is ready"),
    }
    answer = place.portal.app.test_client().post(hook, json=body)
    assert answer.status_code == 200, answer.text
    anna.expected.append(body["MESSAGE"])
    place.rest()
    assert anna.on_phone() == anna.in_workplace() == anna.in_line() == anna.expected
