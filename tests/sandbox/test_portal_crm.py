"""CRM: items, filters, communications, stages, comments, activities."""

import pytest

from sandbox.portal import crm
from tests.sandbox.portals import Client, control, portal

PHONE = [{"typeId": "PHONE", "valueType": "WORK", "value": "+7 (999) 000-01-01"}]


@pytest.fixture
def home():
    return portal()


@pytest.fixture
def admin(home):
    return Client(home)


def add(admin, type_id, **fields):
    return admin.call("crm.item.add", entityTypeId=type_id, fields=fields)["item"]


def ids(admin, type_id, **conditions):
    answer = admin.call("crm.item.list", entityTypeId=type_id, filter=conditions, select=["id"])
    return [row["id"] for row in answer["items"]]


def test_new_deal_has_its_defaults(admin):
    deal = add(admin, 2, contactIds=[1, 2])
    assert (deal["title"], deal["stageId"], deal["stageSemanticId"]) == ("Сделка #4", "NEW", "P")
    assert (deal["assignedById"], deal["contactId"], deal["closed"]) == (1, 1, "N")


def test_final_stage_closes_a_deal(admin):
    fields = {"stageId": "WON"}
    deal = admin.call("crm.item.update", entityTypeId=2, id=1, fields=fields)["item"]
    assert (deal["closed"], deal["stageSemanticId"]) == ("Y", "S")


def test_foreign_stage_is_refused(admin):
    error = admin.error("crm.item.add", entityTypeId=2, fields={"stageId": "C3:NEW"})
    assert error == (400, "CRM_FIELD_ERROR_VALUE_NOT_VALID")


def test_single_value_for_a_list_is_refused(admin):
    fields = {"contactIds": 5}
    assert admin.error("crm.item.add", entityTypeId=2, fields=fields)[0] == 400


def test_unknown_type_is_refused(admin):
    assert admin.error("crm.item.get", entityTypeId=5, id=1)[1] == "ENTITY_TYPE_NOT_SUPPORTED"


def test_absent_item_is_told(admin):
    assert admin.error("crm.item.get", entityTypeId=2, id=99) == (400, "NOT_FOUND")


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({"stageId": "WON"}, [3]),
        ({"!stageId": "WON"}, [1, 2]),
        ({"@id": [1, 3]}, [1, 3]),
        ({"!@id": [1, 3]}, [2]),
        ({">opportunity": 20000}, [1, 2]),
        ({"%title": "обслуж"}, [2]),
        ({"=%title": "Подарочные%"}, [3]),
        ({"@contactIds": [2, 3]}, [2, 3]),
        ({"@contactIds": []}, []),
        ({"=stageSemanticId": "P", "categoryId": 0}, [1]),
        ({"0": {"logic": "OR", "0": {"id": 1}, "1": {"stageId": "WON"}}}, [1, 3]),
    ],
)
def test_filters(admin, conditions, expected):
    assert ids(admin, 2, **conditions) == expected


def test_unknown_filter_field_is_refused(admin):
    error = admin.error("crm.item.list", entityTypeId=2, filter={"nonsense": 1})
    assert error == (400, "INVALID_ARG_VALUE")


def test_outer_key_is_found(admin):
    add(admin, 1, title="A", originatorId="APP", originId="chat:77")
    assert ids(admin, 1, **{"=originatorId": "APP", "=originId": "chat:77"}) == [2]


def test_order_is_kept(admin):
    answer = admin.call("crm.item.list", entityTypeId=2, order={"id": "DESC"}, select=["id"])
    assert [row["id"] for row in answer["items"]] == [3, 2, 1]


def test_communications_come_only_with_a_star(admin):
    plain = admin.call("crm.item.list", entityTypeId=3, select=["id", "name"])["items"][0]
    full = admin.call("crm.item.list", entityTypeId=3, select=["*"])["items"][0]
    assert (set(plain), full["fm"][0]["typeId"]) == ({"id", "name"}, "PHONE")


def test_custom_field_has_two_names(admin):
    lead = add(admin, 1, title="A", ufCrmOmniChatId="77")
    params = {"entityTypeId": 1, "id": lead["id"], "useOriginalUfNames": "Y"}
    assert lead["ufCrmOmniChatId"] == "77"
    assert admin.call("crm.item.get", **params)["item"]["UF_CRM_OMNI_CHAT_ID"] == "77"


@pytest.mark.parametrize("phone", ["+79990000101", "8 999 000-01-01", "79990000101", "9990000101"])
def test_phone_is_found_in_any_notation(admin, phone):
    contact = add(admin, 3, name="A", fm=PHONE)
    found = admin.call("crm.duplicate.findbycomm", type="PHONE", values=[phone])
    assert found == {"CONTACT": [contact["id"]]}


