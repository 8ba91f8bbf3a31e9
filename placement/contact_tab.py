"""The tab of a contact's card."""

from placement.card import tab

PLACEMENT = tab("contact", "CRM_CONTACT_DETAIL_TAB")
