"""Rows. Importing this package registers every table."""

from b24app.models.arrival import Arrival
from b24app.models.budget import Budget, MethodBudget
from b24app.models.channel import Channel, LineLink
from b24app.models.contact import Contact, Identity
from b24app.models.conversation import Conversation
from b24app.models.decision import Audit, Decision, RestCall, SettingsDocument
from b24app.models.event import Event
from b24app.models.job import Job
from b24app.models.message import Attachment, Message, MessageVersion
from b24app.models.portal import Binding, Operator, Portal, Token

__all__ = [
    "Arrival",
    "Attachment",
    "Audit",
    "Binding",
    "Budget",
    "Channel",
    "Contact",
    "Conversation",
    "Decision",
    "Event",
    "Identity",
    "Job",
    "LineLink",
    "Message",
    "MessageVersion",
    "MethodBudget",
    "Operator",
    "Portal",
    "RestCall",
    "SettingsDocument",
    "Token",
]
