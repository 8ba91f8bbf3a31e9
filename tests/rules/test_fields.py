"""CRM fields: what the portal tells of them, and texts as their values."""

from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b24app.rules import field_values as words
from b24app.rules import fields
from b24app.rules.fields import Field, Typed, as_item, check, fill, from_item_fields, typed

MOSCOW = ZoneInfo("Europe/Moscow")
OPTIONS = (("81", "Red"), ("82", "Dark blue"), ("83", "83, green"))


def field(kind: str, **more: Any) -> Field:
    return replace(Field("UF_CRM_A", "deal", "A field", kind), **more)


LIST = field("enumeration", items=OPTIONS, codes=(("RED_CODE", "81"),))
SOURCE = field("crm_status", items=(("WEB", "Website"), ("CALL", "Call")))
PHONE = Field("PHONE", "contact", "Phone", "phone", multiple=True)
EMAIL = Field("EMAIL", "contact", "E-mail", "email", multiple=True)
WEB = Field("WEB", "contact", "Website", "web", multiple=True)
IM = Field("IM", "contact", "Messenger", "im", multiple=True)


def entry(kind: str, value: str, value_type: str = "WORK") -> dict[str, str]:
    return {"typeId": kind, "valueType": value_type, "value": value}


@pytest.mark.parametrize(
    ("target", "text", "value"),
    [
        (field("string"), " Tver ", "Tver"),
        (field("text"), "a, b", "a, b"),
        (field("address"), "Main street 1", "Main street 1"),
        (field("string", multiple=True), "a, b; c", ["a", "b", "c"]),
        (field("string", multiple=True), "a", ["a"]),
        (
            field("address", multiple=True),
            "Main street, 1; Low street",
            ["Main street, 1", "Low street"],
        ),
        (field("integer"), "5", 5),
        (field("integer"), "1 300", 1300),
        (field("integer"), "-5.0", -5),
        (field("integer", multiple=True), "1, 2", [1, 2]),
        (field("double"), "9999,9", 9999.9),
        (field("double"), "1,300.50", 1300.5),
        (field("double"), "1.300,50", 1300.5),
        (field("double"), "1,300,500", 1300500.0),
        (field("boolean"), "Y", "Y"),
        (field("boolean"), "да", "Y"),
        (field("boolean"), "False", "N"),
        (field("date"), "2026-08-21", "2026-08-21"),
        (field("date"), "2026-08-21T23:30:00+00:00", "2026-08-22"),
        (field("date"), "21.08.2026", "2026-08-21"),
        (field("date"), "21.08.2026, 14:05", "2026-08-21"),
        (field("datetime"), "2026-08-21T14:05:48+03:00", "2026-08-21T14:05:48+03:00"),
        (field("datetime"), "2026-08-21T11:05:48Z", "2026-08-21T14:05:48+03:00"),
        (field("datetime"), "2026-08-21 14:05", "2026-08-21T14:05:00+03:00"),
        (field("datetime"), "21.08.2026 14:05:48", "2026-08-21T14:05:48+03:00"),
        (LIST, "red", 81),
        (LIST, "RED_code", 81),
        (LIST, "82", 82),
        (replace(LIST, multiple=True), "Red, dark BLUE", [81, 82]),
        (replace(LIST, multiple=True), "83, green", [83]),
        (field("money"), "300", "300"),
        (field("money"), "300|RUB", "300|RUB"),
        (field("money"), "1 300,50 ₽", "1300.5|RUB"),
        (field("money"), "300 руб.", "300|RUB"),
        (field("money"), "$12.40", "12.4|USD"),
        (field("money"), "300 eur", "300|EUR"),
        (field("url"), "https://shop.example/a?b=c,d", "https://shop.example/a?b=c,d"),
        (
            field("url", multiple=True),
            "https://a.example, http://b.example",
            ["https://a.example", "http://b.example"],
        ),
        (field("employee"), "7", 7),
        (field("user", multiple=True), "7, 8", [7, 8]),
        (field("crm"), "c_5", "C_5"),
        (field("crm", multiple=True), "C_5, CO_7", ["C_5", "CO_7"]),
        (SOURCE, "WEB", "WEB"),
        (SOURCE, "website", "WEB"),
        (field("crm_status"), "C3:NEW", "C3:NEW"),
        (field("crm_currency"), "rub", "RUB"),
        (PHONE, "8 (999) 000-00-10", [entry("PHONE", "+79990000010")]),
        (
            PHONE,
            "+79990000010, +79990000011",
            [entry("PHONE", "+79990000010"), entry("PHONE", "+79990000011")],
        ),
        (EMAIL, "Anna@Example.com", [entry("EMAIL", "anna@example.com")]),
        (WEB, "https://a.example", [entry("WEB", "https://a.example")]),
        (IM, "telegram:@anna", [entry("IM", "@anna", "TELEGRAM")]),
        (IM, "whatsapp:7999", [entry("IM", "whatsapp:7999", "OTHER")]),
    ],
)
def test_value(target: Field, text: str, value: Any) -> None:
    assert typed(target, text, zone=MOSCOW) == Typed(value)


