"""CRM calls and answers as the documentation shows them."""

from b24app.bitrix import crm


def test_lists_are_young_first_and_uncounted() -> None:
    call = crm.item_list(crm.DEAL, {"@contactIds": "$result[dC][CONTACT]"}, ["id", "title"])
    assert (call.params["order"], call.params["start"]) == ({"id": "DESC"}, -1)
    assert call.params["select"] == ["id", "title"]


def test_duplicates_are_asked_by_kind() -> None:
    call = crm.find_by_comm("PHONE", [str(number) for number in range(30)], "CONTACT", "dC")
    assert call.params["entity_type"] == "CONTACT"
    assert len(call.params["values"]) == 20


def test_items_are_read() -> None:
    assert crm.read_item_id({"item": {"id": 342}}) == 342
    assert crm.read_items({"items": [{"id": 1}, 5]}) == [{"id": 1}]


def test_found_ids_are_sorted() -> None:
    assert crm.read_found({"CONTACT": ["2297", 275, 275]}, "CONTACT") == [275, 2297]
