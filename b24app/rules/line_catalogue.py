"""Every setting of an Open Line that REST reads and writes, as its own page groups them.

Left out: QUEUE_OPERATOR_DATA (only taken when a line is made, never told), dates and other
facts that only Bitrix24 writes. Access roles of Open Lines have no REST at all.

Source: apidocs.bitrix24.com/api-reference/imopenlines/openlines/imopenlines-config-add,
…-update, …-get; units and defaults are those of the older pages where the new ones are silent.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from b24app.i18n import N_

Kind = Literal[
    "bool",
    "text",  # one line
    "long",  # several lines, BB-code
    "choice",
    "number",
    "duration",  # a number of `unit`
    "users",
    "weekdays",  # MO … SU, those that are off
    "time",  # HH:MM
    "holidays",  # DD.MM
    "queue",  # employees and departments in order
    "sender",  # name and picture that clients see
]
Scalar = str | int | bool

DAY = 86400
MONTH = 31 * DAY
TEXT_LIMIT, LINE_LIMIT = 5000, 255


@dataclass(frozen=True, slots=True)
class When:
    """The setting matters while another one has one of `values`; none named: while it has any."""

    name: str
    values: tuple[Scalar, ...] = ()


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting; its REST name is `name` in capitals.

    open: other values than `options` are possible, the portal knows more than we.
    source: the portal's own list that the options are completed from: pipelines, sources.
    needed: it may not be empty while it matters.
    doubtful: pages of the documentation disagree whether it can be written by REST.
    read_only: Bitrix24 tells it and takes no other.
    """

    name: str
    group: str
    type: Kind
    title: str
    help: str = ""
    options: tuple[tuple[str, str], ...] = ()
    open: bool = False
    source: str = ""
    unit: Literal["", "seconds", "minutes"] = ""
    most: int = 0
    when: tuple[When, ...] = ()
    needed: bool = False
    doubtful: bool = False
    read_only: bool = False

    @property
    def rest(self) -> str:
        return self.name.upper()


GROUPS: tuple[tuple[str, str], ...] = (
    ("activation", N_("Activation")),
    ("other", N_("Name and other")),
    ("queue", N_("Queue")),
    ("hours", N_("Working hours")),
    ("replies", N_("Automatic replies")),
    ("bot", N_("Chat-bot as an employee")),
    ("closing", N_("Closing")),
    ("rating", N_("Quality rating")),
    ("kpi", N_("KPI")),
    ("agreement", N_("Agreements")),
    ("crm", N_("CRM")),
)
# Names of languages are the same in every language; "la" is how Bitrix24 calls Spanish.
LANGUAGES = (
    ("ru", "Русский"),
    ("en", "English"),
    ("de", "Deutsch"),
    ("la", "Español"),
    ("br", "Português"),
    ("fr", "Français"),
    ("it", "Italiano"),
    ("pl", "Polski"),
    ("tr", "Türkçe"),
    ("kz", "Қазақша"),
    ("ua", "Українська"),
)
ZONES = tuple(
    (name, name)
    for name in (
        "Europe/Kaliningrad",
        "Europe/Moscow",
        "Europe/Samara",
        "Asia/Yekaterinburg",
        "Asia/Omsk",
        "Asia/Novosibirsk",
        "Asia/Krasnoyarsk",
        "Asia/Irkutsk",
        "Asia/Yakutsk",
        "Asia/Vladivostok",
        "Asia/Magadan",
        "Asia/Kamchatka",
        "Europe/Minsk",
        "Asia/Almaty",
        "Asia/Tashkent",
        "Asia/Yerevan",
        "Asia/Tbilisi",
        "Asia/Baku",
        "Europe/London",
        "Europe/Berlin",
        "Asia/Dubai",
        "UTC",
    )
)
DEED = (
    ("none", N_("Do nothing")),
    ("text", N_("Send a text")),
    ("form", N_("Show a CRM form")),
    ("bot", N_("Hand over to a chat-bot")),
)
FORM_HELP = N_("The number of a CRM form in Bitrix24.")
BOT_HELP = N_("The number of a chat-bot that is registered in Bitrix24. 0: none.")
DOUBT_HELP = N_("Not every Bitrix24 takes this from outside: what it did not take is told.")
SITE_ONLY = N_("Only for the chat on a site made in Bitrix24.")


