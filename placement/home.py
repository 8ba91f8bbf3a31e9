"""The application's own page: where an installation lands and where links lead."""

from placement.door import Opening, Placement, Sight, chat_asked_for, installed


def decide(opening: Opening) -> Sight:
    if opening.status == "new" and opening.is_admin:
        return Sight("install")
    installed(opening)
    conversation = chat_asked_for(opening)
    if conversation or not opening.may_configure:
        return Sight("workspace", conversation=conversation)
    return Sight("settings")


# REST_APP_URI is a link to us in a message or notification; its parameters are the options.
PLACEMENT = Placement("home", ("DEFAULT", "REST_APP_URI"), decide, bound=("REST_APP_URI",))