def test_changed_phone_is_found_anew(admin):
    contact = add(admin, 3, name="A", fm=PHONE)
    entry = {str(contact["fm"][0]["id"]): {"typeId": "PHONE", "value": "+79990000102"}}
    admin.call("crm.item.update", entityTypeId=3, id=contact["id"], fields={"fm": entry})
    old = admin.call("crm.duplicate.findbycomm", type="PHONE", values=["+79990000101"])
    new = admin.call("crm.duplicate.findbycomm", type="PHONE", values=["+79990000102"])
    assert (old, new) == ([], {"CONTACT": [contact["id"]]})


def test_second_phone_is_appended(admin):
    more = {"n0": {"typeId": "PHONE", "valueType": "MOBILE", "value": "+79990000103"}}
    item = admin.call("crm.item.update", entityTypeId=3, id=1, fields={"fm": more})["item"]
    assert [one["typeId"] for one in item["fm"]] == ["PHONE", "EMAIL", "PHONE"]


def test_twenty_leads_hide_contacts(home, admin):
    for _ in range(20):
        crm.add(home, 1, {"title": "A", "fm": PHONE}, 1)
    add(admin, 3, name="A", fm=PHONE)
    find = {"type": "PHONE", "values": ["+79990000101"]}
    assert list(admin.call("crm.duplicate.findbycomm", **find)) == ["LEAD"]
    contacts = admin.call("crm.duplicate.findbycomm", **find, entity_type="CONTACT")
    assert list(contacts) == ["CONTACT"]


def test_values_must_be_a_list(admin):
    error = admin.error("crm.duplicate.findbycomm", type="PHONE", values="+7999")
    assert error == (400, "ERROR_ARGUMENT")


def test_nothing_changed_tells_nobody(home, admin):
    admin.call("event.bind", event="ONCRMDEALUPDATE", handler="http://127.0.0.1:8000/e")
    fields = {"title": "Подарочные наборы"}
    admin.call("crm.item.update", entityTypeId=2, id=3, fields=fields)
    assert len(home.outbox) == 0


def test_another_pipeline_is_told_apart(home, admin):
    for event in ("ONCRMDEALUPDATE", "ONCRMDEALMOVETOCATEGORY"):
        admin.call("event.bind", event=event, handler="http://127.0.0.1:8000/e")
    admin.call("crm.item.update", entityTypeId=2, id=1, fields={"categoryId": 3})
    assert [one.event for one in home.outbox] == ["ONCRMDEALMOVETOCATEGORY"]


def test_import_tells_nobody(home, admin):
    admin.call("event.bind", event="ONCRMLEADADD", handler="http://127.0.0.1:8000/e")
    admin.call("crm.item.batchImport", entityTypeId=1, data=[{"title": "A"}])
    assert len(home.outbox) == 0


def test_simple_mode_makes_a_deal_of_a_lead(home, admin):
    control(home, "switches", crm_mode=2)
    lead = add(admin, 1, title="A", name="Иван")
    assert ids(admin, 2, **{"=leadId": lead["id"]}) == [4]
    assert ids(admin, 1, stageId="CONVERTED") == [lead["id"]]


def test_stage_history_remembers(admin):
    admin.call("crm.item.update", entityTypeId=2, id=1, fields={"stageId": "LOSE"})
    rows = admin.call("crm.stagehistory.list", entityTypeId=2, filter={"OWNER_ID": 1})["items"]
    assert [(row["TYPE_ID"], row["STAGE_ID"]) for row in rows] == [(1, "EXECUTING"), (3, "LOSE")]


def test_deal_gets_one_more_contact(admin):
    link = {"id": 1, "fields": {"CONTACT_ID": 3}}
    assert [admin.call("crm.deal.contact.add", **link) for _ in range(2)] == [True, False]
    rows = admin.call("crm.deal.contact.items.get", id=1)
    assert [row["CONTACT_ID"] for row in rows] == [1, 3]


def test_known_source_is_an_error(admin):
    source = {"ENTITY_ID": "SOURCE", "STATUS_ID": "OMNI", "NAME": "CallGear"}
    assert admin.call("crm.status.add", fields=source)
    assert admin.error("crm.status.add", fields=source) == (400, "ERROR_CORE")


def test_stages_of_a_pipeline(admin):
    rows = admin.call("crm.status.list", filter={"ENTITY_ID": "DEAL_STAGE_3"})
    assert rows[0]["STATUS_ID"] == "C3:NEW"
    assert max(len(row["STATUS_ID"]) for row in rows) <= 21


def comment(admin, **fields):
    default = {"ENTITY_ID": 1, "ENTITY_TYPE": "deal", "COMMENT": "Текст"}
    return admin.call("crm.timeline.comment.add", fields={**default, **fields})