def _deed(name: str, group: str, title: str, when: tuple[When, ...] = ()) -> Iterator[Setting]:
    """What is done at an occasion, and the text, form or bot for it."""
    rule, stem = f"{name}_rule", name
    yield Setting(rule, group, "choice", title, options=DEED, open=True, when=when)
    text = (*when, When(rule, ("text",)))
    yield Setting(f"{stem}_text", group, "long", N_("Text"), when=text, needed=True)
    form, bot = (*when, When(rule, ("form",))), (*when, When(rule, ("bot",)))
    yield Setting(f"{stem}_form_id", group, "number", N_("CRM form"), FORM_HELP, when=form)
    yield Setting(f"{stem}_bot_id", group, "number", N_("Chat-bot"), BOT_HELP, when=bot)


def _kpi(name: str, title: str, alert: str) -> Iterator[Setting]:
    """A norm of time and whom to tell when it is broken."""
    limit, told = (When(f"{name}_time"),), (When(f"{name}_time"), When(f"{name}_alert", (True,)))
    help_ = N_("0: not measured.")
    yield Setting(f"{name}_time", "kpi", "duration", title, help_, unit="seconds", most=MONTH)
    yield Setting(f"{name}_alert", "kpi", "bool", alert, when=limit)
    recipients = N_("Who is notified")
    yield Setting(f"{name}_list", "kpi", "users", recipients, when=told, needed=True)
    words = N_("Text of the notification")
    places = N_("#OPERATOR# and #DIALOG# are replaced by the employee and the dialog.")
    yield Setting(f"{name}_text", "kpi", "long", words, places, when=told)


def _activation() -> Iterator[Setting]:
    active = N_("While it is off, messages of clients are not taken.")
    yield Setting("active", "activation", "bool", N_("The line is active"), active)


def _other() -> Iterator[Setting]:
    group = "other"
    site = N_("Clients see it as the title of the chat on a site.")
    yield Setting("line_name", group, "text", N_("Name of the line"), site, needed=True)
    about = N_("For notifications of new messages, automatic texts and letters with the talk.")
    title = N_("Language of notifications")
    yield Setting("language_id", group, "choice", title, about, options=LANGUAGES, open=True)
    asks = N_("Ask the employee to confirm the closing of a chat")
    yield Setting("confirm_close", group, "bool", asks)
    yield Setting("watch_typing", group, "bool", N_("Show that the other side is typing"))
    shown = (
        ("profile", N_("Data of the employee's profile")),
        ("queue", N_("Data set for the queue in Bitrix24")),
        ("hide", N_("Nothing, a common name is shown")),
    )
    title = N_("What the client sees of the employee")
    yield Setting("operator_data", group, "choice", title, options=shown, open=True)
    title, hidden = N_("Common name of employees"), (When("operator_data", ("hide",)),)
    yield Setting("default_operator_data", group, "sender", title, when=hidden)
    yield Setting("category_enable", group, "bool", N_("Categories of inquiries"))
    on = (When("category_enable", (True,)),)
    yield Setting("category_id", group, "number", N_("Category of inquiries"), when=on)
    about = N_("The number of the list in Bitrix24 that holds canned replies. 0: none.")
    yield Setting("quick_answers_iblock_id", group, "number", N_("Canned replies"), about)
    yield Setting("temporary", group, "bool", N_("Temporary line"))
    yield Setting("xml_id", group, "text", N_("External code of the line"), read_only=True)