@pytest.mark.parametrize(
    ("target", "text", "problem"),
    [
        (field("integer"), "five", words.NOT_INTEGER),
        (field("integer"), "5.5", words.NOT_INTEGER),
        (field("integer"), "9" * 5000, words.NOT_INTEGER),
        (field("double"), "nan", words.NOT_NUMBER),
        (field("double"), "1e400", words.NOT_NUMBER),
        (field("boolean"), "maybe", words.NOT_BOOLEAN),
        (field("date"), "tomorrow", words.NOT_DATE),
        (field("date"), "31.02.2026", words.NOT_DATE),
        (field("datetime"), "0001-01-01T00:00:00+14:00", words.NOT_DATE),
        (LIST, "yellow", words.NOT_OPTION),
        (replace(LIST, multiple=True), "red, yellow", words.NOT_OPTION),
        (field("money"), "much", words.NOT_MONEY),
        (field("money"), "300 apples", words.NOT_MONEY),
        (field("url"), "shop.example", words.NOT_URL),
        (field("url"), "javascript:alert(1)", words.NOT_URL),
        (field("employee"), "Boris", words.NOT_USER),
        (field("employee"), "0", words.NOT_USER),
        (field("crm"), "5", words.NOT_CARD),
        (SOURCE, "SHOP", words.NOT_CODE),
        (field("crm_status"), "no code!", words.NOT_CODE),
        (field("crm_currency"), "roubles", words.NOT_CURRENCY),
        (PHONE, "none", words.NOT_PHONE),
        (EMAIL, "anna", words.NOT_EMAIL),
        (WEB, "a.example", words.NOT_URL),
        (IM, "imol|callgear|1|2|3", words.OPEN_LINES_ONLY),
        (field("iblock_section"), "1", fields.NOT_WRITABLE),
        (field("string", read_only=True), "a", fields.NOT_WRITABLE),
        (field("string", code="title"), "a", fields.NOT_WRITABLE),
    ],
)
def test_problem(target: Field, text: str, problem: str) -> None:
    assert typed(target, text, zone=MOSCOW) == Typed(None, problem)


@pytest.mark.parametrize("kind", sorted(words.CONVERTERS))
def test_no_data_is_no_problem(kind: str) -> None:
    assert typed(field(kind), " ", zone=MOSCOW) == Typed(None, "")


FILES = (("a.txt", "YQ=="), ("b.txt", "Yg=="))


@pytest.mark.parametrize(
    ("multiple", "files", "value"),
    [
        (False, FILES, ["a.txt", "YQ=="]),
        (True, FILES, [["a.txt", "YQ=="], ["b.txt", "Yg=="]]),
        (True, (), None),
    ],
)
def test_files_of_the_inquiry(multiple: bool, files: Any, value: Any) -> None:
    target = field("file", multiple=multiple)
    assert typed(target, "whatever", zone=MOSCOW, files=files) == Typed(value)


def test_template_fills_a_time_exactly() -> None:
    known = {"communication_date_time": "2026-08-21T14:05:48+03:00"}
    row = "{communication_date_time}"
    assert fill(field("datetime"), row, known, zone=MOSCOW).value == "2026-08-21T14:05:48+03:00"
    assert fill(field("string"), row, known, zone=MOSCOW).value == "21.08.2026 14:05"


def test_list_fills_a_list() -> None:
    target = field("string", multiple=True)
    assert fill(target, "{tags}", {"tags": ["new", "vip"]}, zone=MOSCOW).value == ["new", "vip"]