def test_comment_lives_in_several_cards(admin):
    number = comment(admin)
    bind = {"OWNER_ID": number, "ENTITY_ID": 1, "ENTITY_TYPE": "contact"}
    admin.call("crm.timeline.bindings.bind", fields=bind)
    admin.call("crm.timeline.comment.update", id=number, fields={"COMMENT": "Новый"})
    where = {"ENTITY_ID": 1, "ENTITY_TYPE": "contact"}
    rows = admin.call("crm.timeline.comment.list", filter=where)
    assert [row["COMMENT"] for row in rows] == ["Новый"]


def test_bound_comment_is_not_deleted_blindly(admin):
    number = comment(admin)
    bind = {"OWNER_ID": number, "ENTITY_ID": 1, "ENTITY_TYPE": "contact"}
    admin.call("crm.timeline.bindings.bind", fields=bind)
    assert admin.error("crm.timeline.comment.delete", id=number)[1] == "MULTIPLE_BINDINGS"


def test_files_in_an_update_replace_all(admin):
    number = comment(admin, FILES=[["a.txt", "YQ=="], ["b.txt", "Yg=="]])
    files = {"COMMENT": "Текст", "FILES": [["c.txt", "Yw=="]]}
    admin.call("crm.timeline.comment.update", id=number, fields=files)
    kept = admin.call("crm.timeline.comment.get", id=number)["FILES"]
    assert [one["name"] for one in kept.values()] == ["c.txt"]


def test_comment_needs_a_card(admin):
    fields = {"ENTITY_ID": 99, "ENTITY_TYPE": "deal", "COMMENT": "A"}
    assert admin.error("crm.timeline.comment.add", fields=fields)[1] == "OWNER_NOT_FOUND"


def test_author_of_a_comment_is_a_question(home, admin):
    fields = {"ENTITY_ID": 1, "ENTITY_TYPE": "deal", "COMMENT": "A", "AUTHOR_ID": 2}
    assert admin.error("crm.timeline.comment.add", fields=fields)[1] == "ERROR_ARGUMENT"
    control(home, "switches", comment_author=True)
    number = admin.call("crm.timeline.comment.add", fields=fields)
    assert admin.call("crm.timeline.comment.get", id=number)["AUTHOR_ID"] == "2"


def test_todo_needs_a_readable_deadline(admin):
    todo = {"ownerTypeId": 2, "ownerId": 1, "deadline": "завтра"}
    assert admin.error("crm.activity.todo.add", **todo)[1] == "WRONG_DATETIME_FORMAT"
    assert admin.call("crm.activity.todo.add", **{**todo, "deadline": "2026-12-01 15:00:00"})["id"]


LAYOUT = {"icon": {"code": "info"}, "header": {"title": "Чат"}, "body": {}}


def test_configurable_activity_is_made_and_closed(admin):
    owner = {"ownerTypeId": 2, "ownerId": 1}
    given = {"fields": {"originId": "chat:77"}, "layout": LAYOUT}
    number = admin.call("crm.activity.configurable.add", **owner, **given)["activity"]["id"]
    done = {"fields": {"completed": "Y"}, "layout": LAYOUT}
    admin.call("crm.activity.configurable.update", id=number, **done)
    rows = admin.call("crm.activity.list", filter={"OWNER_TYPE_ID": 2, "OWNER_ID": 1})
    assert [row["COMPLETED"] for row in rows] == ["Y"]


def test_incoming_activity_has_no_deadline(admin):
    fields = {"isIncomingChannel": "Y", "deadline": "2026-12-01"}
    params = {"ownerTypeId": 2, "ownerId": 1, "fields": fields, "layout": LAYOUT}
    code = "INCOMING_ACTIVITY_CAN_NOT_BE_WITH_DEADLINE"
    assert admin.error("crm.activity.configurable.add", **params)[1] == code


def test_trigger_runs_for_a_deal(home, admin):
    admin.call("crm.automation.trigger.add", CODE="omni_new_chat", NAME="Новый чат")
    run = {"CODE": "omni_new_chat", "OWNER_TYPE_ID": 2, "OWNER_ID": 1}
    assert admin.call("crm.automation.trigger.execute", **run) is True
    assert home.trigger_runs == [run]


def test_old_methods_still_work(admin):
    fields = {"NAME": "Иван", "PHONE": [{"VALUE": "+79990000104", "VALUE_TYPE": "MOBILE"}]}
    number = admin.call("crm.contact.add", fields=fields)
    rows = admin.call("crm.contact.list", filter={"PHONE": "+79990000104"}, select=["ID"])
    assert rows == [{"ID": str(number)}]


def test_person_makes_a_card_by_control(home):
    deal = control(home, "crm/2", fields={"title": "Руками"}, user_id=3)
    assert (deal["title"], deal["createdBy"]) == ("Руками", 3)
