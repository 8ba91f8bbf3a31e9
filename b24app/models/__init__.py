"""Rows. Importing this package registers every table."""

from b24app.models import search
from b24app.models.account import Account, PortalInvite
from b24app.models.arrival import Arrival
from b24app.models.budget import Budget, MethodBudget
from b24app.models.channel import Channel, LineLink
from b24app.models.contact import Contact, ContactAddress, ContactMerge, Identity, Lookup
from b24app.models.conversation import Conversation
from b24app.models.crm import CrmCard, CrmPerson, DirectoryPage
from b24app.models.decision import Audit, Decision, RestCall, SettingsDocument, SettingsDraft
from b24app.models.desk import ConversationTag, Favourite, Tag, Transfer
from b24app.models.event import Event
from b24app.models.job import Job
from b24app.models.line import LineOrder, LineStray
from b24app.models.message import Attachment, Message, MessageLayout, MessageVersion
from b24app.models.offline_request import OfflineRequest
from b24app.models.portal import Binding, Operator, Portal, Token
from b24app.models.quick_reply import MessageTemplate, QuickReply, Scheduled
from b24app.models.standing import Standing

__all__ = [
    "Account",
    "Arrival",
    "Attachment",
    "Audit",
    "Binding",
    "Budget",
    "Channel",
    "Contact",
    "ContactAddress",
    "ContactMerge",
    "Conversation",
    "ConversationTag",
    "CrmCard",
    "CrmPerson",
    "Decision",
    "DirectoryPage",
    "Event",
    "Favourite",
    "Identity",
    "Job",
    "LineLink",
    "LineOrder",
    "LineStray",
    "Lookup",
    "Message",
    "MessageLayout",
    "MessageTemplate",
    "MessageVersion",
    "MethodBudget",
    "OfflineRequest",
    "Operator",
    "Portal",
    "PortalInvite",
    "QuickReply",
    "RestCall",
    "Scheduled",
    "SettingsDocument",
    "SettingsDraft",
    "Standing",
    "Tag",
    "Token",
    "Transfer",
    "search",
]