def test_long_text_is_longer_than_a_title() -> None:
    told = fill(field("text"), "{first_message}", {"first_message": "a" * 3000}, zone=MOSCOW)
    assert len(told.value) == 3000


@given(st.sampled_from(sorted(words.CONVERTERS)), st.booleans(), st.text(max_size=40))
def test_typing_is_total(kind: str, multiple: bool, text: str) -> None:
    told = typed(field(kind, multiple=multiple, items=OPTIONS), text, zone=MOSCOW)
    assert told.value is None or not told.problem


NUMBERS = st.text("0123456789 ,.'-+|:/TZ-рубRUB$\u00a0", max_size=25)


@given(st.sampled_from(["money", "double", "integer", "date", "datetime"]), NUMBERS)
def test_what_looks_like_a_number_is_total(kind: str, text: str) -> None:
    told = typed(field(kind), text, zone=MOSCOW)
    assert told.value is None or not told.problem


# -- What the portal tells -----------------------------------------------------------------

TOLD = {
    "fields": {
        "id": {"type": "integer", "isReadOnly": True, "title": "ID"},
        "name": {"type": "string", "isRequired": True, "title": "Name"},
        "contactId": {"type": "crm_contact", "isDeprecated": True, "title": "Contact"},
        "sourceId": {"type": "crm_status", "statusType": "SOURCE", "title": "Source"},
        "fm": {"type": "crm_multifield", "isMultiple": True, "title": "fm"},
        "UF_CRM_GOAL": {
            "type": "enumeration",
            "isMultiple": "Y",
            "title": "Goal",
            "items": [{"ID": 91, "VALUE": "Buy", "XML_ID": "BUY"}, {"ID": "92", "VALUE": "Ask"}],
        },
    }
}


def test_fields_are_read() -> None:
    found = from_item_fields(TOLD, "lead")
    assert set(found) == {"id", "name", "sourceId", "UF_CRM_GOAL", "PHONE", "EMAIL", "WEB", "IM"}
    assert found["name"] == Field("name", "lead", "Name", "string", required=True)
    assert found["id"].read_only
    assert found["sourceId"].status_type == "SOURCE"
    assert found["PHONE"] == Field("PHONE", "lead", "Phone", "phone", multiple=True)


def test_options_are_read() -> None:
    goal = from_item_fields(TOLD, "lead")["UF_CRM_GOAL"]
    assert goal.items == (("91", "Buy"), ("92", "Ask"))
    assert goal.codes == (("BUY", "91"),)
    assert goal.multiple


@pytest.mark.parametrize("told", [{}, {"fields": []}, {"fields": {"a": None}}])
def test_nonsense_is_no_fields(told: dict[str, Any]) -> None:
    assert from_item_fields(told, "lead") == {}


def test_communications_become_one_field() -> None:
    values = {"name": "Anna", "PHONE": [entry("PHONE", "+7")], "EMAIL": [entry("EMAIL", "a@b.cc")]}
    assert as_item(values) == {
        "name": "Anna",
        "fm": [entry("PHONE", "+7"), entry("EMAIL", "a@b.cc")],
    }
    assert as_item({"name": "Anna"}) == {"name": "Anna"}


# -- When a row is saved -------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    value: str
    entity: str = "deal"
    field: str = "UF_CRM_A"


@pytest.mark.parametrize(
    ("row", "target", "problem"),
    [
        (Row("{visitor_name}"), field("string"), ""),
        (Row("red"), LIST, ""),
        (Row("{visitor_name}"), LIST, ""),
        (Row(""), field("file"), ""),
        (Row("{custom.size}"), field("integer"), ""),
        (Row("a"), None, fields.NO_FIELD),
        (Row("a", entity="lead"), field("string"), fields.NO_FIELD),
        (Row("a"), field("iblock_element"), fields.NOT_WRITABLE),
        (Row(" "), field("string"), fields.NOTHING_TO_WRITE),
        (Row("{nobody}"), field("string"), fields.UNKNOWN_PARAMETER),
        (Row("yellow"), LIST, words.NOT_OPTION),
        (Row("five"), field("integer"), words.NOT_INTEGER),
    ],
)
def test_row_is_checked(row: Row, target: Field | None, problem: str) -> None:
    assert check(row, target) == problem