def _queue() -> Iterator[Setting]:
    group = "queue"
    about = N_("Employees and departments that answer; the order matters for «strictly in order».")
    title = N_("Who answers")
    yield Setting("queue", group, "queue", title, about, needed=True, doubtful=True)
    ways = (
        ("evenly", N_("Evenly")),
        ("strictly", N_("Strictly in order")),
        ("all", N_("To everybody at once")),
    )
    yield Setting("queue_type", group, "choice", N_("How chats are distributed"), options=ways)
    title = N_("Time to answer before the next employee is asked")
    each = (When("queue_type", ("evenly", "strictly")),)
    yield Setting("queue_time", group, "duration", title, unit="seconds", most=DAY, when=each)
    title, about = N_("Check whether the employee is available"), N_("Whether they work now.")
    yield Setting("check_available", group, "bool", title, about)
    title, about = N_("Greatest number of chats of an employee"), N_("0: no limit.")
    yield Setting("max_chat", group, "number", title, about, most=1000)
    counted = (
        ("answered_new", N_("New and answered")),
        ("answered", N_("Answered")),
        ("closed", N_("All that are not closed")),
    )
    title, limited = N_("Which chats are counted"), (When("max_chat"),)
    yield Setting("type_max_chat", group, "choice", title, options=counted, open=True, when=limited)
    about = N_("The greater, the sooner chats of this line are distributed.")
    title = N_("Priority of the line")
    yield Setting("session_priority", group, "number", title, about, most=100000)
    title = N_("Notify when nobody is in the queue")
    yield Setting("send_notification_empty_queue", group, "bool", title, DOUBT_HELP, doubtful=True)


def _hours() -> Iterator[Setting]:
    group, on = "hours", (When("worktime_enable", (True,)),)
    yield Setting("worktime_enable", group, "bool", N_("Use working hours"))
    yield Setting("worktime_dayoff", group, "weekdays", N_("Days off"), when=on)
    yield Setting("worktime_from", group, "time", N_("Beginning of the day"), when=on, needed=True)
    yield Setting("worktime_to", group, "time", N_("End of the day"), when=on, needed=True)
    title = N_("Time zone")
    yield Setting("worktime_timezone", group, "choice", title, options=ZONES, open=True, when=on)
    title, about = N_("Holidays"), N_("Day and month, for example 01.01, 23.02.")
    yield Setting("worktime_holidays", group, "holidays", title, about, when=on)
    yield from _deed("worktime_dayoff", group, N_("Outside working hours"), on)


def _replies() -> Iterator[Setting]:
    group = "replies"
    yield Setting("welcome_message", group, "bool", N_("Greet at the first message"))
    on = (When("welcome_message", (True,)),)
    title = N_("Text of the greeting")
    yield Setting("welcome_message_text", group, "long", title, when=on, needed=True)
    title = N_("Greet in every new dialog")
    yield Setting("send_welcome_each_session", group, "bool", title, when=on)
    title = N_("Time without an answer")
    yield Setting("no_answer_time", group, "duration", title, unit="seconds", most=DAY)
    yield from _deed("no_answer", group, N_("When nobody answers"))
    title = N_("Show a CRM form before the talk")
    yield Setting("use_welcome_form", group, "bool", title, SITE_ONLY)
    form = (When("use_welcome_form", (True,)),)
    yield Setting("welcome_form_id", group, "number", N_("CRM form"), FORM_HELP, when=form)
    title = N_("The form is shown later")
    yield Setting("welcome_form_delay", group, "bool", title, when=form)
    title = N_("Leave the form's responsible person aside")
    yield Setting("ignore_welcome_form_responsible", group, "bool", title, when=form)


def _bot() -> Iterator[Setting]:
    group, on = "bot", (When("welcome_bot_enable", (True,)),)
    title = N_("A chat-bot answers first")
    yield Setting("welcome_bot_enable", group, "bool", title)
    yield Setting("welcome_bot_id", group, "number", N_("Chat-bot"), BOT_HELP, when=on, needed=True)
    joins = (
        ("first", N_("At the client's first inquiry")),
        ("always", N_("At every inquiry")),
    )
    title = N_("When the bot joins")
    yield Setting("welcome_bot_join", group, "choice", title, options=joins, when=on)
    title = N_("Hand over to the queue after")
    yield Setting("welcome_bot_time", group, "duration", title, unit="seconds", most=DAY, when=on)
    leaves = (("queue", N_("Hand the chat over to the queue")), ("close", N_("Close the chat")))
    title = N_("When the bot leaves")
    yield Setting("welcome_bot_left", group, "choice", title, options=leaves, when=on)


