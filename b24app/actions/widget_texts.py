"""The words of the site widget: sent along with its script, in the visitor's language."""

from b24app.i18n import N_, say

TEXTS = {
    "open": N_("Open the chat"),
    "close": N_("Close the chat"),
    "title": N_("Chat with us"),
    "write": N_("Write a message…"),
    "send": N_("Send"),
    "attach": N_("Attach a file"),
    "remove": N_("Remove"),
    "typing": N_("is typing…"),
    "offline": N_("No connection. We keep trying."),
    "gone": N_("This chat is switched off."),
    "closed": N_("The conversation is closed. Write to start a new one."),
    "sending": N_("Sending"),
    "sent": N_("Sent"),
    "delivered": N_("Delivered"),
    "read": N_("Read"),
    "failed": N_("Not sent"),
    "retry": N_("Try again"),
    "agree": N_("I agree to the processing of my personal data"),
    "policy": N_("Details"),
    "who": N_("How can we reach you?"),
    "name": N_("Your name"),
    "phone": N_("Phone"),
    "email": N_("E-mail"),
    "message": N_("Your question"),
    "contact": N_("Leave a phone number or an e-mail address."),
    "thanks": N_("Thank you! We will answer as soon as we are back."),
    "next": N_("Continue"),
    "skip": N_("Skip"),
    "tooLarge": N_("The file is too large"),
    "notUploaded": N_("The file was not uploaded"),
    "you": N_("You"),
}


def texts(language: str) -> dict[str, str]:
    return {name: say(text, language) for name, text in TEXTS.items()}
