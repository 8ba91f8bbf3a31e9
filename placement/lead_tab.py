"""The tab of a lead's card."""

from placement.card import tab

PLACEMENT = tab("lead", "CRM_LEAD_DETAIL_TAB")