def _closing() -> Iterator[Setting]:
    group = "closing"
    yield from _deed("close", group, N_("When an employee closes the chat"))
    title = N_("The dialog is over after the closing in")
    yield Setting("full_close_time", group, "duration", title, unit="minutes", most=MONTH // 60)
    yield from _deed("auto_close", group, N_("When the client is silent"))
    title, about = N_("Silence of the client"), N_("0: chats do not close by themselves.")
    yield Setting(
        "auto_close_time", group, "duration", title, about, unit="seconds", most=12 * MONTH
    )
    title = N_("A dialog that closed by itself is over in")
    yield Setting("auto_expire_time", group, "duration", title, unit="seconds", most=12 * MONTH)


def _rating() -> Iterator[Setting]:
    group, on = "rating", (When("vote_message", (True,)),)
    yield Setting("vote_message", group, "bool", N_("Ask the client to rate the service"))
    title = N_("Ask before the chat is closed")
    yield Setting("vote_before_finish", group, "bool", title, when=on)
    title = N_("Close at once after a rating")
    yield Setting("vote_closing_delay", group, "bool", title, when=on)
    title, about = N_("Time to rate"), N_("0: no limit.")
    yield Setting(
        "vote_time_limit", group, "duration", title, about, unit="seconds", most=MONTH, when=on
    )
    for place, asked in (
        (2, N_("Messengers: the request")),
        (1, N_("Chat on a site: the request")),
    ):
        name = f"vote_message_{place}"
        yield Setting(f"{name}_text", group, "long", asked, when=on)
        yield Setting(f"{name}_like", group, "long", N_("Answer to a good rating"), when=on)
        yield Setting(f"{name}_dislike", group, "long", N_("Answer to a bad rating"), when=on)


def _kpis() -> Iterator[Setting]:
    late = N_("Notify when the first answer is late")
    yield from _kpi("kpi_first_answer", N_("Time of the first answer"), late)
    late = N_("Notify when a further answer is late")
    yield from _kpi("kpi_further_answer", N_("Time of further answers"), late)
    title = N_("Watch whether employees are active")
    yield Setting("kpi_check_operator_activity", "kpi", "bool", title)


def _agreement() -> Iterator[Setting]:
    title = N_("Ask for consent to the processing of personal data")
    yield Setting("agreement_message", "agreement", "bool", title, DOUBT_HELP, doubtful=True)
    about = N_("The number of the consent text in Bitrix24.")
    on = (When("agreement_message", (True,)),)
    yield Setting(
        "agreement_id", "agreement", "number", N_("Consent"), about, when=on, doubtful=True
    )


def _crm() -> Iterator[Setting]:
    group, on = "crm", (When("crm", (True,)),)
    yield Setting("crm", group, "bool", N_("Look the client up in CRM"))
    made = (("none", N_("Nothing")), ("lead", N_("Lead")), ("deal", N_("Deal")))
    title = N_("What is created for an unknown client")
    yield Setting("crm_create", group, "choice", title, options=made, open=True, when=on)
    title = N_("Pipeline of the deal")
    about = N_("«No» means Bitrix24's own choice; for leads leave «No».")
    second = (("N", N_("No")),)
    creates = (*on, When("crm_create", ("deal", "lead")))
    yield Setting(
        "crm_create_second",
        group,
        "choice",
        title,
        about,
        options=second,
        open=True,
        source="pipelines",
        when=creates,
    )
    title = N_("Create one more card as well")
    yield Setting("crm_create_third", group, "bool", title, when=creates)
    title = N_("Source of new cards")
    own = (("create", N_("Bitrix24 makes it by itself")),)
    yield Setting(
        "crm_source", group, "choice", title, options=own, open=True, source="sources", when=on
    )
    title = N_("Pass the chat to the employee responsible in CRM")
    yield Setting("crm_forward", group, "bool", title, when=on)
    title = N_("Change the responsible person in CRM when a chat is transferred")
    yield Setting("crm_transfer_change", group, "bool", title, when=on)
    title = N_("Tie chats to open leads and deals")
    yield Setting("crm_chat_tracker", group, "bool", title, when=on)


CATALOGUE: dict[str, Setting] = {
    setting.name: setting
    for part in (
        _activation,
        _other,
        _queue,
        _hours,
        _replies,
        _bot,
        _closing,
        _rating,
        _kpis,
        _agreement,
        _crm,
    )
    for setting in part()
}
